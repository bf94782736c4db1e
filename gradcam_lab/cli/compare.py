"""Compare: finished runs side by side."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option, Typer

from gradcam_lab.cli.options import Json
from gradcam_lab.limits import MAX_COUNT, MAX_SEED

app = Typer()


@app.callback()
def group() -> None:
    """Make a group of a single command, which typer would take for the whole otherwise."""


@app.command()
def compare(
    runs: Annotated[
        list[Path],
        Argument(
            metavar="RUN...", help="Folders of finished runs, two or more; the others are compared with the first."
        ),
    ],
    out: Annotated[Path, Option(help="Folder for compare.html, compare.json and the pictures.")] = Path("compared"),
    images: Annotated[int, Option(min=0, max=MAX_COUNT, help="Number of images shown of each kind.")] = 6,
    seed: Annotated[int, Option(min=0, max=MAX_SEED, help="Random seed of the bootstrap.")] = 0,
    json: Json = False,
) -> None:
    """Compare runs on the same images: paired differences with 95% intervals, settings, and pictures, as HTML."""
    from gradcam_lab.files import json_text
    from gradcam_lab.pipeline.compare.compare_runs import compare_runs
    from gradcam_lab.report.compare.verdicts import text_table

    comparison, page = compare_runs(runs, out, count=images, seed=seed)
    if json:
        print(json_text(comparison), end="")
        return
    print(text_table(comparison))
    print(page)
