"""ToyNet, the embedded classifier: a ResNet small enough to train in minutes without a GPU and to ship in the package.

It has torchvision's blocks under torchvision's names (`conv1 ... layer4, avgpool, fc`), so what a student writes for
a ResNet-50 runs on it as it is. Its last stage keeps the resolution of the third: a heatmap of 14 x 14 cells shows more
than one of 7 x 7.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from gradcam_lab.errors import LabError
from gradcam_lab.files import moved_into_place
from gradcam_lab.models.checkpoint import load_weights, mismatch, read_safetensors
from gradcam_lab.models.classifier import Classifier, Preprocessing, weights_hash
from gradcam_lab.vision import torchvision

WIDTHS = (32, 64, 128, 192)
"""Channels of the four stages."""

FILE = Path(__file__).with_name("toyvoc.safetensors")
"""The weights that come with the package."""


class ToyNet(nn.Module):
    """A ResNet with one basic block a stage: (N, 3, 224, 224) to logits (N, classes).

    Args:
        classes: the number of outputs.
        widths: the channels of the four stages.
    """

    def __init__(self, classes: int, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, widths[0], kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = _stage(widths[0], widths[0], stride=1)
        self.layer2 = _stage(widths[0], widths[1], stride=2)
        self.layer3 = _stage(widths[1], widths[2], stride=2)
        self.layer4 = _stage(widths[2], widths[3], stride=1)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(widths[3], classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, classes) for images (N, 3, size, size)."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))  # (N, widths[0], 56, 56)
        x = self.layer2(self.layer1(x))  # (N, widths[1], 28, 28)
        x = self.layer4(self.layer3(x))  # (N, widths[3], 14, 14)
        return self.fc(self.avgpool(x).flatten(1))


def _stage(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    shortcut = None
    if inputs != outputs or stride != 1:
        shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
    return nn.Sequential(torchvision().models.resnet.BasicBlock(inputs, outputs, stride, shortcut))


def build(classes: int, widths: Sequence[int] = WIDTHS) -> ToyNet:
    """Return a ToyNet with random weights, ready to train."""
    return ToyNet(classes, widths)


def save(
    path: Path,
    network: nn.Module,
    *,
    classes: Sequence[str],
    widths: Sequence[int],
    preprocessing: Preprocessing,
    recipe: Mapping[str, Any],
    scores: Mapping[str, Any],
) -> None:
    """Write a ToyNet with all that is needed to use it again, as safetensors.

    Convolutions and the linear layer are kept in half precision, which halves the file; BatchNorm's statistics, few
    and of any magnitude, stay in single precision.

    Args:
        path: the file, ending in `.safetensors`.
        network: the trained network.
        classes: the names of its outputs.
        widths: the channels of its stages.
        preprocessing: how an image becomes an input.
        recipe: how it was trained.
        scores: what was measured on it.

    Raises:
        LabError: the file cannot be written.
    """
    metadata = {
        "classes": list(classes),
        "widths": list(widths),
        "preprocessing": asdict(preprocessing),
        "recipe": dict(recipe),
        "scores": dict(scores),
    }
    tensors = {
        name: (value.half() if value.ndim > 1 else value).cpu().contiguous()
        for name, value in network.state_dict().items()
    }
    with moved_into_place(path) as temporary:
        save_file(tensors, temporary, {name: json.dumps(value) for name, value in metadata.items()})


def read(path: Path | None = None) -> Classifier:
    """Read a classifier that `save` wrote: the one that comes with the package, or another file.

    Raises:
        LabError: the file is missing, damaged, or was not made by `gradcam-lab train`.
    """
    if path is None:
        path = FILE
        if not path.is_file():
            raise LabError(
                f"The embedded classifier '{path}' is missing: install gradcam-lab again, or give --weights FILE."
            )
    state, texts = read_safetensors(path)
    foreign = f"'{path}' was not made by gradcam-lab train"
    try:
        metadata = {name: json.loads(text) for name, text in texts.items()}
        preprocessing = metadata["preprocessing"]
        preprocessing = Preprocessing(
            int(preprocessing["size"]), tuple(preprocessing["mean"]), tuple(preprocessing["std"])
        )
        classes, widths = tuple(metadata["classes"]), tuple(metadata["widths"])
        with torch.device("meta"):  # no memory, no random numbers drawn: the weights come from the file
            network = build(len(classes), widths)
    except (KeyError, TypeError, ValueError, IndexError, RuntimeError) as error:
        raise LabError(f"{foreign}, its metadata do not say what the network is: give a file that was.") from error
    wrong = mismatch(network, state)
    if wrong:
        raise LabError(f"{foreign}, {wrong}: give a file that was.")
    load_weights(network, state)
    return Classifier(
        name="embedded",
        network=network,
        output_names=classes,
        groups={name: (index,) for index, name in enumerate(classes)},
        activation="sigmoid",
        layer="layer4",
        preprocessing=preprocessing,
        sha256=weights_hash(network),
        metadata={"weights": path.name, "recipe": metadata.get("recipe", {}), "scores": metadata.get("scores", {})},
    )
