"""Which network the user wants, in the words of the command line."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

Device = Literal["auto", "cpu", "cuda", "mps"]
"""Where a network runs; `auto` is the GPU where there is one, else the CPU."""

EMBEDDED = "embedded"
"""The name of the network that comes with the package."""

PHOTOS = "resnet50"
"""The network for photos where the user names none: torchvision's, with the weights of ImageNet."""

IMAGENET = "imagenet"
"""As weights: those that torchvision or timm offers."""


@dataclass(frozen=True)
class ModelChoice:
    """What the user says of the network, each field an option of the same name.

    Attributes:
        model: `embedded`, a classification model of torchvision, `timm:NAME`, `FILE.py:FUNCTION`, or a file of
            `gradcam-lab train`, of the EFEO exercise, or of a state dict.
        weights: `imagenet`, or a file; None for what the model has by itself: a name of torchvision's or timm's
            ImageNet's, a file and a function their own.
        classes: the names of the outputs: a file of one name a line or of JSON, or names with commas between them.
        groups: `NAME=OUTPUT,OUTPUT,...` each, or a YAML file of such lines; see `models.groups`.
        activation: `softmax` or `sigmoid`; None for the network's own.
        size: height and width of the input in pixels; None for the network's own.
        mean: of R, G, B, with commas between them; None for the network's own.
        std: likewise.
        layer: the layer whose output is explained; None for the one that is found.
        device: where the network runs.
        batch: images at once; None for the command's own number.
    """

    model: str = EMBEDDED
    weights: str | None = None
    classes: str | None = None
    groups: tuple[str, ...] = ()
    activation: Literal["softmax", "sigmoid"] | None = None
    size: int | None = None
    mean: str | None = None
    std: str | None = None
    layer: str | None = None
    device: Device = "auto"
    batch: int | None = None

    def words(self) -> list[str]:
        """Return the options of a command line that say this; what is the default is left out.

        Examples:
            >>> ModelChoice("timm:vit_tiny_patch16_224", groups=("pet=cat,dog",)).words()
            ['--model', 'timm:vit_tiny_patch16_224', '--group', 'pet=cat,dog']
        """
        words: list[str] = []
        for field in fields(self):
            value = getattr(self, field.name)
            if value != field.default:
                for one in value if field.name == "groups" else [value]:
                    words += [option(field.name), str(one)]
        return words

    @property
    def shown(self) -> str:
        """What stands for the network in a table: the name of its file, or the model."""
        return Path(self.weights or self.model).name if self.weights != IMAGENET else self.model

    @classmethod
    def of_command(cls, command: str) -> "ModelChoice":
        """Return the choice in a command line, also in one of the time before `--model`.

        Raises:
            ValueError: it is no command line, or a number in it is none.
        """
        said: dict[str, Any] = {}
        for word, value in pairwise(shlex.split(command)):
            name = _named(word)
            if name == "groups":
                said["groups"] = (*said.get("groups", ()), value)
            elif name:
                said[name] = int(value) if name in ("size", "batch") else value
        return cls(**said)


def option(name: str) -> str:
    """Return the option of a field."""
    return "--group" if name == "groups" else f"--{name}"


FORMER = {"--classifier": "model", "--checkpoint": "model", "--img-size": "size"}
"""The options of before, with the field that each of them is now."""


def _named(word: str) -> str | None:
    known: Iterator[tuple[str, str]] = ((option(field.name), field.name) for field in fields(ModelChoice))
    return {**dict(known), **FORMER}.get(word)
