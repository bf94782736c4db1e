"""The tables of the website: the networks that were tried, and what was measured of the speed."""

import csv
import io
from importlib import resources
from pathlib import Path

from gradcam_lab.report.pages.markdown_page import read_page
from gradcam_lab.report.pages.records import MarkdownText

MODELS, SPEED = "models.html", "speed"
"""The file of the table of networks, and the name of the page of the measurements."""

BENCH = "report/bench"
"""Where the measurements lie in the repository; their values lie in a folder of this last name on the website."""

_SHOWN = {
    "name": "network",
    "family": "family",
    "size": "input, pixels",
    "layer": "layer",
    "form": "form",
    "grid": "grid, cells",
    "channels": "channels",
    "parameters": "parameters",
    "result": "result",
}
_NUMBERS = ("size", "grid", "channels", "parameters")


def models_table() -> tuple[list[tuple[str, bool]], list[list[str]]]:
    """Read the table of networks that `gradcam-lab models` lists.

    Returns:
        The heads with whether they stand above numbers, and the rows.
    """
    text = resources.files("gradcam_lab.models").joinpath("networks.csv").read_text(encoding="utf-8")
    heads = [(title, name in _NUMBERS) for name, title in _SHOWN.items()]
    return heads, [[_cell(name, row[name]) for name in _SHOWN] for row in csv.DictReader(io.StringIO(text))]


def _cell(name: str, value: str) -> str:
    return f"{int(value) / 1e6:.1f} M" if name == "parameters" and value.isdecimal() else value


def speed_page(repository: Path) -> MarkdownText | None:
    """Read the page of the measurements, with the files of all values at its end; None where there is none."""
    folder = repository / BENCH
    if not (folder / "README.md").is_file():
        return None
    page = read_page(folder / "README.md", f"{BENCH}/README.md", SPEED)
    files = ", ".join(f"[{path.name}](<{path.name}>)" for path in values(repository))
    text = f"{page.text}\n\nAll measured values: {files}.\n" if files else page.text
    return MarkdownText(page.name, page.path, page.place, page.title, text)


def values(repository: Path) -> list[Path]:
    """The files of the measured values."""
    return sorted((repository / BENCH).glob("*.csv"))
