"""Networks that other programs have saved: a state dict without a word of what it belongs to.

Its architecture is recognised by the names and shapes of its tensors, and the number of its outputs by those of its
head. The names of its classes are nowhere in such a file: they are those of the data set that it was trained on.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gradcam_lab.console import warn
from gradcam_lab.errors import LabError
from gradcam_lab.models import imagenet
from gradcam_lab.models.classifier import Activation, Classifier, Preprocessing
from gradcam_lab.models.networks.architectures import ARCHITECTURES, TORCHVISION, blank
from gradcam_lab.models.weights.model_file import Description
from gradcam_lab.models.weights.state_dict import COUNTERS, listed, load_weights, mismatch, read_weights

OPTIONS: dict[str, tuple[Mapping[str, Any], ...]] = {"cam_net": ({}, {"residual": True})}
"""The options that an architecture may have been built with; of the others none."""


@dataclass(frozen=True)
class SavedNetwork:
    """A network in a file that does not describe it.

    Attributes:
        arch: one of `ARCHITECTURES`.
        outputs: the number of its outputs.
        state: its weights, under the architecture's own names.
        options: those that the architecture is built with.
        place: where in the file it is: the names of entries and modules that lead to it, with dots between them.
        others: the places of other networks in the file.
    """

    arch: str
    outputs: int
    state: dict[str, Tensor]
    options: Mapping[str, Any] = field(default_factory=dict)
    place: str = ""
    others: tuple[str, ...] = ()

    def say_if_one_of_several(self, path: Path) -> None:
        """Warn where the file holds other networks too, such as a teacher beside its student."""
        if self.others:
            warn(
                f"'{path}' holds {1 + len(self.others)} different networks: '{self.place}' is taken, and not "
                f"{listed(self.others)}; save one alone to choose it."
            )

    def classifier(
        self, classes: Sequence[str], activation: Activation = "softmax", *, size: int = 224, file: str = ""
    ) -> Classifier:
        """Return the classifier of this network.

        Args:
            classes: the names of its outputs, as many as it has.
            activation: `sigmoid` where classes may occur together.
            size: height and width of its input in pixels.
            file: the file's name, for reports.
        """
        network = blank(self.arch, self.outputs, self.options)
        load_weights(network, self.state)
        description = Description(self.arch, tuple(classes), activation, Preprocessing(size), options=self.options)
        return description.classifier(network, file)


def read(path: Path) -> SavedNetwork:
    """Read the network in a state dict of any architecture of the zoo, with any number of outputs.

    The state dict may stand alone or anywhere in a training's checkpoint, and the network may have been a part of
    larger modules, such as `DataParallel`, whose names then stand before each of its own. Nothing is ever executed.

    Raises:
        LabError: the file is missing, damaged, holds no state dict, or one of no network that is known here.
    """
    return find_network(read_weights(path), path)


def find_network(content: object, path: Path) -> SavedNetwork:
    """Find the network in what a file holds: `read` without reading.

    Raises:
        LabError: there is none, or none that is known here.
    """
    candidates = list(state_dicts(content))
    networks = [network for place, state in candidates if (network := recognise(state, place))]
    if networks:
        first = networks[0]
        return replace(
            first, others=tuple(other.place for other in networks[1:] if not _equal(other.state, first.state))
        )
    if not candidates:
        raise LabError(
            f"'{path}' holds no state dict, a dict of names and tensors, but {describe_content(content)}: save the "
            "model's state_dict() by torch.save."
        )
    raise LabError(f"'{path}' holds {_nearly([state for _, state in candidates])}.")


def _equal(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    """Say whether two state dicts hold the same numbers under the same names."""
    return one.keys() == other.keys() and all(
        torch.equal(tensor.nan_to_num(), other[name].nan_to_num()) for name, tensor in one.items()
    )


DEPTH = 4
"""Entries inside of entries, and modules around modules, that are looked through for a network."""


Placed = tuple[str, dict[str, Tensor]]
"""A state dict and where it is; see `SavedNetwork.place`."""


def state_dicts(content: object, place: str = "", depth: int = DEPTH) -> Iterator[Placed]:
    """Yield the state dicts in what a file holds: itself, those in its entries, and each without prefixes of names."""
    if not isinstance(content, dict) or depth < 0:
        return
    state = {str(name): tensor for name, tensor in content.items() if isinstance(tensor, Tensor)}
    if state:
        yield from _without_prefixes(state, place, DEPTH)
    for name, value in content.items():
        yield from state_dicts(value, f"{place}.{name}".strip("."), depth - 1)


def _without_prefixes(state: dict[str, Tensor], place: str, depth: int) -> Iterator[Placed]:
    """Yield a state dict, and those of its modules, of their modules, and so on."""
    yield place, state
    modules: dict[str, dict[str, Tensor]] = {}
    for name, tensor in state.items():
        module, dot, rest = name.partition(".")
        if dot:
            modules.setdefault(module, {})[rest] = tensor
    for module, inner in modules.items() if depth else ():
        yield from _without_prefixes(inner, f"{place}.{module}".strip("."), depth - 1)


def recognise(state: Mapping[str, Tensor], place: str = "") -> SavedNetwork | None:
    """Return the network that a state dict is of, judged by the names and the shapes in it; None where it is none."""
    for arch in ARCHITECTURES:
        outputs = _outputs(arch, state)
        for options in OPTIONS.get(arch, ({},)) if outputs else ():
            if not mismatch(blank(arch, outputs, options), state):
                return SavedNetwork(arch, outputs, dict(state), options, place)
    return None


NEAR = 0.5
"""Share of names in common, of all names of both, from which on a state dict is said to be nearly of a network."""


def _nearly(candidates: Sequence[Mapping[str, Tensor]]) -> str:
    """Say which network the most similar of some state dicts is nearly of, and what is wrong with it."""
    named = [(state, _weight_names(state)) for state in candidates]
    share, (arch, options), state = max(
        (
            (len(own & has) / len(own | has), (arch, options), state)
            for arch, options, has in _known_names()
            for state, own in named
        ),
        key=lambda found: found[0],
    )
    if share < NEAR:
        largest = max(candidates, key=len)
        first = listed(list(largest))
        return (
            f"a state dict of no network that is known here, its first entries are {first}: it should be one of "
            f"{', '.join(TORCHVISION)}, with all of its weights and nothing else"
        )
    outputs = _outputs(arch, state) or len(imagenet.class_names())
    wrong = mismatch(blank(arch, outputs, options), state)
    return f"nearly the weights of {arch}, but {wrong}: give a file of exactly its tensors and their shapes"


@cache
def _known_names() -> list[tuple[str, Mapping[str, Any], frozenset[str]]]:
    """Every network that is known here, with the names of its weights."""
    known = [(arch, options) for arch in ARCHITECTURES for options in OPTIONS.get(arch, ({},))]
    return [(arch, options, _weight_names(blank(arch, 2, options).state_dict())) for arch, options in known]


def _weight_names(state: Iterable[str]) -> frozenset[str]:
    return frozenset(name for name in state if not name.endswith(COUNTERS))


def describe_content(value: object) -> str:
    """Say in a few words what a file holds that is no state dict."""
    if not isinstance(value, dict):
        return f"an object of type '{type(value).__name__}'"
    return f"a dict of {len(value)} entries{f' ({listed(list(map(str, value)))})' if value else ''} without any tensor"


def _outputs(arch: str, state: Mapping[str, Tensor]) -> int:
    """Return how many outputs a network of an architecture has; 0 where the state dict has no such head."""
    bias = state.get(_head_bias(arch))
    return len(bias) if bias is not None and bias.ndim == 1 else 0


@cache
def _head_bias(arch: str) -> str:
    """Return the name of the bias of an architecture's head, which has one number an output."""
    return list(blank(arch, 2).state_dict())[-1]
