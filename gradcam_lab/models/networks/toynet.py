"""ToyNet, the embedded classifier: a ResNet small enough to train in minutes without a GPU and to ship in the package.

Its blocks and the names of its modules are torchvision's (`conv1 ... layer4, avgpool, fc`), so that code for a
ResNet-50 runs on it unchanged. Its last stage keeps the resolution of the third: a heatmap of 14 x 14 cells is finer
than one of 7 x 7.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from gradcam_lab.vision import torchvision

WIDTHS = (32, 64, 128, 192)
"""Default channels of the four stages."""


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
