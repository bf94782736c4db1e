"""Looking at one function: the reference's result first, then the student's, then both in one picture.

Runs in the worker process that judges: what a student's function does wrong there is an exception here.
"""

from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from gradcam_lab.course.views.scene import Scene, Wish
from gradcam_lab.course.views.table import VIEWS, View, where
from gradcam_lab.lessons.checks.checking import Wrong, shown
from gradcam_lab.report.figures.beside.draw import draw_beside
from gradcam_lab.report.figures.beside.drawings import Drawing


class Prepared(NamedTuple):
    """All that a view needs but the student's result: what the reference returned, drawn too, and the words."""

    scene: Scene
    view: View
    returned: Any
    drawing: Drawing
    given: Drawing | None
    title: str


@cache
def prepare(step: str, unit: str, wish: Wish) -> Prepared:
    """Compute what the reference returns; a student's code may change none of it, see `forget`.

    Raises:
        LabError: there is no such image or class, or it does not suit the view.
    """
    view, scene = VIEWS[unit], Scene(wish)
    returned = view.call(import_module(f"gradcam_lab.lessons.{step}"), scene)
    drawing = view.shown(plain(returned), scene)
    given = view.given(scene) if view.given else None
    return Prepared(scene, view, returned, drawing, given, f"{unit.removesuffix('.__call__')}: {where(view, scene)}")


def forget() -> None:
    """Forget what was prepared: a student's function may have changed it."""
    prepare.cache_clear()


def look(mine: ModuleType, step: str, unit: str, wish: Wish, path: Path) -> str:
    """Draw what a student's function returns beside what the reference's returns.

    Args:
        mine: the student's module, with the reference's code around the function.
        step: its name.
        unit: the function.
        wish: on what.
        path: the PNG to write.

    Returns:
        What the picture shows, and how the two differ.

    Raises:
        Wrong: the function returned something that cannot be drawn beside the reference's result.
    """
    ready = prepare(step, unit, wish)
    returned = ready.view.call(mine, ready.scene)
    values = like(returned, ready.returned, rows=ready.view.rows)
    drawing = ready.view.shown(values, ready.scene)
    draw_beside(path, drawing, ready.drawing, title=ready.title, given=ready.given, named=ready.view.named)
    unlike = drawing.unlike(ready.drawing)  # type: ignore[arg-type]
    if not unlike:
        return f"{ready.title}: the same as the reference."
    return f"{ready.title}: not the same as the reference (the difference: {unlike})."


def like(got: Any, expected: Any, *, rows: bool) -> Any:
    """Return what a function returned as plain arrays, if it has the shape of what the reference returned.

    Args:
        got: the student's.
        expected: the reference's.
        rows: whether the first axis may be of another length.

    Raises:
        Wrong: it has not, or holds no numbers.
    """
    if not isinstance(expected, Tensor | np.ndarray | float):
        return got
    wanted, came = plain(expected), plain(got)
    if not isinstance(came, np.ndarray) or came.dtype.kind not in "biuf":
        nothing = "None (a `return` is missing?)" if got is None else shown(got)
        raise Wrong(shown(expected), f"it returned {nothing}", _as_the_docstring(wanted))
    if came.shape[rows:] != wanted.shape[rows:] or came.ndim != wanted.ndim:
        raise Wrong(f"shape {wanted.shape}", f"it returned an array of shape {came.shape}", _as_the_docstring(wanted))
    return came


def _as_the_docstring(wanted: np.ndarray) -> str:
    what = f"an array of shape {wanted.shape}" if wanted.ndim else "a number"
    return f"the reference returns {what} here, see the docstring"


def plain(value: Any) -> Any:
    """A tensor, a number, or a list of numbers, as an array; anything else as it is."""
    if isinstance(value, Tensor):
        return value.detach().cpu().numpy()
    if isinstance(value, bool | int | float | np.number | list):
        try:
            return np.asarray(value)
        except ValueError:  # rows of several lengths
            return value
    return value
