"""Exceptions with what was at hand, and the reasons that can be told only from both."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from torch import Tensor

from gradcam_lab.course.judging.places import names_in

IMPORTS = {
    "np": "import numpy as np",
    "torch": "import torch",
    "nn": "from torch import nn",
    "F": "import torch.nn.functional as F",
    "cv2": "import cv2",
    "plt": "import matplotlib.pyplot as plt",
    "Tensor": "from torch import Tensor",
    "Path": "from pathlib import Path",
    **{name: f"import {name}" for name in ("math", "random", "itertools", "copy", "os", "sys", "re", "json", "time")},
}
"""The line that is missing where one of these names is not known."""

TENSORS = frozenset({"clone", "detach", "cpu", "numel", "unsqueeze", "permute", "relu", "sigmoid", "softmax", "dim"})
ARRAYS = frozenset({"astype", "copy", "tolist", "ndim"})
"""What only tensors have, and what of the others only arrays have."""


@dataclass(frozen=True)
class Trouble:
    """An exception, and what was at hand where it was raised.

    Attributes:
        kind: the name of its class.
        message: the whole of it.
        line: the student's line that raised it, or "".
        names: the local variables there.
        within: the modules of the frames below that line, as "torch.nn.modules.linear".
    """

    kind: str
    message: str
    line: str = ""
    names: Mapping[str, Any] = field(default_factory=dict)
    within: tuple[str, ...] = ()

    def on_line(self, *kinds: type) -> dict[str, Any]:
        """The variables of these types that the line names."""
        used = names_in(self.line)
        return {name: value for name, value in self.names.items() if name in used and isinstance(value, kinds)}


def no_batch_axis(trouble: Trouble, match: re.Match[str]) -> str:
    """A layer of a network was given one image and not a batch; "" where it does not look like that."""
    images = [name for name, value in trouble.on_line(Tensor).items() if value.dim() == 3]
    if not images or not any(module.startswith("torch.nn.modules") for module in trouble.within):
        return ""
    return (
        f"the batch axis is missing: `{images[0]}` is one image (3, H, W), and a network wants (N, 3, H, W): "
        f"give it {images[0]}[None], and take [0] of what comes back"
    )


def not_broadcast(trouble: Trouble, match: re.Match[str]) -> str:
    """Two arrays do not line up; often the weights lack the axes of the grid."""
    arrays = trouble.on_line(Tensor, np.ndarray)
    axes = {name: value.ndim for name, value in arrays.items()}
    name = min(axes, key=lambda name: axes[name], default="")
    if not name or axes[name] == max(axes.values()):
        return (
            "the shapes do not fit: axes are lined up from the last one on; each pair must be equal, or one of them 1"
        )
    whole = max(arrays.values(), key=lambda value: value.ndim)
    index = ", ".join([":"] * axes[name] + ["None"] * _axes_to_append(arrays[name].shape, whole.shape))
    return (
        f"`{name}` has {axes[name]} {'axis' if axes[name] == 1 else 'axes'} and is not broadcast over the grid: axes "
        f"are lined up from the last one on, so append the missing ones, as in {name}[{index}]"
    )


def _axes_to_append(part: tuple[int, ...], whole: tuple[int, ...]) -> int:
    """How many axes bring `part` to where its lengths stand in `whole`; rather two, the grid's, where several do."""
    places = range(len(whole) - len(part))
    fitting = [len(whole) - at - len(part) for at in places if whole[at : at + len(part)] == part]
    return min(fitting, key=lambda count: abs(count - 2), default=len(whole) - len(part))


def product(trouble: Trouble, match: re.Match[str]) -> str:
    """The shapes of a matrix product do not fit."""
    return (
        "the inner lengths of a matrix product must be equal, (n, k) @ (k, m): look at both shapes, and transpose one "
        "(.T), or move its axes, where k stands in the wrong place"
    )


def unknown_name(trouble: Trouble, match: re.Match[str]) -> str:
    """A name that is nowhere defined, or whose import is missing."""
    name = match[1]
    if name in IMPORTS:
        return f"an import is missing: write '{IMPORTS[name]}' at the top of the file"
    return f"`{name}` is nowhere defined: is it spelt as where it was assigned, or was its line deleted?"


