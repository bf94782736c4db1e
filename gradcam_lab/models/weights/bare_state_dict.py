"""Networks that other programs have saved: a state dict without a word of what it belongs to.

Its architecture is recognised by the names and shapes of its tensors, and the number of its outputs by those of its
head. The names of its classes are nowhere in such a file: they are those of the data set that it was trained on.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from torch import Tensor

from gradcam_lab.errors import LabError
from gradcam_lab.models.classifier import Activation, Classifier, Preprocessing
from gradcam_lab.models.networks.architectures import ARCHITECTURES, TORCHVISION, blank
from gradcam_lab.models.weights.model_file import Description
from gradcam_lab.models.weights.state_dict import load_weights, mismatch, read_pickle, read_safetensors

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
    """

    arch: str
    outputs: int
    state: dict[str, Tensor]
    options: Mapping[str, Any] = field(default_factory=dict)

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

    The state dict may stand alone or be an entry of a training's checkpoint, and the network may have been a part of
    a larger module, such as `DataParallel`, whose name then stands before each of its own. Nothing is ever executed.

    Raises:
        LabError: the file is missing, damaged, holds no state dict, or one of no network that is known here.
    """
    content = read_safetensors(path)[0] if path.suffix == ".safetensors" else read_pickle(path)
    candidates = list(_state_dicts(content))
    if not candidates:
        raise LabError(
            f"'{path}' holds no state dict, a dict of names and tensors: save the model's state_dict() with torch.save."
        )
    for state in candidates:
        found = recognise(state)
        if found:
            return found
    first = next(iter(candidates[0]))
    raise LabError(
        f"'{path}' holds a state dict of no network that is known here, its first entry is '{first}': it should be one "
        f"of {', '.join(TORCHVISION)}, with all of its weights and nothing else."
    )


def _state_dicts(content: object) -> Iterator[dict[str, Tensor]]:
    """Yield the state dicts in what a file holds: itself, its entries, and what lies under a common prefix of names."""
    if not isinstance(content, dict):
        return
    for value in (content, *content.values()):
        if isinstance(value, dict) and value and all(isinstance(tensor, Tensor) for tensor in value.values()):
            state = {str(name): tensor for name, tensor in value.items()}
            yield state
            for prefix in dict.fromkeys(name.split(".")[0] + "." for name in state):
                yield {n.removeprefix(prefix): tensor for n, tensor in state.items() if n.startswith(prefix)}


def recognise(state: Mapping[str, Tensor]) -> SavedNetwork | None:
    """Return the network that a state dict is of, judged by the names and the shapes in it; None where it is none."""
    for arch in ARCHITECTURES:
        outputs = _outputs(arch, state)
        for options in OPTIONS.get(arch, ({},)) if outputs else ():
            if not mismatch(blank(arch, outputs, options), state):
                return SavedNetwork(arch, outputs, dict(state), options)
    return None


def _outputs(arch: str, state: Mapping[str, Tensor]) -> int:
    """Return how many outputs a network of an architecture has; 0 where the state dict has no such head."""
    bias = state.get(_head_bias(arch))
    return len(bias) if bias is not None and bias.ndim == 1 else 0


@cache
def _head_bias(arch: str) -> str:
    """Return the name of the bias of an architecture's head, which has one number an output."""
    return list(blank(arch, 2).state_dict())[-1]
