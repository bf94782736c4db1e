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


LEARN, TEACH, RUN, EXPLAIN, TRAIN, DATA = "Learn", "Teach", "Run", "Explain", "Train", "Data and machine"
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


class TrainPrecision(StrEnum):
    """Arithmetic of the training; fp16 needs a GPU."""

    float32 = "float32"
    bf16 = "bf16"
    fp16 = "fp16"


class Explanation(StrEnum):
    """How a class is explained."""

    gradcam = "gradcam"
    cam = "cam"
    input_gradient = "input-gradient"
    all = "all"


class Split(StrEnum):
    """A part of a data set."""

    train = "train"
    val = "val"
    test = "test"


class Optimizer(StrEnum):
    """What moves the weights."""

    adam = "adam"
    adamw = "adamw"
    sgd = "sgd"


class Scheduler(StrEnum):
    """What becomes of the learning rate."""

    onecycle = "onecycle"
    step = "step"
    cosine = "cosine"
    plateau = "plateau"
    constant = "constant"


CLASSIFIER_HELP = "embedded, resnet18/34/50, vgg16, vgg19, mobilenet_v2 or squeezenet1_1."
WEIGHTS_HELP = "imagenet (torchvision's download), or a file."
JSON_HELP = "Print JSON and nothing else."


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
        from gradcam_lab.course.workspace.status import where

        where()


@app.command(rich_help_panel=LEARN)
def start(folder: Annotated[Path, typer.Argument(help="The workspace to make.")]) -> None:
    """Make a workspace: the lesson files with the answers cut out, and their tests."""
    from gradcam_lab.course.workspace.start import start as make

    make(folder)


@app.command(rich_help_panel=LEARN)
def check(
    words: Annotated[list[str] | None, typer.Argument(metavar="[STEP or TASK]...", help="Such as 2, or 2.3.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Check again whenever a file is saved.")] = False,
    json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> None:
    """Check your code: points, the first failure, and the next thing to do."""
    from gradcam_lab.course.workspace.check import check as check_words

    if not check_words(words or [], watch=watch, json=json):
        raise typer.Exit(1)


@app.command(rich_help_panel=LEARN)
def status(json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False) -> None:
    """Show where you are, without running anything."""
    from gradcam_lab.course.workspace.status import status as show

    show(json)


@app.command(rich_help_panel=LEARN)
def hint(
    task: Annotated[str, typer.Argument(help="Such as 2.3.")],
    again: Annotated[bool, typer.Option("--again", help="The hints that you have seen.")] = False,
) -> None:
    """Give the next hint for a task."""
    from gradcam_lab.course.workspace.hints import hint as give

    give(task, again=again)


@app.command(rich_help_panel=LEARN)
def diff(task: Annotated[str, typer.Argument(help="Such as 2.3.")]) -> None:
    """Show your code beside the reference, once the task has passed."""
    from gradcam_lab.course.workspace.diff import diff as compare

    compare(task)


@app.command(rich_help_panel=LEARN)
def reset(
    word: Annotated[str | None, typer.Argument(metavar="TASK or STEP", help="Such as 2.3, or 2.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Bring back what the last reset took away.")] = False,
) -> None:
    """Begin a task or a step again; your text is kept as a backup."""
    from gradcam_lab.course.workspace import reset as resetting

    if undo == bool(word):
        raise LabError("Name a task or a step to reset, such as 2.3 or 2, or say --undo and nothing else.")
    if word:
        resetting.reset(word, yes=yes)
    else:
        resetting.undo()


@app.command(rich_help_panel=LEARN)
def upgrade() -> None:
    """Bring a workspace up to date with a newer gradcam-lab; your text is kept."""
    from gradcam_lab.course.workspace.upgrade import upgrade as bring_up_to_date

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
    json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> None:
    """Grade a folder of submissions; interrupted, the same command goes on."""
    from gradcam_lab.course.grading.grade import grade as grade_all
    from gradcam_lab.course.judging.judge import Limits

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
    from gradcam_lab.course.judging.verify import verify as examine

    if not examine(jobs=jobs):
        raise typer.Exit(1)


@app.command("run-all", rich_help_panel=RUN)
def run_all(
    data: Annotated[str, typer.Option(help="toyvoc, voc2007, pets, or a folder in VOC layout.")] = "toyvoc",
    data_root: Annotated[Path | None, typer.Option(help="Where voc2007 or pets lies already; else a download.")] = None,
    classifier: Annotated[str, typer.Option(help=CLASSIFIER_HELP)] = "embedded",
    weights: Annotated[str | None, typer.Option(help=WEIGHTS_HELP)] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="A file of gradcam-lab train, or model_at_epoch_019.pth.tar.")
    ] = None,
    target: Annotated[str, typer.Option(help="The class to find, or all.")] = "dog",
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N images of each split.")] = None,
    out: Annotated[Path | None, typer.Option(help="The output folder.", show_default="report/<data>")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap and the random images.")] = 0,
    precision: Annotated[Precision, typer.Option(help="Arithmetic of the network.")] = Precision.float32,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Go on without images that cannot be used.")] = False,
    pdf: Annotated[bool, typer.Option(help="Also make the PDF.")] = True,
    method: Annotated[
        str | None, typer.Option(help="How boxes are found, such as gradcam; else what val likes best at under 3x.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Plain Grad-CAM, or --method, alone: no comparison, no steps 5 and 6.")
    ] = False,
    impl: Annotated[
        Implementation,
        typer.Option(help="In a workspace: your code where all its checks passed, the reference, or yours throughout."),
    ] = Implementation.auto,
    stall: Annotated[float, typer.Option(min=1, hidden=True, help="Seconds your code may stand still.")] = 60,
) -> None:
    """Classify, explain, box, score, and write the report; whatever is unchanged is not computed again."""
    from gradcam_lab.course.workspace.whose_code import choose_code, written_answers
    from gradcam_lab.pipeline import run, students_work

    chosen = {choice["step"]: students_work.StepCode(**choice) for choice in choose_code(impl.value)}
    course = students_work.StudentsWork(chosen, written_answers(), impl.value) if chosen else None
    settings = run.Settings(
        data,
        classifier,
        weights,
        target,
        limit,
        out,
        seed,
        precision.value,
        skip_bad,
        data_root=data_root,
        checkpoint=checkpoint,
        course=course,
        stall=stall,
        method=method,
        quick=quick,
    )
    try:
        rendered = run.run_all(settings, pdf=pdf)
    except KeyboardInterrupt:
        raise _interrupted() from None
    if rendered:
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
    detections: Annotated[
        Path,
        typer.Option(help="JSON {image: [[xmin, ymin, xmax, ymax, score], ...]}, COCO results, or VOC's comp4 text."),
    ],
    ground_truth: Annotated[
        Path, typer.Option(help="JSON {image: [[xmin, ymin, xmax, ymax], ...]}, COCO annotations, or a VOC folder.")
    ],
    target: Annotated[str | None, typer.Option(help="The class, where the files hold several.")] = None,
    split: Annotated[str, typer.Option(help="Of a VOC folder.")] = "test",
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
    json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> None:
    """Score any boxes: AP, recall and CorLoc with 95% intervals."""
    from gradcam_lab.pipeline import saved_boxes

    scores = saved_boxes.evaluate_files(
        detections,
        ground_truth,
        iou or (0.3, 0.4, 0.5),
        target=target,
        split=split,
        ties=ties.value,
        method=method.value,
        count_difficult=count_difficult,
        bootstrap=bootstrap,
        seed=seed,
    )
    print(saved_boxes.as_json(scores) if json else saved_boxes.as_table(scores))


