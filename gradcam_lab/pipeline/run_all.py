"""`run-all`: every stage from a folder of images to a report, each one skipped where nothing has changed."""

from collections.abc import Callable
from functools import partial

from gradcam_lab.console import say, warn
from gradcam_lab.data.layouts.split import nameless_line, notes_of
from gradcam_lab.errors import LabError
from gradcam_lab.files import require_writable
from gradcam_lab.models import distributed, zoo
from gradcam_lab.models.classifier import LAST_BLOCK, Classifier
from gradcam_lab.pipeline.engine import Engine, Planned
from gradcam_lab.pipeline.graph import MEASURING, RENDERING, STAGES
from gradcam_lab.pipeline.own_folder import require_own_folder, write_command
from gradcam_lab.pipeline.rendering import Rendering
from gradcam_lab.pipeline.run import Run
from gradcam_lab.pipeline.seen_in_training import seen_in_training
from gradcam_lab.pipeline.settings import Settings
from gradcam_lab.pipeline.supervise import supervise
from gradcam_lab.report.pdf import PdfError
from gradcam_lab.report.render import Rendered

SHOWN = ("seed", "min_area", "max_detections", "given_threshold")
"""The fields whose values a plan shows, where they have one; the others are hashes."""


def run_all(settings: Settings, *, pdf: bool = True, classifier: Classifier | None = None) -> Rendered | None:
    """Run every stage, from the images to the report; those with a student's code in a process of their own.

    Args:
        settings: the user's choices.
        pdf: whether a PDF is wanted.
        classifier: the network, where it is loaded already; `settings.model` says what it is called.

    Returns:
        The report; None in the processes of `torchrun` that only help the first one with the heatmaps.

    Raises:
        LabError: the data, the classifier, the output folder or a student's code cannot be used; or the folder is
            another run's.
    """
    require_own_folder(settings)
    if settings.students:
        if distributed.launched():
            raise LabError("torchrun does not run a student's code: use --impl reference, or leave torchrun out.")
        if classifier and not classifier.choice:
            raise LabError(
                f"Your code runs in a process of its own, which cannot have the network '{classifier.name}' of a "
                "script: name it by FILE.py:FUNCTION, or take the reference's code."
            )
        _say_whose(settings)
        _supervise(compute, settings)
    else:
        with distributed.session():
            if not distributed.leads():
                _help(Run(settings, classifier))
                return None
            _say_whose(settings)
            compute(settings, classifier)
    return render(Rendering(settings.folder, pdf))


def _supervise(work: Callable[[Settings], None], settings: Settings) -> None:
    """Run what a student's code has a part in, in a process of its own."""
    log = settings.folder / "error.log"
    supervise(work, settings, files=settings.students, stall=settings.stall, log=log)


def _say_whose(settings: Settings) -> None:
    for code in settings.course.steps if settings.course else ():
        say(str(code))


def compute(settings: Settings, classifier: Classifier | None = None) -> None:
    """Run every stage up to the figures: all that the lessons' code has a part in."""
    run = Run(settings, classifier)
    engine = Engine(run, STAGES)
    require_writable(run.folder)  # not before: a run that cannot be leaves no folder behind
    write_command(run.folder, settings)
    if lost := nameless_line(run.val, run.test):
        say(lost)
    say(f"{settings.data}: {run.described}")
    if run.classifier.layer_reason != LAST_BLOCK:
        say(f"  {run.classifier.about_layer}")
    zoo.warn_of_photos(run.classifier, run.test.samples[0].path)
    if doubt := seen_in_training(settings, run.classifier.metadata.get("recipe")):
        warn(f"  {doubt}")
    for note in notes_of(run.val, run.test):
        warn(f"  note: {note}")
    for skipped in run.val.skipped + run.test.skipped:
        warn(f"  skipped: {skipped}")
    if count := len(run.val.skipped) + len(run.test.skipped):
        say(f"  {count} bad images were skipped")
    engine.execute(MEASURING)


def _help(run: Run) -> None:
    """Do this process's share of what every process takes part in, if the first process needs it."""
    if any(distributed.gather([False])):
        stage = next(stage for stage in MEASURING if stage.together and stage.when(run))
        stage.make(run, run.folder / stage.output)


def render(rendering: Rendering) -> Rendered:
    """Render what the stages wrote; without Pango the HTML is there all the same."""
    try:
        Engine(rendering, STAGES).execute(RENDERING)
    except PdfError as problem:
        return Rendered(rendering.folder / "report.html", None, str(problem))
    return Rendered(rendering.folder / "report.html", rendering.folder / "report.pdf" if rendering.pdf else None, None)


def print_plan(settings: Settings, *, pdf: bool = True) -> None:
    """Print the stages: what each writes and reads, whether it would run, and why; nothing is computed or written.

    Raises:
        LabError: the data, the classifier or a student's code cannot be used; or the folder is another run's.
    """
    require_own_folder(settings)
    if settings.students:
        _supervise(partial(_say_plan, pdf=pdf), settings)
    else:
        _say_plan(settings, pdf)


def _say_plan(settings: Settings, pdf: bool) -> None:
    run = Run(settings)
    run.pdf = pdf
    engine = Engine(run, STAGES)
    heads = ("stage", "artifact", "runs", "why", "reads", "depends on")
    rows = [heads, *(_cells(planned, run) for planned in engine.plan())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _cells(planned: Planned, run: Run) -> tuple[str, ...]:
    stage = planned.stage
    values = {name: run.value_of(name) for name in stage.depends if name in SHOWN}
    fields = [name if values.get(name) is None else f"{name}={values[name]}" for name in stage.depends]
    reads, depends = (", ".join(names) or "-" for names in (stage.reads, fields))
    return stage.name, stage.output, planned.runs, planned.reason, reads, depends
