"""Networks and pictures of which it is known what a truthful map must show."""

from dataclasses import replace

import numpy as np
import torch
from torch import nn

from gradcam_lab.data.toyvoc import CLASSES
from gradcam_lab.evaluate.faithfulness.comparison import ExaminedMaps
from gradcam_lab.localise.experiment import Experiment

SIDE = 112
DOG, CAT = (9, 9, 40, 40), (73, 57, 104, 104)
RIGHT = {"dog": 0, "cat": 1}
"""The channel in which `Colours` sees each class, where it is right."""


class Colours(nn.Module):
    """Dog is red stripes, and cat is green ones, or what `sees` says: two channels, each cell's mean and contrast."""

    def __init__(self, sees: dict[str, int]) -> None:
        super().__init__()
        self.features = nn.Identity()
        self.fc = nn.Linear(2, len(CLASSES))
        weight = torch.zeros(len(CLASSES), 2)
        for name, channel in sees.items():
            weight[CLASSES.index(name), channel] = 30
        self.fc.weight.data, self.fc.bias.data = weight, torch.full((len(CLASSES),), -3.0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Stripes differ from what is beside them; a bright picture is a little evidence, too."""
        colours = x[:, :2]
        contrast = nn.functional.pad((colours[..., 1:] - colours[..., :-1]).abs(), (0, 1)) + 0.05 * colours
        return self.fc(self.features(nn.functional.avg_pool2d(contrast, 8).relu()).mean(dim=(2, 3)))


class Ramp(nn.Module):
    """One channel, a ramp whatever the image shows; reset, it is turned round, so that it rises where it fell."""

    def __init__(self) -> None:
        super().__init__()
        self.ramp = nn.Parameter(torch.arange(1.0, 197).reshape(14, 14))

    def reset_parameters(self) -> None:
        self.ramp.data = self.ramp.data.flip(0, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.ramp.expand(len(x), 1, 14, 14)


class Kept(nn.Linear):
    """A layer whose weights, however often they are drawn, are those that it had."""

    def reset_parameters(self) -> None:
        nn.init.ones_(self.weight)
        nn.init.zeros_(self.bias)


def ramp_network(*, turned: bool) -> nn.Module:
    network = nn.Sequential()
    network.add_module("features", Ramp() if turned else Frozen())
    network.add_module("average", nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()))
    network.add_module("fc", Kept(1, len(CLASSES)))
    return network


class Frozen(Ramp):
    """The same, and the map does not change with the weights."""

    def reset_parameters(self) -> None:
        pass


def marked(box: tuple[int, int, int, int]) -> np.ndarray:
    """A map of 1 in a box, of the size of the scenes."""
    heatmap = np.zeros((SIDE, SIDE), np.float32)
    heatmap[box[1] - 1 : box[3], box[0] - 1 : box[2]] = 1
    return heatmap


def examined(experiment: Experiment, scenes, network: nn.Module, heatmap: np.ndarray) -> ExaminedMaps:
    """The scenes, of each of which a network's map of the dog is said to be this one."""
    classifier = replace(experiment.classifier, network=network, layer="features")
    return ExaminedMaps(replace(experiment, classifier=classifier), scenes, np.stack([heatmap] * len(scenes)))
