"""CamNet, a small network for CAM: convolutions, global average pooling, one linear layer.

Only the average lies between the last feature map and the linear layer, so that the layer's weights turn the feature
map into the CAM of each class, and `mean(CAM) + b` is the logit (Zhou et al., CVPR 2016).
"""

from collections.abc import Sequence

from torch import Tensor, nn

WIDTHS = (32, 64, 128, 256)
"""Default channels of the stages."""


class Residual(nn.Module):
    """A residual block of two convolutions: (N, C, H, W) to the same shape."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = convolution(width, width)
        self.second = convolution(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Return x plus the residual."""
        return x + self.second(self.first(x))


class CamNet(nn.Module):
    """A CAM network, plain or residual: (N, 3, S, S) to logits (N, classes).

    Args:
        classes: the number of outputs.
        residual: whether each stage ends in a residual block instead of a convolution.
        widths: the channels of the stages, each of which halves the height and the width.
    """

    def __init__(self, classes: int, residual: bool = False, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__()
        inputs = (3, *widths[:-1])
        self.features = nn.Sequential(
            *(_stage(before, after, residual) for before, after in zip(inputs, widths, strict=True))
        )
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(widths[-1], classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, classes) for images (N, 3, S, S)."""
        return self.fc(self.avgpool(self.features(x)).flatten(1))  # features: (N, widths[-1], S/16, S/16)


def convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """Return a convolution of 3 x 3, batch normalisation and ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel_size=3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


def _stage(inputs: int, outputs: int, residual: bool) -> nn.Sequential:
    second = Residual(outputs) if residual else convolution(outputs, outputs)
    return nn.Sequential(convolution(inputs, outputs, stride=2), second)
