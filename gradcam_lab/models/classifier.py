"""A classifier: a network, the classes that its outputs stand for, and the preprocessing of its input."""

import copy
import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any, Literal
from weakref import WeakKeyDictionary

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from gradcam_lab.errors import LabError
from gradcam_lab.files import digest
from gradcam_lab.models import imagenet
from gradcam_lab.models.batch_norm_folding import fold_batch_norms
from gradcam_lab.models.layers.probe import Probe
from gradcam_lab.models.model_choice import Device, ModelChoice

Activation = Literal["sigmoid", "softmax"]
"""How logits become probabilities: `sigmoid` where classes may occur together, `softmax` where exactly one is true."""

LAST_BLOCK = "the last block of features, after which the network only pools and decides"
"""Why the layer of a known architecture is its layer."""

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Preprocessing:
    """How an image becomes a network's input: squashed to a square, then standardised channel by channel.

    Attributes:
        size: height and width of the input in pixels. The aspect ratio is not kept, so that every pixel of the image
            is in the input and a position in the heatmap is a position in the image.
        mean: of R, G, B, which run from 0 to 1; it is subtracted.
        std: of R, G, B; the difference is divided by it.
    """

    size: int = 224
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD

    def __call__(self, image: np.ndarray) -> Tensor:
        """Turn one image, RGB uint8 of shape (H, W, 3), into a float32 tensor of shape (3, size, size)."""
        mean, std = (torch.tensor(values)[:, None, None] for values in (self.mean, self.std))
        # Colour by colour, which takes a third of the time that colours side by side take; in that order they return.
        planes = torch.from_numpy(np.ascontiguousarray(self.squash(image).transpose(2, 0, 1))).float()
        planes.div_(255).sub_(mean).div_(std)  # (3, size, size)
        return planes.permute(1, 2, 0).contiguous().permute(2, 0, 1)

    def squash(self, image: np.ndarray) -> np.ndarray:
        """Resize one image, RGB uint8 of shape (H, W, 3), to (size, size, 3); for training and for inference alike."""
        height, width = image.shape[:2]
        shrinks = height >= self.size and width >= self.size
        # Averaging over the area avoids moire, but along a side that grows it would repeat pixels.
        return cv2.resize(image, (self.size, self.size), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


@dataclass
class Classifier:
    """A network that says which classes are in an image, and how to read its outputs.

    A class is a *group* of outputs: ImageNet has 118 breeds of dogs, but a lesson asks for `dog`. In a network that was
    trained for the classes themselves each group has one output.

    Attributes:
        name: the architecture, as the zoo calls it.
        network: maps (N, 3, size, size) to logits (N, C); kept in eval mode and without parameter gradients.
        output_names: the name of each of the C outputs.
        groups: the class names, each with the indices of its outputs.
        activation: how logits become probabilities.
        layer: the module whose output Grad-CAM takes as the feature map.
        preprocessing: how an image becomes an input.
        sha256: of the weights (see `weights_hash`).
        metadata: where the weights come from, as shown in the report.
        layer_reason: why this layer, a clause.
        device: where the network runs; see `localise.explainer.place`.
        batch: images at once; None for the command's own number.
        choice: what the user named it by; None for a network that a script has made.

    Examples:
        >>> import gradcam_lab as lab
        >>> net = lab.load("embedded")
        >>> net.class_names[:3], net.activation
        (('bird', 'boat', 'car'), 'sigmoid')
        >>> net.layer, net.layer_reason
        ('layer4', 'the last block of features, after which the network only pools and decides')
    """

    name: str
    network: nn.Module
    output_names: tuple[str, ...]
    groups: Mapping[str, tuple[int, ...]]
    activation: Activation
    layer: str
    preprocessing: Preprocessing
    sha256: str
    metadata: dict[str, Any] = field(default_factory=dict)
    layer_reason: str = LAST_BLOCK
    device: Device = "auto"
    batch: int | None = None
    choice: ModelChoice | None = None

    def __post_init__(self) -> None:
        self.network.eval().requires_grad_(False)

    def at_size(self, size: int) -> "Classifier":
        """Return this classifier for inputs of another size, in pixels."""
        if size == self.preprocessing.size:
            return self
        return replace(self, preprocessing=replace(self.preprocessing, size=size))

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes."""
        return tuple(self.groups)

    @property
    def layer_name(self) -> str:
        """The layer's name in the network as it came, without the probe that may lie around it."""
        around = self.layer.rpartition(".")[0]
        return around if around and isinstance(self.network.get_submodule(around), Probe) else self.layer

    @property
    def about_layer(self) -> str:
        """Say which layer is explained, why, and on which grid."""
        rows, columns = self.grid
        return f"{self.layer_name}: {self.layer_reason}; its map has {rows} x {columns} cells"

    @cached_property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of the map, for an input of the preprocessing's size."""
        shapes: list[torch.Size] = []
        note = self.network.get_submodule(self.layer).register_forward_hook(
            lambda module, given, output: shapes.append(output.shape)
        )
        size, parameter = self.preprocessing.size, next(self.network.parameters())
        with note, torch.no_grad():
            self.network(torch.zeros(1, 3, size, size, device=parameter.device, dtype=parameter.dtype))
        return shapes[0][2], shapes[0][3]

    @cached_property
    def folded(self) -> "Classifier":
        """This classifier with a network that computes the same in less time; made once it is on its device."""
        quick = copy.copy(self)  # a subclass too, with all that it knows
        known = _folded.setdefault(self.network, {})
        key = self.sha256, self.layer
        if key not in known:
            made = fold_batch_norms(self.network, self.layer, self.preprocessing.size)
            known[key] = None if made is self.network else made
        network = known[key]
        quick.network = self.network if network is None else network
        return quick

    @cached_property
    def simple_names(self) -> tuple[str, ...]:
        """What people call each output where all are classes of ImageNet; "" where that is no other name."""
        return imagenet.simple_names(self.output_names)

    def label(self, index: int) -> str:
        """Return the name of an output, and beside it what people call it."""
        name, simple = self.output_names[index], self.simple_names[index]
        return f"{name} / {simple}" if simple else name

    @property
    def fingerprint(self) -> str:
        """A SHA-256 of all that the maps and probabilities of an image depend on.

        Beside the weights these are the layer, the preprocessing, the activation, and the classes in their order.
        """
        preprocessing, classes = asdict(self.preprocessing), list(self.groups.items())
        return digest(self.sha256, self.layer, preprocessing, self.activation, classes)

    def outputs_of(self, name: str) -> list[int]:
        """Return the indices of a class's outputs.

        Raises:
            LabError: the classifier has no such class.
        """
        if name not in self.groups:
            raise LabError(
                f"The classifier '{self.name}' knows no class '{name}': choose one of {', '.join(self.class_names)}."
            )
        return list(self.groups[name])

    def score(self, outputs: Tensor, name: str) -> Tensor:
        """Return a class's logit, the quantity whose gradient Grad-CAM takes.

        For a group it is the log-sum-exp of the group's logits: under a softmax this is the logit the group would
        have if its outputs were merged into one.

        Args:
            outputs: logits, shape (N, C).
            name: the class.

        Returns:
            Shape (N,).
        """
        return outputs[:, self.outputs_of(name)].logsumexp(dim=1)

    def probability(self, outputs: Tensor, name: str) -> Tensor:
        """Return a class's probability: that at least one of its outputs is true.

        Under a softmax the outputs exclude each other and their probabilities add up; under sigmoids they are
        taken as independent, so that p = 1 - prod(1 - p_k).

        Args:
            outputs: logits, shape (N, C).
            name: the class.

        Returns:
            Between 0 and 1, shape (N,).
        """
        group = self.outputs_of(name)
        if self.activation == "softmax":
            return outputs.softmax(dim=1)[:, group].sum(dim=1).clamp(max=1)  # a rounded sum may exceed 1
        if len(group) == 1:
            return outputs[:, group[0]].sigmoid()
        return -torch.nn.functional.logsigmoid(-outputs[:, group]).sum(dim=1).expm1()


_folded: WeakKeyDictionary[nn.Module, dict[tuple[str, str], nn.Module | None]] = WeakKeyDictionary()
"""What `Classifier.folded` has made of a network by its weights and layer; None where there was nothing to fold.

Many classifiers share a network: one for each class that is explained, and for each size of the input.
"""


def weights_hash(network: nn.Module) -> str:
    """Return the SHA-256 of a network's parameters and buffers: the same weights in another file have the same hash."""
    total = hashlib.sha256()
    for name, value in sorted(network.state_dict().items()):
        total.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        total.update(value.cpu().contiguous().numpy().tobytes())
    return total.hexdigest()
