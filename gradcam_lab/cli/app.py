"""The command `gradcam-lab` itself: its options, its errors, and what it does without a command."""

import io
import sys
from typing import Annotated, NoReturn

import typer
from typer import Option

from gradcam_lab.cli.groups import LazyGroup
from gradcam_lab.course.workspace.course_around import course_around
from gradcam_lab.errors import LabError, is_out_of_memory, memory_advice

app = typer.Typer(
    cls=LazyGroup, invoke_without_command=True, add_completion=False, pretty_exceptions_enable=False, name="gradcam-lab"
)


def main() -> None:
    """Run the command line; what the user can mend ends with one sentence on stderr and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a name that the console's encoding lacks must not stop us
    try:
        app()
    except LabError as error:
        end(str(error))
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        end(memory_advice(error))


def end(sentence: str) -> NoReturn:
    """End with a sentence on stderr and exit code 2."""
    print(f"gradcam-lab: {sentence}", file=sys.stderr)
    sys.exit(2)


def print_version(wanted: bool) -> None:
    """Print the version and stop, where --version is given."""
    if wanted:
        from gradcam_lab import __version__

        print(f"gradcam-lab {__version__}")
        raise typer.Exit


@app.callback()
def without_command(
    context: typer.Context,
    version: Annotated[
        bool, Option("--version", callback=print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Learn where a network looks: CAM and Grad-CAM boxes, honest AP, and a report from one command."""
    if folder := course_around():
        from gradcam_lab.course.authoring.course import following_copy

        context.with_resource(following_copy(folder))
    if context.invoked_subcommand is None:
        from gradcam_lab.course.workspace.status import where

        where()
