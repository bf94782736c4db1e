"""Small networks for the checks and the tests: seeded or written out by hand, each with one peculiarity."""

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Network = TypeVar("Network", bound=nn.Module)


def seeded(network: Network, seed: int = 0) -> Network:
    """Fill all parameters from a seed, scaled so that activations neither die nor explode; return it in eval mode."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            inputs = parameter[0].numel() if parameter.dim() > 1 else 16
            parameter.normal_(0, (2 / inputs) ** 0.5, generator=generator)
    return network.eval()


def built(kind: Callable[..., Network], *sizes: int) -> Network:
    """Build a network without drawing torch's global random numbers, which nobody's code may change in a check."""
    with torch.random.fork_rng(devices=[]):
        return kind(*sizes)


def images(count: int = 2, height: int = 32, width: int = 48, seed: int = 1) -> Tensor:
    """Return seeded noise, shape (count, 3, height, width); not square, so that swapped axes show."""
    return torch.randn(count, 3, height, width, generator=torch.Generator().manual_seed(seed))


def picking(*channels: int) -> nn.Conv2d:
    """Return a 1 x 1 convolution whose output channels are plain copies of these input channels."""
    conv = nn.Conv2d(3, len(channels), kernel_size=1, bias=False)
    weight = torch.zeros(len(channels), 3, 1, 1)
    for row, channel in enumerate(channels):
        weight[row, channel] = 1
    conv.weight = nn.Parameter(weight)
    return conv


def linear(rows: list[list[float]], bias: list[float]) -> nn.Linear:
    """Return a linear layer with these weights."""
    layer = nn.Linear(len(rows[0]), len(rows))
    layer.weight, layer.bias = nn.Parameter(torch.tensor(rows).float()), nn.Parameter(torch.tensor(bias).float())
    return layer


class GapNet(nn.Module):
    """Convolution, ReLU, global average, one linear layer: what CAM asks for, in torchvision's layout."""

    def __init__(self, channels: int = 8, classes: int = 5) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, channels, kernel_size=3, stride=4, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.layer4 = nn.Conv2d(channels, channels, kernel_size=3, padding=1)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (N, C)."""
        x = self.layer4(self.relu(self.conv1(x)))
        return self.fc(self.avgpool(x).flatten(1))


class HandNet(nn.Module):
    """A map that is a copy of the image's red and green, an average, two classes: computed in the head."""

    def __init__(self) -> None:
        super().__init__()
        self.features = picking(0, 1)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = linear([[1, -1], [0.5, 2]], bias=[0.25, -3])

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (N, C)."""
        return self.fc(self.avgpool(self.features(x)).flatten(1))


class OverwritingNet(HandNet):
    """Like DenseNet: a ReLU right after `features` works in place, on the very tensor that a hook has seen."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (N, C)."""
        features = F.relu(self.features(x), inplace=True)
        return self.fc(self.avgpool(features).flatten(1))


class ResidualNet(nn.Module):
    """One residual block whose last convolution says the opposite of its shortcut."""

    class Block(nn.Module):
        """x + conv3(x), with conv3 = -0.5 on red and +1 on green."""

        def __init__(self) -> None:
            super().__init__()
            self.conv3 = nn.Conv2d(2, 2, kernel_size=1, bias=False)
            self.conv3.weight = nn.Parameter(torch.tensor([[-0.5, 0.0], [0.0, 1.0]])[:, :, None, None])

        def forward(self, x: Tensor) -> Tensor:
            """Return the block's output, of the shape of its input."""
            return x + self.conv3(x)

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = picking(0, 1)
        self.layer4 = self.Block()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = linear([[1, 0], [0, 1]], bias=[0, 0])

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (N, C)."""
        return self.fc(self.avgpool(self.layer4(self.conv1(x))).flatten(1))


class TwiceNet(GapNet):
    """One ReLU module used after two convolutions, as in torchvision's residual blocks."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (N, C)."""
        x = self.relu(self.layer4(self.relu(self.conv1(x))))
        return self.fc(self.avgpool(x).flatten(1))


class RaisingNet(GapNet):
    """Fails after the watched layer has run."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (N, C)."""
        self.layer4(self.conv1(x))
        raise ArithmeticError("the head is broken")


class SideNet(GapNet):
    """Has a layer that runs but does not reach the output, one that never runs, and one that returns no map."""

    def __init__(self) -> None:
        super().__init__()
        self.side = nn.Conv2d(3, 4, kernel_size=1)
        self.idle = nn.Conv2d(3, 4, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (N, C)."""
        self.side(x)
        return super().forward(x)


class BatchNormNet(nn.Module):
    """Batch normalisation and dropout: its result depends on the mode, and in train mode on the whole batch."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, kernel_size=3, stride=4, padding=1), nn.BatchNorm2d(8), nn.ReLU(inplace=True)
        )
        self.dropout = nn.Dropout(0.5)
        self.fc = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (N, C)."""
        return self.fc(self.dropout(self.features(x).mean(dim=(2, 3))))


class Sign(nn.Module):
    """Multiplies by 1, and after a reset by -1."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor([1.0]))

    def reset_parameters(self) -> None:
        """Begin anew, with the opposite."""
        nn.init.constant_(self.factor, -1.0)

    def forward(self, x: Tensor) -> Tensor:
        """Return x or its opposite."""
        return x * self.factor


class LongNet(BatchNormNet):
    """A block of eleven layers, features.0 to features.10: some names begin as another layer's whole name."""

    def __init__(self) -> None:
        super().__init__()
        self.features.extend(Sign() for _ in range(8))


class VggLike(nn.Module):
    """Several linear layers after a grid: CAM is not defined for it, Grad-CAM is."""

    def __init__(self, classes: int = 5) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(4),
            nn.Conv2d(8, 12, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
        )
        self.avgpool = nn.AdaptiveAvgPool2d(2)
        self.classifier = nn.Sequential(
            nn.Linear(12 * 2 * 2, 16), nn.ReLU(inplace=True), nn.Dropout(), nn.Linear(16, classes)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (N, C)."""
        return self.classifier(self.avgpool(self.features(x)).flatten(1))
