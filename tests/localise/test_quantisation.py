"""A network in integers as far as a layer: split, it gives the same logits; quantised, nearly the same maps."""

import sys
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gradcam_lab.localise.quantisation import TRUNK, QuantisationError, quantised, split_at
from tests.networks import ResidualNet, VggLike, hooks_of, images, seeded, zoo

NETWORKS: dict[str, tuple[Any, str]] = {
    "resnet18": (lambda: zoo("resnet18"), "layer4"),
    "resnet18, inside": (lambda: zoo("resnet18"), "layer3.1"),
    "mobilenet_v2": (lambda: zoo("mobilenet_v2"), "features"),
    "VGG": (lambda: seeded(VggLike()), "features"),
}


def surest(logits: Tensor) -> Tensor:
    """The highest logit of each image, as a target."""
    return logits.amax(dim=1)


class Around(nn.Module):
    """A network in which something of the image goes around the layer."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.other = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return (self.layer(x) + self.other(x)).mean(dim=(2, 3))


class Deciding(nn.Module):
    """A network whose way depends on the image, so that it cannot be traced."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        found = self.layer(x).mean(dim=(2, 3))
        return found if found.sum() > 0 else -found


@pytest.fixture(params=NETWORKS)
def network_and_layer(request):
    build, layer = NETWORKS[request.param]
    return build().eval(), layer


def test_a_network_that_is_split_gives_the_same_logits_and_maps(network_and_layer, lessons):
    network, layer = network_and_layer
    batch, parts = images(2, 64, 64), split_at(network, layer)
    with torch.no_grad():
        assert torch.equal(parts(batch), network(batch))
    whole = lessons.gradcam.GradCAM(network, layer)(batch, surest)
    torch.testing.assert_close(lessons.gradcam.GradCAM(parts, TRUNK)(batch, surest), whole)


@pytest.mark.parametrize("name", ["resnet18", "VGG"])
def test_in_integers_the_maps_are_nearly_the_same_and_the_network_is_as_it_was(name, lessons):
    build, layer = NETWORKS[name]
    network = build().eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    batch = images(4, 64, 64)
    parts = quantised(network, layer, batch)
    whole = lessons.gradcam.GradCAM(network, layer)(batch, surest).flatten(1)
    found = lessons.gradcam.GradCAM(parts, TRUNK)(batch, surest).flatten(1)
    evident = whole.any(dim=1)
    assert evident.any()
    assert torch.cosine_similarity(found, whole)[evident].mean() > 0.9
    assert not torch.equal(found, whole)
    assert any("quantized" in type(module).__module__ for module in parts.trunk.modules())
    assert not any("quantized" in type(module).__module__ for module in parts.head.modules())
    assert hooks_of(network) == 0
    assert not network.training
    after = network.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())


@pytest.mark.parametrize(
    ("network", "layer", "reason"),
    [
        (Around(), "layer", "its output depends on more than that layer"),
        (Deciding(), "layer", "its forward pass cannot be traced"),
        (seeded(ResidualNet()), "nowhere", "its layer nowhere is not to be seen"),
    ],
    ids=["around", "deciding", "no such layer"],
)
def test_a_network_that_cannot_be_split_says_why(network, layer, reason):
    for cut in (split_at, lambda network, layer: quantised(network, layer, images(2, 16, 16))):
        with pytest.raises(QuantisationError, match=reason):
            cut(network.eval(), layer)


def test_a_pytorch_without_quantisation_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.ao.quantization", None)  # as where a version has moved it elsewhere
    with pytest.raises(QuantisationError, match=rf"PyTorch {torch.__version__[:4]}.* says: .*torch.ao.quantization"):
        quantised(seeded(VggLike()).eval(), "features", images(2, 64, 64))
