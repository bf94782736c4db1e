"""Networks with tokens, with the channels last, with an odd forward: which methods suit them, and that these work."""

import copy
from dataclasses import replace

import pytest
import torch
from torch import nn

from gradcam_lab.localise.affinity import earlier_layer
from gradcam_lab.localise.cam_definition import ends_in_cam, why_no_cam
from gradcam_lab.localise.experiment import Experiment
from gradcam_lab.localise.explainer import Explainer
from gradcam_lab.localise.methods import METHODS, applicable
from gradcam_lab.localise.quantisation import QuantisationError, split_at
from gradcam_lab.localise.test_time_augmentation import View, accepts
from gradcam_lab.models.classifier import Classifier, Preprocessing
from gradcam_lab.models.layers.find_layer import find_layer
from gradcam_lab.models.layers.probe import put_probe
from gradcam_lab.vision import torchvision
from tests.localise.classifiers import classifier_of
from tests.models.layers.builds import noise
from tests.models.layers.toys import SIZE, ChannelsLast, OddForward, Transformer, seeded

ENLARGED = {name for name in METHODS if name.startswith(("1.15x+1", "pair"))}
SHARED = {name for name, method in METHODS.items() if method.recipe.looks_earlier}


class Holder(nn.Module):
    """A network that holds another one."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, images):
        return self.network(images)


class Rooted(OddForward):
    """One linear layer behind an average, and a root between the two."""

    def forward(self, images):
        return self.head(self.gate(x := self.second(self.first(images)), self.mask(x)).mean(dim=(2, 3)).abs().sqrt())


def swin():
    """Torchvision's, with blocks of 16 x 16 and 8 x 8 cells whose channels come last."""
    return torchvision().models.SwinTransformer([4, 4], 12, [1, 2], [1, 2], [4, 4], num_classes=5)


def classifier_around(build, size=SIZE) -> Classifier:
    network = seeded(build).eval()
    layer = put_probe(network, find_layer(network, size))
    names = tuple(f"class {number}" for number in range(5))
    groups = {name: (number,) for number, name in enumerate(names)}
    return Classifier("own", network, names, groups, "softmax", layer, Preprocessing(size), "")


class TestWhichMethodsSuit:
    def test_a_transformer_of_a_fixed_grid_has_neither_cam_nor_other_sizes_nor_a_finer_layer(self):
        assert set(applicable(classifier_around(Transformer))) == set(METHODS) - ENLARGED - SHARED - {"cam"}

    def test_a_network_that_takes_some_sizes_has_the_methods_of_these(self):
        """Windows of 3 x 3 cells of 8 pixels fit 96 pixels, and neither 64 nor 32."""
        classifier = classifier_around(ChannelsLast)
        assert [accepts(classifier, View(scale)) for scale in (0.75, 1, 1.5, 2)] == [False, True, False, True]
        assert not set(applicable(classifier)) & ENLARGED

    def test_an_odd_forward_is_no_hindrance(self):
        assert set(applicable(classifier_around(OddForward))) == set(METHODS)

    def test_one_linear_layer_is_not_enough_for_cam(self):
        assert "cam" not in applicable(classifier_around(Rooted))
        assert not ends_in_cam(classifier_around(Rooted))

    def test_a_size_is_tried_once(self):
        classifier, sizes = classifier_around(OddForward), []
        applicable(classifier)
        classifier.network.register_forward_pre_hook(lambda network, images: sizes.append(images[0].shape[2]))
        applicable(classifier)
        assert set(sizes) == {SIZE}

    def test_too_little_memory_is_no_answer(self):
        class Large(OddForward):
            def forward(self, images):
                if images.shape[2] > SIZE:
                    raise RuntimeError("CUDA out of memory")
                return super().forward(images)

        with pytest.raises(RuntimeError, match="out of memory"):
            accepts(classifier_around(Large), View(1.5))

    @pytest.mark.parametrize("build", [Transformer, ChannelsLast, OddForward])
    def test_each_makes_finite_maps(self, build, lessons):
        classifier = classifier_around(build)
        recipes = [method.recipe for method in applicable(classifier).values()]
        found = Explainer(Experiment(classifier, lessons, "class 3"), recipes)(noise(2, SIZE))
        assert set(found) == set(recipes)
        for explained in found.values():
            assert torch.from_numpy(explained.maps).isfinite().all()
            assert explained.maps.shape[0] == 2
            assert explained.maps.shape[1] == explained.maps.shape[2] >= 6


class TestTheEarlierLayer:
    def test_blocks_whose_channels_come_last_have_no_height(self):
        classifier = classifier_around(swin, 64)
        assert classifier.layer == "permute"
        with pytest.raises(ValueError, match="no block before 'permute' has a finer map"):
            earlier_layer(classifier)

    def test_a_layer_may_lie_deep(self):
        assert earlier_layer(replace(classifier_of("resnet18"), layer="layer4.1.bn2")) == "layer3"

    def test_a_network_may_hold_another_one(self):
        inner = classifier_of("resnet18")
        outer = replace(inner, network=Holder(Holder(inner.network)), layer="network.network.layer4")
        assert earlier_layer(outer) == "network.network.layer3"


class TestStepOnesCam:
    @pytest.mark.parametrize(
        ("build", "says"),
        [
            (OddForward, "the network's parts do not run in the order in which they are listed"),
            (lambda: Holder(OddForward()), "the network's parts do not run in the order in which they are listed"),
            (Transformer, "CAM needs exactly one linear layer after the average, and this network has 9"),
        ],
    )
    def test_it_is_not_defined_whatever_the_parts_raise(self, build, says):
        assert why_no_cam(seeded(build).eval(), noise(1, SIZE)) == says

    def test_parts_in_a_list_that_nobody_calls(self):
        class Listed(nn.Module):
            def __init__(self):
                super().__init__()
                self.blocks, self.fc = nn.ModuleList([nn.Conv2d(3, 4, 3)]), nn.Linear(4, 5)

            def forward(self, images):
                return self.fc(self.blocks[0](images).mean(dim=(2, 3)))

        assert "do not run in the order" in str(why_no_cam(seeded(Listed), noise(1, SIZE)))

    def test_it_is_where_the_network_ends_so(self):
        assert why_no_cam(classifier_of("resnet18").network, noise(1, 96)) is None
        assert ends_in_cam(classifier_of("resnet18"))


def test_a_probe_is_not_quantised_and_the_reason_is_said():
    classifier = classifier_around(Transformer)
    with pytest.raises(QuantisationError, match="cannot be traced"):
        split_at(copy.deepcopy(classifier.network), classifier.layer)
