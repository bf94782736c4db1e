"""What commands print last, and how they end."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from pathlib import Path

    from gradcam_lab.data.convert.convert import Converted
    from gradcam_lab.report.render import Rendered


@contextmanager
def resumable() -> Iterator[None]:
    """Turn Ctrl-C into one sentence and exit code 130, around work that the same command continues."""
    try:
        yield
    except KeyboardInterrupt:
        print("Interrupted. The same command goes on from here.", file=sys.stderr)
        raise typer.Exit(130) from None


def print_report(rendered: "Rendered") -> None:
    """Print the report's path last; exit with 3 where only the PDF could not be made."""
    if rendered.problem:
        print(rendered.problem, file=sys.stderr)
    print(rendered.pdf or rendered.html)
    if rendered.problem:
        raise typer.Exit(3)


def print_converted(done: "Converted", out: "Path") -> None:
    """Print how much was converted, what was not kept, where the images belong, and the folder last."""
    what, splits = ("detections", "") if done.scored else ("objects", f" ({', '.join(done.splits)})")
    print(f"{done.boxes} {what} of {done.classes} classes in {done.images} images{splits}.")
    if done.losses:
        print(f"{done.losses}.")
    if done.repairs:
        print(done.repairs)
    if done.places:
        print(f"Put the images into {' and '.join(map(repr, map(str, done.places)))}, or give --copy-images.")
    print(out)
