"""Batch normalisations folded into convolutions: the same numbers, and nothing folded where they would not be."""

import copy
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gradcam_lab.lessons.step2_gradcam import GradCAM
from gradcam_lab.models import zoo
from gradcam_lab.models.batch_norm_folding import fold_batch_norms
from gradcam_lab.models.classifier import weights_hash
from gradcam_lab.vision import torchvision
from tests.networks import images

SIZE = 64


class Net(nn.Module):
    """A convolution, its batch normalisation of uneven statistics, and a head."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.norm, self.head = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 5)
        self.norm.running_mean = torch.tensor([0.5, -1.0, 0.1, 2.0])
        self.norm.running_var = torch.tensor([0.5, 1.0, 4.0, 0.1])
        self.eval().requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.between(self.conv(x)).relu().mean((2, 3)))

    def between(self, features: Tensor) -> Tensor:
        return self.norm(features)


class UsedTwice(Net):
    def between(self, features: Tensor) -> Tensor:
        return self.norm(features) + features


class RunTwice(Net):
    def between(self, features: Tensor) -> Tensor:
        return self.norm(self.norm(features))


class Overwritten(Net):
    def between(self, features: Tensor) -> Tensor:
        return self.norm(F.relu(features, inplace=True))


class Uncopyable(Net):
    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()


def norms(network: nn.Module) -> int:
    return sum(isinstance(module, nn.BatchNorm2d) for module in network.modules())


@pytest.mark.parametrize(
    ("name", "layer", "left"),
    [
        ("resnet18", "layer4", 0),
        ("mobilenet_v2", "features", 0),
        ("densenet121", "features", 62),
        ("vgg11_bn", "features", 0),
    ],
)
def test_maps_and_logits_of_real_architectures_stay_the_same(name: str, layer: str, left: int) -> None:
    torch.manual_seed(0)
    network = getattr(torchvision().models, name)(weights=None)
    network.train()(torch.randn(8, 3, SIZE, SIZE))  # statistics that are not 0 and 1
    network.eval().requires_grad_(False)
    quick, batch = fold_batch_norms(network, layer, SIZE), images(3, SIZE, SIZE)
    assert norms(quick) == left
    torch.testing.assert_close(quick(batch), network(batch), rtol=0, atol=1e-4 * float(network(batch).abs().max()))
    maps = (GradCAM(network, layer)(batch, index) for index in range(20))
    index, expected = next((index, cam) for index, cam in enumerate(maps) if cam.max() > 0)
    result = GradCAM(quick, layer)(batch, index)
    torch.testing.assert_close(result, expected, rtol=0, atol=1e-4 * float(expected.max()))


def test_the_network_stays_as_it_is_and_shares_what_is_not_folded() -> None:
    network = Net()
    before = copy.deepcopy(network.state_dict())
    quick = fold_batch_norms(network, "norm", 8)
    assert quick is network  # the layer is a part of the pair
    quick = fold_batch_norms(nn.Sequential(network, nn.Identity()).eval(), "1", 8)
    assert norms(quick) == 0
    assert quick.get_submodule("0.head").weight is network.head.weight
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert not network.conv._forward_hooks
    assert not any(weight.requires_grad for weight in quick.parameters())


@pytest.mark.parametrize("make", [UsedTwice, RunTwice, Overwritten, Uncopyable])
def test_what_would_change_or_cannot_be_copied_is_not_folded(make: Callable[[], Net]) -> None:
    network = make()
    assert fold_batch_norms(network, "head", 8) is network


def test_the_layer_of_a_pair_keeps_its_output() -> None:
    network = Net()
    assert fold_batch_norms(network, "conv", 8) is network
    assert norms(fold_batch_norms(network, "head", 8)) == 0


def test_a_classifier_is_folded_once_and_keeps_what_it_is() -> None:
    classifier = zoo.load("embedded")
    quick = classifier.folded
    assert quick is classifier.folded
    assert (norms(classifier.network), norms(quick.network)) != (0, 0)
    assert norms(quick.network) == 0
    assert quick.fingerprint == classifier.fingerprint


def test_classifiers_of_one_network_share_what_was_folded_until_its_weights_change() -> None:
    classifier = zoo.load("embedded")
    other = replace(classifier, groups={"dog": classifier.groups["dog"]}).at_size(96)
    assert other.folded.network is classifier.folded.network
    assert (other.folded.preprocessing.size, other.folded.class_names) == (96, ("dog",))
    classifier.network.get_parameter("fc.weight").neg_()
    changed = replace(classifier, sha256=weights_hash(classifier.network))
    assert changed.folded.network is not classifier.folded.network
    batch = images(2, SIZE, SIZE)
    torch.testing.assert_close(changed.folded.network(batch), classifier.network(batch), rtol=1e-4, atol=1e-4)
