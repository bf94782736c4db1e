"""Explain: what a network says of an image, and where it looks."""

from pathlib import Path
from typing import Annotated, Literal

from typer import Argument, Option, Typer

from gradcam_lab.cli.model_options import takes_model
from gradcam_lab.cli.options import (
    AlignOption,
    Annotations,
    Boxes,
    DataRoot,
    Images,
    Json,
    SplitName,
    SplitSeed,
    ValSize,
)
from gradcam_lab.limits import MAX_COUNT, MAX_SAMPLES, MAX_SEED
from gradcam_lab.models.model_choice import PHOTOS, ModelChoice

app = Typer()


@app.command()
@takes_model(PHOTOS)
def predict(
    images: Images,
    choice: ModelChoice,
    k: Annotated[int, Option("--top", min=1, max=MAX_COUNT, help="Number of classes to name.")] = 5,
    json: Json = False,
) -> None:
    """Name the most probable classes of images."""
    from gradcam_lab.explain.predict import predict_photos

    predict_photos(images, choice=choice, k=k, json=json)


@app.command()
@takes_model(PHOTOS)
def explain(
    images: Images,
    choice: ModelChoice,
    targets: Annotated[
        list[str] | None,
        Option("--class", metavar="NAME|INDEX", help="Class to explain. Repeatable.", show_default="the most probable"),
    ] = None,
    method: Annotated[
        str,
        Option(
            metavar="METHOD",
            help="Method: one of run-all's (gradcam, cam, gradcam++, layercam, hirescam, flip, pair, shared, ...) or "
            "input-gradient; or all, which is four side by side.",
        ),
    ] = "gradcam",
    against: Annotated[
        str | None, Option(metavar="NAME|INDEX", help="Explain why the class rather than this one.")
    ] = None,
    smooth: Annotated[
        int, Option(min=0, max=MAX_SAMPLES, help="Number of noisy copies for SmoothGrad; 0 for no SmoothGrad.")
    ] = 0,
    boxes: Annotated[bool, Option("--boxes", help="Draw the boxes that the method finds in its map.")] = False,
    threshold: Annotated[
        float | None,
        Option(min=0, max=1, help="Threshold of the boxes, a fraction of the map's maximum.", show_default="0.2"),
    ] = None,
    align: AlignOption = "auto",
    out: Annotated[Path, Option(help="Folder for pictures, raw maps and JSON.")] = Path("explained"),
    seed: Annotated[
        int, Option(min=0, max=MAX_SEED, help="Random seed of SmoothGrad's noise and of random weights.")
    ] = 0,
    impl: Annotated[
        Literal["auto", "reference", "mine"],
        Option(help="Whose code makes maps and boxes in a workspace (steps 1 to 4); auto: yours where it has passed."),
    ] = "reference",
) -> None:
    """Show where a network looks: picture, raw map and JSON of each image.

    Boxes are in pixels of the image as it is displayed.
    """
    from gradcam_lab.course.workspace.whose_code import students_work
    from gradcam_lab.explain.explain_image import explain_photos

    explain_photos(
        images,
        choice=choice,
        course=None if impl == "reference" else students_work(impl),
        classes=targets,
        method=method,
        against=against,
        smooth=smooth,
        boxes=boxes,
        threshold=threshold,
        align=align,
        out=out,
        seed=seed,
    )


@app.command()
@takes_model(PHOTOS)
def align(
    images: Images,
    choice: ModelChoice,
    target: Annotated[
        str | None,
        Option("--class", metavar="NAME|INDEX", help="Class to explain.", show_default="the most probable"),
    ] = None,
    limit: Annotated[
        int, Option(min=1, max=MAX_COUNT, help="Number of photos to use, spread over all that are named.")
    ] = 100,
    seed: Annotated[int, Option(min=0, max=MAX_SEED, help="Random seed of the bootstrap.")] = 0,
    json: Json = False,
) -> None:
    """Measure by mirrors how far a network's heatmaps lie beside what it means, and what helps.

    The heatmap of the mirrored photo, mirrored back, must lie on the heatmap of the photo; no boxes are needed.
    """
    from gradcam_lab.explain.align import align as align_photos

    align_photos(images, choice=choice, name=target, limit=limit, seed=seed, json=json)


@app.command()
@takes_model(None, shown="none: a run")
def show(
    choice: ModelChoice | None,
    run: Annotated[Path | None, Option(help="Folder of a finished run.", show_default="report/toyvoc")] = None,
    detections: Annotated[
        Path | None, Option(help="Instead of --run: saved boxes, with --ground-truth and --images.")
    ] = None,
    ground_truth: Annotated[Path | None, Option(help="With --detections: the true boxes.")] = None,
    images: Annotated[Path | None, Option(help="With --detections: folder of the images.")] = None,
    image: Annotated[Path | None, Option(help="With --model: an image file.")] = None,
    random: Annotated[
        int | None, Option(min=1, max=MAX_COUNT, help="Number of random images.", show_default="10")
    ] = None,
    index: Annotated[int | None, Option(min=0, max=MAX_COUNT, help="With --model: index in the split, from 0.")] = None,
    cls: Annotated[
        str | None,
        Option("--class", metavar="NAME|INDEX", help="With --model: class to explain.", show_default="the predicted"),
    ] = None,
    split: Annotated[SplitName | None, Option(help="Split of the data.", show_default="test; of --model val")] = None,
    data: Annotated[
        str | None, Option(help="With --model: data set, by name or folder.", show_default="that of the training")
    ] = None,
    data_root: DataRoot = None,
    annotations: Annotations = None,
    boxes: Boxes = None,
    val_size: ValSize = None,
    split_seed: SplitSeed = None,
    target: Annotated[str | None, Option(help="With --detections: class.")] = None,
    threshold: Annotated[
        float | None, Option(min=0, max=1, help="With --run: another threshold.", show_default="the run's")
    ] = None,
    heatmap: Annotated[bool, Option("--heatmap", help="With --run: draw the heatmap under the boxes.")] = False,
    out: Annotated[Path | None, Option(help="Folder for the pictures.", show_default="shown")] = None,
    seed: Annotated[int, Option(min=0, max=MAX_SEED, help="Random seed of the choice of images.")] = 1,
) -> None:
    """Draw images: with true and predicted boxes, or with a network's heatmap."""
    from gradcam_lab.data.layouts.reading import Reading
    from gradcam_lab.explain.show import show as draw

    print(
        *draw(
            run=run,
            choice=choice,
            detections=detections,
            ground_truth=ground_truth,
            images=images,
            image=image,
            random=random,
            index=index,
            cls=cls,
            split=split,
            data=data,
            data_root=data_root,
            reading=Reading(annotations, boxes, val_size, split_seed),
            target=target,
            threshold=threshold,
            heatmap=heatmap,
            out=out,
            seed=seed,
        ),
        sep="\n",
    )


@app.command()
def models(
    text: Annotated[
        str | None, Argument(help="Part of a name, such as vit; without it all are listed.", show_default=False)
    ] = None,
    json: Json = False,
) -> None:
    """List the networks that there are, with the layer that Grad-CAM explains and its grid."""
    from gradcam_lab.models.catalogue import list_models

    print(list_models(text, json=json))
