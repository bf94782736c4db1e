"""Data and machine: downloads, and whether all that the lab needs is there."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Exit, Option, Typer

from gradcam_lab.cli.options import DataRoot, Json
from gradcam_lab.cli.output import resumable

app = Typer()


@app.command()
def fetch(
    data: Annotated[
        str,
        Argument(
            help="Data set: voc2007, voc2007-segmentation, imagenette, imagenette-160px, imagenette-320px, "
            "imagenette-full or pets."
        ),
    ],
    data_root: DataRoot = None,
) -> None:
    """Download a data set from its official place, or go on with an interrupted download; prints its folder."""
    from gradcam_lab.data.registry import open_data

    with resumable():
        print(open_data(data, data_root).root)


@app.command()
def api(out: Annotated[Path, Option(help="File of the page.")] = Path("gradcam-lab-api.html")) -> None:
    """Write a page about what a script can use: the functions of import gradcam_lab."""
    from gradcam_lab.report.api_page import write_api_page

    write_api_page(out)
    print(out)


@app.command()
def doctor(json: Json = False) -> None:
    """Look for what could go wrong on this machine, and say what to do about it."""
    from gradcam_lab.doctor import as_json, as_table, examine

    findings = examine()
    print(as_json(findings) if json else as_table(findings))
    if not all(finding.ok for finding in findings):
        raise Exit(1)