@app.command(rich_help_panel=RUN)
def sweep(
    run: Annotated[Path, typer.Option(help="The folder of a finished run.")] = Path("report/toyvoc"),
    split: Annotated[Split, typer.Option(help="val, or test (labelled as an oracle).")] = Split.val,
    start: Annotated[float, typer.Option("--from", min=0, max=1, help="The lowest threshold.")] = 0.05,
    stop: Annotated[float, typer.Option("--to", min=0, max=1, help="The highest threshold.")] = 0.95,
    step: Annotated[float, typer.Option(min=0.001, max=1, help="From one to the next.")] = 0.05,
    iou: Annotated[
        list[float] | None,
        typer.Option(min=0, max=1, help="A match needs an IoU above this. Repeatable.", show_default="the run's"),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where to draw the curves.", show_default="the run's folder")] = None,
    json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> None:
    """Try thresholds on a run's saved heatmaps: a table, and AP and recall against the threshold."""
    from gradcam_lab.pipeline.sweep_run import sweep_run

    print(sweep_run(run, split=split.value, start=start, stop=stop, step=step, iou=iou, json=json, out=out))


@app.command(rich_help_panel=EXPLAIN)
def predict(
    image: Annotated[Path, typer.Argument(help="A photo.")],
    classifier: Annotated[str, typer.Option(help=CLASSIFIER_HELP)] = "embedded",
    weights: Annotated[str | None, typer.Option(help=WEIGHTS_HELP)] = None,
    k: Annotated[int, typer.Option("--top", min=1, help="So many classes.")] = 5,
    json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> None:
    """Name the most probable classes of an image."""
    from gradcam_lab.explain.predict import predict as name_classes

    print(name_classes(image, classifier=classifier, weights=weights, k=k, json=json))


@app.command(rich_help_panel=EXPLAIN)
def explain(
    image: Annotated[Path, typer.Argument(help="A photo.")],
    classes: Annotated[
        list[str] | None,
        typer.Option("--class", metavar="NAME|INDEX", help="Repeatable.", show_default="the most probable"),
    ] = None,
    method: Annotated[
        Explanation, typer.Option(help="all draws every method beside the others.")
    ] = Explanation.gradcam,
    layer: Annotated[
        str | None, typer.Option(help="As in named_modules().", show_default="the last feature map")
    ] = None,
    against: Annotated[
        str | None, typer.Option(metavar="NAME|INDEX", help="Why the class rather than this one?")
    ] = None,
    smooth: Annotated[int, typer.Option(min=0, help="SmoothGrad over so many noisy copies, beside the gradient.")] = 0,
    classifier: Annotated[str, typer.Option(help=CLASSIFIER_HELP)] = "embedded",
    weights: Annotated[str | None, typer.Option(help=WEIGHTS_HELP)] = None,
    out: Annotated[Path, typer.Option(help="The folder for picture, raw map and JSON.")] = Path("explained"),
    seed: Annotated[int, typer.Option(min=0, help="Of SmoothGrad's noise.")] = 0,
) -> None:
    """Show where a network looks: picture, raw map and JSON of one image."""
    from gradcam_lab.explain.explain_image import explain as explain_image

    written = explain_image(
        image,
        classifier=classifier,
        weights=weights,
        classes=classes or (),
        method=method.value,
        layer=layer,
        against=against,
        smooth=smooth,
        out=out,
        seed=seed,
    )
    _print_paths(written)


@app.command(rich_help_panel=EXPLAIN)
def show(
    run: Annotated[Path | None, typer.Option(help="A finished run.", show_default="report/toyvoc")] = None,
    model: Annotated[
        Path | None, typer.Option(help="Instead: a network of gradcam-lab train, in three panels.")
    ] = None,
    detections: Annotated[Path | None, typer.Option(help="Instead: saved boxes, with the next two.")] = None,
    ground_truth: Annotated[Path | None, typer.Option(help="The true boxes.")] = None,
    images: Annotated[Path | None, typer.Option(help="The folder of the images.")] = None,
    image: Annotated[Path | None, typer.Option(help="With --model: this image.")] = None,
    random: Annotated[int | None, typer.Option(min=1, help="So many random images.", show_default="10")] = None,
    index: Annotated[int | None, typer.Option(min=0, help="With --model: this image of the split.")] = None,
    cls: Annotated[
        str | None, typer.Option("--class", metavar="NAME|INDEX", help="With --model.", show_default="the predicted")
    ] = None,
    split: Annotated[Split | None, typer.Option(help="Of the data.", show_default="val; of saved boxes test")] = None,
    data: Annotated[
        str | None, typer.Option(help="With --model.", show_default="what the network was trained on")
    ] = None,
    data_root: Annotated[Path | None, typer.Option(help="Where that data set lies.")] = None,
    target: Annotated[str | None, typer.Option(help="With --detections: the class.")] = None,
    out: Annotated[Path | None, typer.Option(help="The folder for the pictures.", show_default="shown")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the random images.")] = 1,
) -> None:
    """Draw images: with true and predicted boxes, or with a network's heatmap."""
    from gradcam_lab.explain import show_boxes
    from gradcam_lab.explain import show_model as panels

    if sum(source is not None for source in (run, model, detections)) > 1:
        raise LabError("Give one of --run, --model and --detections: each is another source of pictures.")
    if model:
        written = panels.show_model(
            model,
            image=image,
            random=random,
            index=index,
            cls=cls,
            split=(split or Split.val).value,
            data=data,
            data_root=data_root,
            out=out or Path("shown"),
            seed=seed,
        )
    elif detections:
        if not (ground_truth and images):
            raise LabError(
                "--detections needs --ground-truth and --images: the true boxes and the folder of the images."
            )
        written = show_boxes.show_saved(
            detections,
            ground_truth,
            images,
            random=random or 10,
            seed=seed,
            out=out or Path("shown"),
            target=target,
            split=(split or Split.test).value,
        )
    else:
        written = show_boxes.show_run(run or Path("report/toyvoc"), random=random or 10, seed=seed, out=out)
    _print_paths(written)


def _print_paths(paths: list[Path]) -> None:
    for path in paths:
        print(path)


@app.command(rich_help_panel=TRAIN)
def train(
    data: Annotated[
        str | None,
        typer.Option(help="toyvoc, voc2007, imagenette, pets, or a folder.", show_default="toyvoc"),
    ] = None,
    data_root: Annotated[Path | None, typer.Option(help="Where a named data set lies already.")] = None,
    config: Annotated[
        Path | None, typer.Option(help="A YAML file with model, training and dataset; flags win.")
    ] = None,
    arch: Annotated[
        str | None, typer.Option(help="toynet, cam_net, resnet18, resnet50, ...", show_default="toynet")
    ] = None,
    weights: Annotated[str | None, typer.Option(help="Start from imagenet, or from a file.")] = None,
    freeze_features: Annotated[
        bool | None, typer.Option("--freeze-features", help="Train the head alone, what comes after the features.")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Passes over the images.", show_default="the recipe's")
    ] = None,
    batch: Annotated[int | None, typer.Option(min=1, help="Images a step, over all processes.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="The highest.")] = None,
    weight_decay: Annotated[float | None, typer.Option(help="Of the optimizer.")] = None,
    optimizer: Annotated[Optimizer | None, typer.Option(help="What moves the weights.")] = None,
    scheduler: Annotated[Scheduler | None, typer.Option(help="What becomes of the learning rate.")] = None,
    patience: Annotated[int | None, typer.Option(min=1, help="Stop after so many epochs without improvement.")] = None,
    precision: Annotated[TrainPrecision | None, typer.Option(help="Arithmetic of the network.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only N images of each split.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="A folder, or a file ending in .safetensors.", show_default="classifier"),
    ] = None,
    resume: Annotated[
        bool | None, typer.Option("--resume/--fresh", help="Go on from the folder's checkpoint, or begin anew.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of weights, order and augmentation.")] = None,
    skip_bad: Annotated[
        bool | None, typer.Option("--skip-bad", help="Go on without images that cannot be used.")
    ] = None,
) -> None:
    """Train a classifier; interrupted or killed, the same command goes on. torchrun makes it several processes."""
    from gradcam_lab.models.training import settings
    from gradcam_lab.models.training import train as training

    flags = {
        "data": data,
        "data_root": data_root,
        "arch": arch,
        "weights": weights,
        "freeze_features": freeze_features,
        "epochs": epochs,
        "batch": batch,
        "learning_rate": learning_rate,
        "weight_decay": weight_decay,
        "optimizer": optimizer and optimizer.value,
        "scheduler": scheduler and scheduler.value,
        "patience": patience,
        "precision": precision and precision.value,
        "limit": limit,
        "out": out,
        "resume": resume,
        "seed": seed,
        "skip_bad": skip_bad,
    }
    try:
        training.train_network(settings.settings_of(flags, config))
    except KeyboardInterrupt:
        raise _interrupted() from None


@app.command("evaluate-classifier", rich_help_panel=TRAIN)
def evaluate_classifier(
    model: Annotated[Path, typer.Option(help="A file of gradcam-lab train, or model_at_epoch_019.pth.tar.")],
    data: Annotated[str, typer.Option(help="toyvoc, voc2007, imagenette, pets, or a folder.")] = "toyvoc",
    data_root: Annotated[Path | None, typer.Option(help="Where a named data set lies already.")] = None,
    split: Annotated[Split, typer.Option(help="Of labelled folders train or val.")] = Split.test,
    limit: Annotated[int | None, typer.Option(min=1, help="Only N images.")] = None,
    val_size: Annotated[
        float | None, typer.Option(help="Of a labelled folder without val: the share that the training kept.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="The training's, which chose these images.")] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Go on without images that cannot be used.")] = False,
    json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> None:
    """Score a trained classifier: AP of every class, mAP, and accuracy where each image has one class."""
    from gradcam_lab.models import distributed
    from gradcam_lab.models.training import evaluate_classifier as evaluating

    result = evaluating.evaluate_classifier(
        model,
        data,
        split.value,
        data_root=data_root,
        limit=limit,
        val_size=val_size,
        seed=seed,
        skip_bad=skip_bad,
    )
    if distributed.leads():
        print(evaluating.as_json(result) if json else evaluating.as_table(result))


@app.command(rich_help_panel=DATA)
def fetch(
    data: Annotated[str, typer.Argument(help="voc2007, voc2007-segmentation, imagenette or pets.")],
    data_root: Annotated[Path | None, typer.Option(help="Look at the folder where you have it instead.")] = None,
) -> None:
    """Download a data set from its official place, or go on with an interrupted download; prints its folder."""
    from gradcam_lab.data.registry import data_root as folder_of

    try:
        print(folder_of(data, data_root))
    except KeyboardInterrupt:
        raise _interrupted() from None


@app.command(rich_help_panel=DATA)
def doctor(
    json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> None:
    """Look for what could go wrong on this machine, and say what to do about it."""
    from gradcam_lab.doctor import as_json, as_table, examine

    findings = examine()
    print(as_json(findings) if json else as_table(findings))
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
