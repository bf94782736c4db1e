"""The captions and alternative texts of the report's figures, whose words are in `templates/captions.txt.j2`."""

from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from typing_extensions import TypedDict

from gradcam_lab.report.figures.photos import SHOWN_SCORE
from gradcam_lab.report.text.wording import threshold


class FigureEntry(TypedDict):
    """A figure: its file in the folder of figures, its alternative text and its caption, both plain text."""

    file: str
    alt: str
    caption: str


def describe(file: str, *values: Any) -> FigureEntry:
    """Return the entry of one figure, as `figures.json` lists it.

    Args:
        file: its name in the folder of figures. Without the ending it is the name by which a section asks for the
            figure, and that of the template's macro.
        values: the arguments of that macro.
    """
    alt, caption = getattr(_macros(), Path(file).stem)(*values).strip().split("\n")
    return FigureEntry(file=file, alt=alt, caption=caption)


@cache
def _macros() -> Any:
    loader = jinja2.PackageLoader("gradcam_lab.templates", "")
    environment = jinja2.Environment(loader=loader, undefined=jinja2.StrictUndefined)
    environment.filters["threshold"] = threshold
    return environment.get_template("captions.txt.j2").make_module({"shown_score": SHOWN_SCORE})
