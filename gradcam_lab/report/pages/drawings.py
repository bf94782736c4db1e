"""The drawings that lessons and pages name by `![caption](figure:NAME)`: each is made by a module of that name."""

import re
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from gradcam_lab.errors import LabError
from gradcam_lab.report.pages.prose import DRAWING, picture_data

FOLDER = "gradcam_lab.report.figures.lessons"
"""The package whose modules have `draw(path: Path) -> None`, which writes an SVG."""

_NAMED = re.compile(rf"\]\({DRAWING}([^)\s]*)\)")


def names_in(text: str) -> list[str]:
    """The names of the drawings that a text shows.

    Examples:
        >>> names_in("# ![Two orders](figure:two_orders) and [a link](page.md)")
        ['two_orders']
    """
    return _NAMED.findall(text)


def missing(names: Iterable[str]) -> list[str]:
    """The names for which there is no module."""
    return [name for name in names if not _exists(name)]


def _exists(name: str) -> bool:
    return name.isidentifier() and find_spec(FOLDER) is not None and find_spec(f"{FOLDER}.{name}") is not None


@cache
def drawn(name: str) -> str:
    """Make a drawing.

    Args:
        name: of its module.

    Returns:
        The `data:` address of its SVG.

    Raises:
        LabError: there is no such module.
    """
    if missing([name]):
        raise LabError(problem(name))
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.svg"
        import_module(f"{FOLDER}.{name}").draw(path)
        return picture_data(path) or ""


def problem(name: str) -> str:
    """What to say of a drawing that is named and not there."""
    return (
        f"A text shows the figure '{name}', and there is no file gradcam_lab/report/figures/lessons/{name}.py: "
        "write it, or mend the name."
    )
