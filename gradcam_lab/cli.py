"""The commands. Each one checks nothing and computes nothing: it hands its options to the function that does."""

import io
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
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


LEARN, TEACH, RUN, TRAIN, MACHINE = "Learn", "Teach", "Run", "Train", "This machine"
"""The panels of --help: what people do."""


class Implementation(StrEnum):
    """Whose code runs."""

    auto = "auto"
    reference = "reference"
    mine = "mine"


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
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a name that the console's encoding lacks must not stop us
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
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Learn where a network looks: CAM and Grad-CAM boxes, honest AP, and a report from one command."""
    if context.invoked_subcommand is None:
        from gradcam_lab.course.where import where

        where()


@app.command(rich_help_panel=LEARN)
def start(folder: Annotated[Path, typer.Argument(help="The workspace to make.")]) -> None:
    """Make a workspace: the lesson files with the answers cut out, and their tests."""
    from gradcam_lab.course.start import start as make

    make(folder)


@app.command(rich_help_panel=LEARN)
def check(
    words: Annotated[list[str] | None, typer.Argument(metavar="[STEP or TASK]...", help="Such as 2, or 2.3.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Check again whenever a file is saved.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Check your code: points, the first failure, and the next thing to do."""
    from gradcam_lab.course.check import check as check_words

    if not check_words(words or [], watch=watch, json=json):
        raise typer.Exit(1)


@app.command(rich_help_panel=LEARN)
def status(json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False) -> None:
    """Show where you are, without running anything."""
    from gradcam_lab.course.where import status as show

    show(json)


@app.command(rich_help_panel=LEARN)
def hint(
    task: Annotated[str, typer.Argument(help="Such as 2.3.")],
    again: Annotated[bool, typer.Option("--again", help="The hints that you have seen.")] = False,
) -> None:
    """Give the next hint for a task."""
    from gradcam_lab.course.hints import hint as give

    give(task, again=again)


@app.command(rich_help_panel=LEARN)
def diff(task: Annotated[str, typer.Argument(help="Such as 2.3.")]) -> None:
    """Show your code beside the reference, once the task has passed."""
    from gradcam_lab.course.compare import diff as compare

    compare(task)


@app.command(rich_help_panel=LEARN)
def reset(
    word: Annotated[str | None, typer.Argument(metavar="TASK or STEP", help="Such as 2.3, or 2.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Bring back what the last reset took away.")] = False,
) -> None:
    """Begin a task or a step again; your text is kept as a backup."""
    from gradcam_lab.course import reset as resetting

    if undo == bool(word):
        raise LabError("Name a task or a step to reset, such as 2.3 or 2, or say --undo and nothing else.")
    if word:
        resetting.reset(word, yes=yes)
    else:
        resetting.undo()


@app.command(rich_help_panel=LEARN)
def upgrade() -> None:
    """Bring a workspace up to date with a newer gradcam-lab; your text is kept."""
    from gradcam_lab.course.upgrade import upgrade as bring_up_to_date

    bring_up_to_date()


@app.command(rich_help_panel=TEACH)
def grade(
    submissions: Annotated[Path, typer.Argument(metavar="SUBMISSIONS_DIR", help="Workspaces: folders or zip files.")],
    jobs: Annotated[int, typer.Option(min=1, help="So many at a time.")] = 1,
    csv: Annotated[Path | None, typer.Option(help="Write a table.")] = None,
    gradescope: Annotated[Path | None, typer.Option(help="Write Gradescope's results.json.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page per student and an overview of the class.")] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of the checks' random cases.", show_default="a fresh one")
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, help="Time limit of one check.")] = 10,
    memory: Annotated[float, typer.Option(min=0.1, help="Memory limit of one check, GiB.")] = 2,
    json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Grade a folder of submissions; interrupted, the same command goes on."""
    from gradcam_lab.course.grading import grade as grade_all
    from gradcam_lab.course.judge import Limits

    limits = Limits(seconds=seconds, memory=int(memory * 2**30))
    try:
        grade_all(
            submissions,
            jobs=jobs,
            csv=csv,
            gradescope=gradescope,
            junit=junit,
            html=html,
            seed=seed,
            limits=limits,
            json=json,
        )
    except KeyboardInterrupt:
        raise _interrupted() from None


@app.command(rich_help_panel=TEACH)
def verify(jobs: Annotated[int, typer.Option(min=1, help="So many steps at a time.")] = 2) -> None:
    """Examine the course itself: markers, points, hints, checks, and every wrong answer of the gallery."""
    from gradcam_lab.course.verify import verify as examine

    if not examine(jobs=jobs):
        raise typer.Exit(1)


@app.command("run-all", rich_help_panel=RUN)
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
    impl: Annotated[
        Implementation,
        typer.Option(help="In a workspace: your code where all its checks passed, the reference, or yours throughout."),
    ] = Implementation.auto,
    stall: Annotated[float, typer.Option(min=1, hidden=True, help="Seconds your code may stand still.")] = 60,
) -> None:
    """Classify, explain, box, score, and write the report; whatever is unchanged is not computed again."""
    from gradcam_lab.course.choose import choose, written_answers
    from gradcam_lab.pipeline import run, steps

    chosen = {choice["step"]: steps.Chosen(**choice) for choice in choose(impl.value)}
    course = steps.Course(chosen, written_answers(), impl.value) if chosen else None
    settings = run.Settings(
        data, classifier, weights, target, limit, out, seed, precision.value, skip_bad, course=course, stall=stall
    )
    try:
        rendered = run.run_all(settings, pdf=pdf)
    except KeyboardInterrupt:
        raise _interrupted() from None
    _print(rendered)


def _interrupted() -> typer.Exit:
    print("Interrupted. The same command goes on from here.", file=sys.stderr)
    return typer.Exit(130)


@app.command(rich_help_panel=RUN)
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


@app.command(rich_help_panel=RUN)
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


@app.command(rich_help_panel=TRAIN)
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


@app.command(rich_help_panel=MACHINE)
def doctor(
    json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Look for what could go wrong on this machine, and say what to do about it."""
    from gradcam_lab.doctor import as_json, as_table, examine

    findings = examine()
    print(as_json(findings) if json else as_table(findings))
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
