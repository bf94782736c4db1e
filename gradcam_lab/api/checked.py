"""The values of arguments, checked before any work by what is known of every argument of this name."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Literal, ParamSpec, TypeVar

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from gradcam_lab.data.box_conventions import CONVENTIONS
from gradcam_lab.errors import LabError
from gradcam_lab.limits import MAX_BATCH, MAX_COUNT, MAX_SAMPLES, MAX_SEED

P = ParamSpec("P")
R = TypeVar("R")


def _plain(value: Any) -> Any:
    """Turn a number or an array of numpy or torch into Python's own."""
    return value.tolist() if hasattr(value, "tolist") else value


Plain = BeforeValidator(_plain)
Number = Annotated[float, Plain, Field(allow_inf_nan=False)]
Colour = Annotated[int, Plain] | Number
Text = Annotated[str, Plain]
Name = Annotated[str | int, Plain]
Names = Annotated[Sequence[Name], Plain]


class Kind:
    """What an argument may be.

    Args:
        kind: the type, in which a text is no number and True is not 1.
        words: says it, after "give".
    """

    def __init__(self, kind: Any, words: str) -> None:
        self.adapter: TypeAdapter[Any] = TypeAdapter(kind, config=ConfigDict(strict=True))
        self.words = words

    def __call__(self, name: str, value: object, optional: bool) -> object:
        """Return a value, numbers and arrays of numpy as Python's own.

        Raises:
            LabError: it cannot be the argument's.
        """
        if optional and value is None:
            return value
        try:
            return self.adapter.validate_python(value)
        except ValidationError as error:
            text = repr(value)
            shown = text if len(text) <= 60 else f"{text[:57]}..."
            raise LabError(f"{name} is {shown}: give {self.words}{', or None' if optional else ''}.") from error


def _whole(low: int, high: int) -> Kind:
    return Kind(Annotated[int, Plain, Field(ge=low, le=high)], f"a whole number from {low} to {high}")


def _one_of(*words: str) -> Kind:
    return Kind(Annotated[Literal[words], Plain], f"one of {', '.join(map(repr, words))}")


COUNT, SAMPLES, SEED = _whole(1, MAX_COUNT), _whole(0, MAX_SAMPLES), _whole(0, MAX_SEED)
FLAG = Kind(Annotated[bool, Plain], "True or False")
PATH = Kind(str | Path, "a path")
TEXT = Kind(Text, "a text")
CLASSES = Kind(Text | Names, "a list of names or indices, such as ['dog', 3]")
COLOURS = Kind(Annotated[Sequence[Colour], Plain, Field(min_length=3, max_length=3)], "three numbers, of R, G and B")
FRACTION = Annotated[Number, Field(ge=0, le=1)]

OUTPUT_NAMES = Kind(
    Text | Path | Annotated[Sequence[Text], Plain],
    "the outputs' names, such as ['cat', 'dog'], or a file of them",
)
"""What `classes` is of a network that is loaded."""

CONVENTION = _one_of(*CONVENTIONS)
"""What `boxes` is of data."""

KINDS = {
    **dict.fromkeys(("top", "min_area", "limit", "max_detections"), COUNT),
    **dict.fromkeys(("smooth", "bootstrap"), SAMPLES),
    **dict.fromkeys(("boxes", "skip_bad", "heatmaps", "pictures", "page", "pdf", "quick", "count_difficult"), FLAG),
    **dict.fromkeys(("out", "threshold_of", "data", "data_root", "name", "root", "annotations"), PATH),
    **dict.fromkeys(("method", "layer", "target", "split"), TEXT),
    **dict.fromkeys(("mean", "std"), COLOURS),
    "weights": Kind(str | Path, "'imagenet' or a file"),
    **dict.fromkeys(("seed", "split_seed"), SEED),
    "val_size": Kind(Annotated[Number, Field(gt=0)], "a share below 1 or a number of images"),
    "batch": _whole(1, MAX_BATCH),
    "size": _whole(1, 2048),
    "classes": CLASSES,
    "against": Kind(Name, "a class by its name or index"),
    "groups": Kind(
        Text | Mapping[str, Names] | Sequence[Text], "groups with their members, such as {'pet': ['cat', 'dog']}"
    ),
    "formats": Kind(Text | Sequence[Text], "a list of 'coco', 'yolo', 'voc' and 'csv'"),
    "threshold": Kind(Annotated[Number, Field(gt=0, le=1)], "a number above 0 and up to 1"),
    "iou": Kind(Annotated[Sequence[FRACTION], Plain, Field(min_length=1)], "a list of numbers from 0 to 1"),
    "activation": _one_of("softmax", "sigmoid"),
    "device": _one_of("auto", "cpu", "cuda", "mps"),
    "precision": _one_of("float32", "bf16"),
    "align": _one_of("auto", "off"),
    "ap": _one_of("area", "11point"),
    "ties": _one_of("group", "order"),
    "impl": _one_of("auto", "reference", "mine"),
}
"""What every argument of this name may be, and None beside where that is its default."""


def checked(**own: Kind) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Check the arguments of a function by `KINDS`; those that are no names of it are for the function itself.

    Args:
        own: kinds of arguments that are others in this function.
    """
    kinds = KINDS | own

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)
        optional = {name for name, parameter in signature.parameters.items() if parameter.default is None}

        @wraps(function)
        def with_checked(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                given = signature.bind(*args, **kwargs)
            except TypeError:
                return function(*args, **kwargs)  # whose own error says more
            for name, value in given.arguments.items():
                if name in kinds:
                    given.arguments[name] = kinds[name](name, value, name in optional)
            return function(*given.args, **given.kwargs)

        return with_checked

    return decorate
