"""Locate: photos in, boxes out."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option, Typer

from gradcam_lab.cli.model_options import takes_model
from gradcam_lab.cli.options import AlignOption, Json
from gradcam_lab.cli.output import resumable
from gradcam_lab.limits import MAX_COUNT
from gradcam_lab.models.model_choice import PHOTOS, ModelChoice

app = Typer()


@app.callback()
def group() -> None:
    """Make a group of a single command, which typer would take for the whole otherwise."""


@app.command()
@takes_model(PHOTOS)
def locate(
    paths: Annotated[
        list[str], Argument(metavar="PATH...", help="Photos: files, folders, patterns, or - for a list on stdin.")
    ],
    choice: ModelChoice,
    targets: Annotated[
        list[str] | None,
        Option("--class", metavar="NAME|INDEX", help="Class to find. Repeatable.", show_default="the most probable"),
    ] = None,
    top: Annotated[
        int | None, Option(min=1, max=MAX_COUNT, help="Number of the most probable classes to find.", show_default="1")
    ] = None,
    method: Annotated[
        str | None,
        Option(
            help="Localisation method, as in run-all.", show_default="shared where it suits the network, else gradcam"
        ),
    ] = None,
    threshold: Annotated[
        float | None,
        Option(help="Threshold, a fraction of each map's maximum.", show_default="the method's"),
    ] = None,
    threshold_of: Annotated[
        Path | None,
        Option(metavar="RUN", help="Take threshold and method of a finished run, which chose them on val."),
    ] = None,
    min_area: Annotated[int, Option(min=1, max=MAX_COUNT, help="Smallest island that becomes a box, in pixels.")] = 30,
    align: AlignOption = "auto",
    formats: Annotated[
        list[str] | None,
        Option("--format", metavar="coco|yolo|voc|csv", help="Format beside boxes.json. Repeatable."),
    ] = None,
    heatmaps: Annotated[bool, Option(help="Write the raw maps, heatmaps.npz.")] = True,
    pictures: Annotated[
        bool | None, Option(help="Draw the photos with their boxes.", show_default="of at most 100 photos")
    ] = None,
    page: Annotated[
        bool | None, Option(help="Show all photos on a page, index.html.", show_default="of at most 1000 photos")
    ] = None,
    out: Annotated[Path, Option(help="Output folder.")] = Path("located"),
    json: Json = False,
) -> None:
    """Find classes in photos and box them.

    Boxes are in pixels of the photo as displayed. boxes.json, VOC and CSV count pixels from 1 and both ends are inside;
    COCO has x, y, width and height from 0; YOLO has centre and size as shares of the photo's.
    """
    from gradcam_lab.errors import LabError
    from gradcam_lab.explain.locate.locate_photos import Wanted
    from gradcam_lab.explain.locate.locate_photos import locate as locate_photos
    from gradcam_lab.explain.locate.request import Request

    if targets and top is not None:
        raise LabError("--class names the classes and --top takes the most probable ones: give one of the two.")
    request = Request(
        classes=tuple(targets or ()), top=top or 1, method=method, threshold=threshold, min_area=min_area, align=align
    )
    wanted = Wanted(out, formats=tuple(formats or ()), heatmaps=heatmaps, pictures=pictures, page=page)
    with resumable():
        locate_photos(paths, choice=choice, request=request, wanted=wanted, run=threshold_of, json=json)
