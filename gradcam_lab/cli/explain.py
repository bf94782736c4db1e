"""Explain: what a network says of an image, and where it looks."""

from pathlib import Path
from typing import Annotated, Literal

from typer import Option, Typer

from gradcam_lab.cli.options import ClassifierOption, DataRoot, Image, ImageSize, Json, SplitName, WeightsOption

app = Typer()


@app.command()
def predict(
    image: Image,
    classifier: ClassifierOption = "embedded",
    weights: WeightsOption = None,
    k: Annotated[int, Option("--top", min=1, help="Number of classes to name.")] = 5,
    json: Json = False,
) -> None:
    """Name the most probable classes of an image."""
    from gradcam_lab.explain.predict import predict as name_classes

    print(name_classes(image, classifier=classifier, weights=weights, k=k, json=json))


@app.command()
def explain(
    image: Image,
    classes: Annotated[
        list[str] | None,
        Option("--class", metavar="NAME|INDEX", help="Class to explain. Repeatable.", show_default="the most probable"),
    ] = None,
    method: Annotated[
        Literal["gradcam", "cam", "input-gradient", "all"],
        Option(metavar="METHOD", help="Method: gradcam, cam or input-gradient; or all, side by side."),
    ] = "gradcam",
    layer: Annotated[
        str | None, Option(help="Layer for Grad-CAM, as in named_modules().", show_default="the last feature map")
    ] = None,
    against: Annotated[
        str | None, Option(metavar="NAME|INDEX", help="Explain why the class rather than this one.")
    ] = None,
    smooth: Annotated[int, Option(min=0, help="Number of noisy copies for SmoothGrad; 0 for no SmoothGrad.")] = 0,
    classifier: ClassifierOption = "embedded",
    weights: WeightsOption = None,
    out: Annotated[Path, Option(help="Folder for pictures, raw maps and JSON.")] = Path("explained"),
    seed: Annotated[int, Option(min=0, help="Random seed of SmoothGrad's noise.")] = 0,
) -> None:
    """Show where a network looks: picture, raw map and JSON of one image."""
    from gradcam_lab.explain.explain_image import explain as explain_image

    print(
        *explain_image(
            image=image,
            classes=classes,
            method=method,
            layer=layer,
            against=against,
            smooth=smooth,
            classifier=classifier,
            weights=weights,
            out=out,
            seed=seed,
        ),
        sep="\n",
    )


@app.command()
def show(
    run: Annotated[Path | None, Option(help="Folder of a finished run.", show_default="report/toyvoc")] = None,
    model: Annotated[
        Path | None,
        Option(help="Instead of --run: a network of gradcam-lab train or a state dict, to show heatmaps of."),
    ] = None,
    detections: Annotated[
        Path | None, Option(help="Instead of --run: saved boxes, with --ground-truth and --images.")
    ] = None,
    ground_truth: Annotated[Path | None, Option(help="With --detections: the true boxes.")] = None,
    images: Annotated[Path | None, Option(help="With --detections: folder of the images.")] = None,
    image: Annotated[Path | None, Option(help="With --model: an image file.")] = None,
    random: Annotated[int | None, Option(min=1, help="Number of random images.", show_default="10")] = None,
    index: Annotated[int | None, Option(min=0, help="With --model: index in the split, from 0.")] = None,
    cls: Annotated[
        str | None,
        Option("--class", metavar="NAME|INDEX", help="With --model: class to explain.", show_default="the predicted"),
    ] = None,
    split: Annotated[
        SplitName | None, Option(help="Split of the data.", show_default="val; of saved boxes test")
    ] = None,
    data: Annotated[
        str | None, Option(help="With --model: data set, by name or folder.", show_default="that of the training")
    ] = None,
    data_root: DataRoot = None,
    img_size: ImageSize = None,
    target: Annotated[str | None, Option(help="With --detections: class.")] = None,
    out: Annotated[Path | None, Option(help="Folder for the pictures.", show_default="shown")] = None,
    seed: Annotated[int, Option(min=0, help="Random seed of the choice of images.")] = 1,
) -> None:
    """Draw images: with true and predicted boxes, or with a network's heatmap."""
    from gradcam_lab.explain.show import show as draw

    print(
        *draw(
            run=run,
            model=model,
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
            img_size=img_size,
            target=target,
            out=out,
            seed=seed,
        ),
        sep="\n",
    )