def unknown_attribute(trouble: Trouble, match: re.Match[str]) -> str:
    """An attribute that this kind of value has not; often it is the other library's."""
    kind, name = match[1], match[2]
    if kind == "NoneType":
        return _none(f"what stands before `.{name}` is None", trouble)
    if kind in ("Tensor", "Parameter"):
        other = {"astype": "use .to(dtype), as in .to(torch.float32)", "copy": "use .clone()", "ndim": "use .dim()"}
        return f"a tensor has no `.{name}`" + (
            f", which is NumPy's: {other[name]}" if name in other else ": see its spelling"
        )
    if kind == "numpy.ndarray":
        return f"an array has no `.{name}`" + (
            ", which is torch's: use NumPy's function, or torch.from_numpy first"
            if name in TENSORS
            else ": see its spelling"
        )
    if kind in ("list", "tuple", "float", "int"):
        return (
            f"this is a plain {kind}, no array: make one of it first (np.array, torch.tensor), or leave `.{name}` out"
        )
    return f"there is no `.{name}`: see its spelling, and what the value before the dot is"


def none_used(trouble: Trouble, match: re.Match[str]) -> str:
    """A value is None."""
    return _none("a value here is None", trouble)


def _none(what: str, trouble: Trouble) -> str:
    """What None comes from: where gradients are about, it is often the `.grad` of a tensor that was computed."""
    empty = "the `.grad` of a tensor that is no leaf, that is, one that was computed: this is always None, so use "
    empty += "torch.autograd.grad, which gives the gradient of any tensor"
    if re.search(r"(?<!autograd)\.grad\b", trouble.line):
        return f"{what}: it is {empty}"
    ways = ["a function without a `return`", "a method that returns nothing, as .sort() and .append()"]
    if any(isinstance(value, Tensor) and value.requires_grad for value in trouble.names.values()):
        ways = ["a function without a `return`", empty]
    return f"{what}: {', or '.join(ways)}"


def opencv(trouble: Trouble, match: re.Match[str]) -> str:
    """OpenCV was given what it does not take: a tensor, a mask of bool, 64-bit whole numbers, floats for a size."""
    arrays = trouble.on_line(np.ndarray, Tensor)
    for name, value in arrays.items():
        if isinstance(value, Tensor):
            return f"OpenCV takes NumPy arrays, and `{name}` is a tensor: give it {name}.numpy()"
        if value.dtype == bool:
            return f"OpenCV knows no bool, and `{name}` is a mask of True and False: give it {name}.astype(np.uint8)"
    for name, value in arrays.items():
        if value.dtype in (np.int64, np.uint64, np.float16, np.uint32):
            return f"OpenCV knows no {value.dtype} here (`{name}`): give it .astype(np.uint8), or .astype(np.float32)"
        if value.size == 0:
            return f"`{name}` is empty: ask first whether there is anything in it"
    if "dsize" in trouble.message or "Sequence item" in trouble.message:
        return "OpenCV wants whole numbers of Python's own for a size, (width, height): int(...) makes them"
    if re.search(r"bool|data type = 0 ", trouble.message):
        return "OpenCV knows no bool: give it the mask as .astype(np.uint8)"
    return "OpenCV wants another type or shape here: .astype(np.uint8) for masks and images, np.float32 for maps"


def float_index(trouble: Trouble, match: re.Match[str]) -> str:
    """An index is no whole number: it comes from a division, or from an array of floats."""
    if re.search(r"(?<!/)/(?!/)", re.sub(r"""'[^']*'|"[^"]*"|#.*""", "", trouble.line)):
        return (
            "an index must be a whole number: `/` gives a float even where it comes out even, so use `//`, or int(...)"
        )
    return (
        "an index must be a whole number, and what comes from a float array, or from its .tolist(), is a float: take "
        "int(...) of it, or .astype(int) or .long() of a whole array"
    )


def arguments(trouble: Trouble, match: re.Match[str]) -> str:
    """A call with other arguments than the function takes."""
    if not trouble.line:  # the call is not the student's: the check's, or the lesson's
        return (
            f"`{match[1]}` is called as the lesson's `def` line says, and yours is another: leave this line as it was; "
            "a further parameter needs a default"
        )
    return f"`{match[1]}` is called with other arguments than it takes: compare the call with its `def` line"


def missing_module(trouble: Trouble, match: re.Match[str]) -> str:
    """A module that is neither beside the step files nor installed."""
    name = match[1].partition(".")[0]
    return (
        f"there is no file {name}.py beside your step files, and no library of this name is installed: see its spelling"
    )


def dtype(trouble: Trouble, match: re.Match[str]) -> str:
    """Two types of numbers meet."""
    kinds = {name: value.dtype for name, value in trouble.on_line(Tensor).items()}
    seen = ", ".join(f"`{name}` is {str(kind).removeprefix('torch.')}" for name, kind in kinds.items())
    return (
        "two kinds of numbers meet that torch does not mix here"
        + (f" ({seen})" if len(set(kinds.values())) > 1 else "")
        + ": convert one of them, as in x.to(y.dtype); arrays of NumPy are float64 unless told otherwise"
    )
