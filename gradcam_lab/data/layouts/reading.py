"""What the user says of a data set that its folder does not: its annotations, how boxes are stated, how it is split."""

import shlex
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path

from gradcam_lab.data.box_conventions import Convention

VAL_SIZE = 0.2
"""The share of the images that is val's, and test's, where a data set has no such splits."""


@dataclass(frozen=True)
class Reading:
    """How a data set is read, each field an option of the same name.

    Attributes:
        annotations: the folder of its XML files, or its JSON in COCO's format, where `--data` is a folder of images.
        boxes: how its boxes are stated; None for what is usual in its layout.
        val_size: below 1 the share of the images that become val, and as many test, where it lacks these; from 1 on
            their number. None for `VAL_SIZE`.
        split_seed: of the choice of these; None for 0.
    """

    annotations: Path | None = None
    boxes: Convention | None = None
    val_size: float | None = None
    split_seed: int | None = None

    @property
    def size(self) -> float:
        """`val_size` or its default."""
        return VAL_SIZE if self.val_size is None else self.val_size

    @property
    def seed(self) -> int:
        """`split_seed` or its default."""
        return self.split_seed or 0

    def words(self) -> list[str]:
        """Return the options of a command line that say this; what is the default is left out.

        Examples:
            >>> Reading(boxes="zero-based", split_seed=3).words()
            ['--boxes', 'zero-based', '--split-seed', '3']
        """
        values = ((field.name, getattr(self, field.name)) for field in fields(self))
        return [word for name, value in values if value is not None for word in (_option(name), f"{value}")]

    @classmethod
    def of_command(cls, command: str) -> "Reading":
        """Return what a command line says of it.

        Raises:
            ValueError: it is no command line, or a number in it is none.
        """
        said = {_option(field.name): field.name for field in fields(cls)}
        texts = {said[word]: value for word, value in pairwise(shlex.split(command)) if word in said}
        kinds = {"annotations": Path, "val_size": float, "split_seed": int, "boxes": str}
        return cls(**{name: kinds[name](value) for name, value in texts.items()})


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
