"""Learn: a workspace, and the work in it."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Exit, Option, Typer

from gradcam_lab.cli.options import CourseOption, Json, TaskArgument

app = Typer()


@app.command()
def start(
    folder: Annotated[Path, Argument(help="Folder of the workspace to make.")],
    exam: Annotated[
        bool, Option("--exam", help="Make one whose hints end before the code, and which never shows an answer.")
    ] = False,
    course: CourseOption = None,
) -> None:
    """Make a workspace: the lesson files with the answers cut out, and their tests."""
    from gradcam_lab.course.workspace.start import start as make

    make(folder, exam=exam, course=course)


@app.command()
def check(
    words: Annotated[
        list[str] | None,
        Argument(metavar="STEP or TASK", help="Numbers of steps or tasks, such as 2 or 2.3.", show_default="all"),
    ] = None,
    watch: Annotated[bool, Option("--watch", help="Check again whenever a file is saved.")] = False,
    show_test: Annotated[bool, Option("--show-test", help="Show the code of the check that fails.")] = False,
    json: Json = False,
) -> None:
    """Check your code: points, the first failure, and the next thing to do."""
    from gradcam_lab.course.workspace.check import check as check_words

    if not check_words(words or [], watch=watch, json=json, show_test=show_test):
        raise Exit(1)


@app.command()
def look(
    task: TaskArgument,
    image: Annotated[
        str | None,
        Option(
            metavar="N|PATH",
            help="Index of an image in ToyVOC's test split, or an image file.",
            show_default="an image with two dogs",
        ),
    ] = None,
    cls: Annotated[
        str | None,
        Option("--class", metavar="NAME", help="Class to look at.", show_default="that of the largest object"),
    ] = None,
    opening: Annotated[bool, Option("--open", help="Open the picture.")] = False,
) -> None:
    """Draw what your function returns now, right or wrong, beside the reference's result."""
    from gradcam_lab.course.workspace.look import look as draw

    draw(task, image=image, cls=cls, opening=opening)


@app.command()
def status(json: Json = False) -> None:
    """Show where you are, without running anything."""
    from gradcam_lab.course.workspace.status import status as show

    show(json)


@app.command()
def hint(
    task: TaskArgument, again: Annotated[bool, Option("--again", help="Show the hints that you have seen.")] = False
) -> None:
    """Give the next hint for a task."""
    from gradcam_lab.course.workspace.hints import hint as give

    give(task, again=again)


@app.command()
def diff(task: TaskArgument) -> None:
    """Show your code beside the reference, once the task has passed."""
    from gradcam_lab.course.workspace.diff import diff as compare

    compare(task)


@app.command()
def read(
    word: Annotated[
        str | None,
        Argument(
            metavar="STEP, TASK or PAGE", help="Number of a step or a task, or name of a page.", show_default="a list"
        ),
    ] = None,
    out: Annotated[Path, Option(help="Folder of the pages.")] = Path("gradcam-lab-pages"),
    every: Annotated[bool, Option("--all", help="Write all pages, as a website.")] = False,
    no_open: Annotated[bool, Option("--no-open", help="Do not open the page in the browser.")] = False,
) -> None:
    """Read a lesson in the browser: prose beside its code, with formulas; in a workspace your own code."""
    from gradcam_lab.course.workspace.read import read as write

    write(word, out=out, every=every, show=not no_open)


@app.command()
def contract(step: Annotated[str, Argument(help="Number of a step, such as 2.")]) -> None:
    """Print the functions that a step must offer, with their types."""
    from gradcam_lab.course.authoring.contract import contract_of

    print(contract_of(step), end="")


@app.command()
def reset(
    word: Annotated[
        str | None,
        Argument(metavar="TASK or STEP", help="Number of a task or a step, such as 2.3 or 2; or answers.md."),
    ] = None,
    yes: Annotated[bool, Option("--yes", help="Do not ask for confirmation.")] = False,
    undo: Annotated[bool, Option("--undo", help="Bring back what the last reset took away.")] = False,
) -> None:
    """Begin a task or a step again; your text is kept as a backup."""
    from gradcam_lab.course.workspace.reset import reset as bring_back

    bring_back(word, yes=yes, undoing=undo)


@app.command()
def upgrade(course: CourseOption = None) -> None:
    """Bring a workspace up to date with a newer gradcam-lab or course; your text is kept."""
    from gradcam_lab.course.workspace.upgrade import upgrade as bring_up_to_date

    bring_up_to_date(course)
