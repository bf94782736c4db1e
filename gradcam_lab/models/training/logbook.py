"""The log of a training: one row an epoch, as CSV and as curves."""

import csv
import io
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gradcam_lab.files import moved_into_place, write_text

REDRAW_AFTER = 1.0
"""Seconds between two drawings of the curves: an epoch of the head alone takes a few hundredths."""

LogRow = Mapping[str, Any]


class Logbook:
    """`log.csv` and `curves.png` in a folder.

    Args:
        folder: where they are written.
        rows: one an epoch, to be appended to: `epoch`, `learning_rate`, `train_loss`, `val_loss`, `val_map` or
            `val_accuracy`, `seconds`.
    """

    def __init__(self, folder: Path, rows: Sequence[LogRow] = ()) -> None:
        self.folder = folder
        self.rows = list(rows)
        self._drawn = 0.0

    def write(self, *, last: bool = False) -> None:
        """Write the table, and draw the curves if this is the last epoch or they have not just been drawn."""
        text = io.StringIO()
        writer = csv.DictWriter(text, list(self.rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        write_text(self.folder / "log.csv", text.getvalue())
        if last or time.monotonic() - self._drawn > REDRAW_AFTER:
            draw(self.folder / "curves.png", self.rows)
            self._drawn = time.monotonic()


def draw(path: Path, rows: Sequence[LogRow]) -> None:
    """Draw the losses, and the score on val, against the epochs."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    score = next(name for name in rows[0] if name in ("val_map", "val_accuracy"))
    figure = Figure(figsize=(9, 3.6))
    canvas = FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    figure.subplots_adjust(left=0.08, right=0.98, bottom=0.14, top=0.95, wspace=0.22)
    epochs = [row["epoch"] for row in rows]
    for name in ("train_loss", "val_loss"):
        left.plot(epochs, [row[name] for row in rows], marker=".", label=name.replace("_loss", ""))
    left.set(xlabel="epoch", ylabel="loss")
    left.legend()
    right.plot(epochs, [row[score] for row in rows], marker=".", color="C2")
    right.set(xlabel="epoch", ylabel="mAP on val" if score == "val_map" else "accuracy on val")
    with moved_into_place(path) as temporary:
        canvas.print_png(str(temporary))
