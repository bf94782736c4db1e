"""The probe: the same outputs, a feature map in between, and Grad-CAM that equals captum's."""

import copy
import pickle

import pytest
import torch
from captum.attr import LayerGradCam
from torch import nn

from gradcam_lab.models.layers.find_layer import FoundLayer, find_layer
from gradcam_lab.models.layers.probe import Probe, put_probe
from tests.models.layers.builds import noise
from tests.models.layers.toys import SIZE, WIDTH, Block, ChannelsLast, ClassMaps, OddForward, Transformer, seeded
from tests.networks import hooks_of, zoo

FORMS = [Transformer, ChannelsLast, lambda: Transformer(0, pool=lambda tokens: tokens.mean(dim=1))]


def probed(build, layer=None):
    """A network with its probe, and the name of the feature map."""
    network = seeded(build).eval()
    return network, put_probe(network, find_layer(network, SIZE, layer))


def features(network, name, images):
    noted = []
    with network.get_submodule(name).register_forward_hook(lambda module, given, output: noted.append(output.clone())):
        network(images)
    return noted[0]


class TestTheOutputs:
    @pytest.mark.parametrize("build", FORMS)
    def test_they_are_the_same_to_the_last_bit(self, build):
        network, name = probed(build)
        plain = seeded(build).eval()
        assert name.endswith(".features")
        assert torch.equal(network(noise(3, SIZE)), plain(noise(3, SIZE)))

    def test_a_network_with_a_feature_map_stays_as_it_is(self):
        network, name = probed(ClassMaps)
        assert name == "features"
        assert not any(isinstance(module, Probe) for module in network.modules())

    def test_the_weights_stay_where_they_are(self):
        network = seeded(Transformer)
        weight = network.blocks[1].norm1.weight
        name = put_probe(network, find_layer(network, SIZE))
        assert network.get_submodule(name.rpartition(".")[0]).module.weight is weight
        assert sum(1 for _ in network.parameters()) == sum(1 for _ in seeded(Transformer).parameters())

    @pytest.mark.parametrize("training", [True, False])
    def test_the_mode_is_the_modules(self, training):
        network = seeded(Transformer).train(training)
        put_probe(network, find_layer(network, SIZE))
        assert {module.training for module in network.modules()} == {training}


class TestTheFeatureMap:
    def test_tokens_are_cells_row_by_row_behind_the_prefix(self):
        network, name = probed(lambda: Transformer(prefix=3))
        images = noise(2, SIZE)
        grid = features(network, name, images)
        tokens = features(network, name.rpartition(".")[0], images)
        assert grid.shape == (2, WIDTH, 6, 6)
        for row, column in ((0, 0), (1, 4), (5, 2)):
            assert torch.equal(grid[:, :, row, column], tokens[:, 3 + 6 * row + column])

    def test_channels_last_are_brought_forward(self):
        network, name = probed(ChannelsLast)
        images = noise(2, SIZE)
        expected = features(network, name.rpartition(".")[0], images)
        assert torch.equal(features(network, name, images), expected.permute(0, 3, 1, 2))

    def test_what_replaces_it_is_what_the_network_goes_on_with(self):
        network, name = probed(lambda: Transformer(prefix=2))
        plain = network(noise(1, SIZE))
        layer, given = network.get_submodule(name.rpartition(".")[0]), []
        layer.register_forward_hook(lambda module, inputs, output: given.append(output))
        network.get_submodule(name).register_forward_hook(lambda module, inputs, output: torch.zeros_like(output))
        assert not torch.allclose(network(noise(1, SIZE)), plain)
        assert given[0][:, :2].abs().sum() > 0  # the tokens without a place are carried along
        assert given[0][:, 2:].abs().sum() == 0

    def test_an_image_of_another_size_has_another_grid(self):
        network, name = probed(ChannelsLast)
        assert features(network, name, noise(1, 2 * SIZE)).shape == (1, WIDTH, 12, 12)

    def test_tokens_that_are_no_square_are_an_error(self):
        probe = Probe(nn.Identity(), "tokens", prefix=1)
        with pytest.raises(ValueError, match="8 tokens are no square"):
            probe(torch.zeros(1, 9, 4))


class TestTheModule:
    def test_its_attributes_are_found_through_the_probe(self):
        probe = Probe(Block(), "tokens")
        assert isinstance(probe.norm1, nn.LayerNorm)
        with pytest.raises(AttributeError, match="nothing"):
            _ = probe.nothing

    @pytest.mark.parametrize("copied", [copy.deepcopy, lambda network: pickle.loads(pickle.dumps(network))])
    def test_a_copy_is_the_same_and_independent(self, copied, lessons):
        network, name = probed(ChannelsLast)
        other = copied(network)
        images = noise(2, SIZE)
        maps = lessons.gradcam.GradCAM(network, name)(images, 0)
        assert torch.equal(lessons.gradcam.GradCAM(other, name)(images, 0), maps)
        with torch.no_grad():
            other.get_submodule(name.rpartition(".")[0]).module.weight.mul_(-1)
        assert torch.equal(lessons.gradcam.GradCAM(network, name)(images, 0), maps)

    def test_it_is_replaced_under_each_of_its_names(self):
        network = seeded(Transformer)
        network.last = network.blocks[1]
        put_probe(network, FoundLayer("blocks.1", "tokens", (6, 6), WIDTH, 1, ""))
        assert isinstance(network.last, Probe)
        assert network.last is network.blocks[1]

    def test_step_6_makes_the_weights_within_it_random(self, lessons):
        network, name = probed(Transformer)
        with torch.no_grad():
            network.get_submodule(name.rpartition(".")[0]).module.weight.fill_(3)
        again = lessons.faithfulness.reinitialised(network, ["blocks"], 0)
        assert again.get_submodule(name.rpartition(".")[0]).module.weight.unique().tolist() == [1]


class TestGradCam:
    @pytest.mark.parametrize(
        "build", [*FORMS, ClassMaps, OddForward, lambda: zoo("resnet18", 5), lambda: zoo("squeezenet1_1", 5)]
    )
    def test_it_equals_captums(self, build, lessons):
        network, name = probed(build)
        network.requires_grad_(True)
        size = SIZE if hasattr(network, "blocks") else 96
        images, classes = noise(3, size), torch.tensor([0, 4, 2])
        ours = lessons.gradcam.GradCAM(network, name)(images, classes)
        theirs = LayerGradCam(network, network.get_submodule(name)).attribute(
            images.clone().requires_grad_(), classes, relu_attributions=True
        )
        assert ours.amax() > 0
        torch.testing.assert_close(ours, theirs[:, 0].detach(), rtol=1e-5, atol=1e-5 * float(ours.amax()))
        assert hooks_of(network) == 0

    @pytest.mark.parametrize("build", FORMS)
    def test_all_classes_at_once_are_each_class_alone(self, build, lessons):
        network, name = probed(build)
        gradcam, images = lessons.gradcam.GradCAM(network, name), noise(2, SIZE)
        one_by_one = torch.stack([gradcam(images, index) for index in range(5)], dim=1)
        torch.testing.assert_close(gradcam.all_classes(images), one_by_one, rtol=1e-4, atol=1e-6)
