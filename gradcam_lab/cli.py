"""The commands. Each one checks nothing and computes nothing: it hands its options to the function that does."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gradcam_lab.errors import LabError

if TYPE_CHECKING:
    from gradcam_lab.report.render import Rendered

# Whatever needs torch, matplotlib or weasyprint is imported inside the command that uses it, so that --help is quick.

app = typer.Typer(
    help="Learn where a network looks: CAM and Grad-CAM boxes, honest AP, and a report from one command.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class Precision(StrEnum):
    """Arithmetic of the network."""

    float32 = "float32"
    bf16 = "bf16"


class Ties(StrEnum):
    """What equal scores mean."""

    group = "group"
    order = "order"


class Method(StrEnum):
    """How the area below the curve is measured."""

    area = "area"
    eleven = "11point"


def main() -> None:
    """Run the command line; what the user can mend ends with one sentence on stderr and exit code 2."""
    try:
        app()
    except LabError as error:
        print(f"gradcam-lab: {error}", file=sys.stderr)
        sys.exit(2)


def _print_version(wanted: bool) -> None:
    if wanted:
        from gradcam_lab import __version__

        print(f"gradcam-lab {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Learn where a network looks: CAM and Grad-CAM boxes, honest AP, and a report from one command."""


@app.command("run-all")
def run_all(
    data: Annotated[str, typer.Option(help="toyvoc, or a folder in VOC layout.")] = "toyvoc",
    classifier: Annotated[
        str,
        typer.Option(help="embedded, resnet18, resnet34, resnet50, vgg16, vgg19, mobilenet_v2 or squeezenet1_1."),
    ] = "embedded",
    weights: Annotated[str | None, typer.Option(help="imagenet (torchvision's download), or a file.")] = None,
    target: Annotated[str, typer.Option(help="The class to find.")] = "dog",
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N images of each split.")] = None,
    out: Annotated[Path | None, typer.Option(help="The output folder.", show_default="report/<data>")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap and the random images.")] = 0,
    precision: Annotated[Precision, typer.Option(help="Arithmetic of the network.")] = Precision.float32,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Go on without images that cannot be used.")] = False,
    pdf: Annotated[bool, typer.Option(help="Also make the PDF.")] = True,
) -> None:
    """Classify, explain, box, score, and write the report; whatever is unchanged is not computed again."""
    from gradcam_lab.pipeline import run

    settings = run.Settings(data, classifier, weights, target, limit, out, seed, precision.value, skip_bad)
    try:
        rendered = run.run_all(settings, pdf=pdf)
    except KeyboardInterrupt:
        print("Interrupted. The same command goes on from here.", file=sys.stderr)
        raise typer.Exit(130) from None
    _print(rendered)


@app.command()
def report(
    run: Annotated[Path, typer.Option(help="The folder of a finished run.")] = Path("report/toyvoc"),
    pdf: Annotated[bool, typer.Option(help="Also make the PDF.")] = True,
) -> None:
    """Render the report of a finished run again."""
    from gradcam_lab.report.render import render

    _print(render(run, pdf=pdf))


def _print(rendered: "Rendered") -> None:
    """Print the report's path last; exit with 3 where only the PDF could not be made."""
    if rendered.problem:
        print(rendered.problem, file=sys.stderr)
    print(rendered.pdf or rendered.html)
    if rendered.problem:
        raise typer.Exit(3)


@app.command()
def evaluate(
    detections: Annotated[Path, typer.Option(help="JSON: {image: [[xmin, ymin, xmax, ymax, score], ...]}.")],
    ground_truth: Annotated[Path, typer.Option(help="JSON: {image: [[xmin, ymin, xmax, ymax], ...]}.")],
    iou: Annotated[
        list[float] | None,
        typer.Option(min=0, max=1, help="A match needs an IoU above this. Repeatable.", show_default="0.3, 0.4, 0.5"),
    ] = None,
    ties: Annotated[Ties, typer.Option(help="Equal scores: one step, or the input's order.")] = Ties.group,
    method: Annotated[Method, typer.Option(help="Area below all points, or VOC2007's eleven.")] = Method.area,
    count_difficult: Annotated[
        bool, typer.Option("--count-difficult", help="Count difficult objects like all others.")
    ] = False,
    bootstrap: Annotated[int, typer.Option(min=0, help="Samples behind the 95% intervals; 0 for none.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Score any boxes: AP, recall and CorLoc with 95% intervals."""
    from gradcam_lab.pipeline import evaluation

    scores = evaluation.evaluate_files(
        detections,
        ground_truth,
        iou or (0.3, 0.4, 0.5),
        ties=ties.value,
        method=method.value,
        count_difficult=count_difficult,
        bootstrap=bootstrap,
        seed=seed,
    )
    print(evaluation.as_json(scores) if json else evaluation.as_table(scores))


@app.command()
def train(
    data: Annotated[str, typer.Option(help="toyvoc, or a folder in VOC layout.")] = "toyvoc",
    out: Annotated[Path, typer.Option(help="The classifier to write.")] = Path("classifier.safetensors"),
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Passes over the images.", show_default="the recipe's")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the weights, the order and the augmentation.")] = 0,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Go on without images that cannot be used.")] = False,
) -> None:
    """Train the small embedded network from nothing and write it as safetensors."""
    from gradcam_lab.models.training import train as train_network

    train_network(data, out, epochs=epochs, seed=seed, skip_bad=skip_bad)


@app.command()
def doctor(
    json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Look for what could go wrong on this machine, and say what to do about it."""
    from gradcam_lab.doctor import as_json, as_table, examine

    findings = examine()
    print(as_json(findings) if json else as_table(findings))
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
