"""Which layer is found, and what is said where there is none."""

from typing import Any

import pytest
import torch
from torch import nn

from gradcam_lab.errors import LabError
from gradcam_lab.models.layers.find_layer import find_layer
from gradcam_lab.models.networks.architectures import ARCHITECTURES
from gradcam_lab.models.networks.cam_net import CamNet
from gradcam_lab.models.networks.toynet import ToyNet
from tests.models.layers.toys import (
    SIZE,
    WIDTH,
    Attention,
    Block,
    ChannelsLast,
    ClassMaps,
    OddForward,
    Transformer,
    seeded,
)
from tests.models.layers.trial import state_of, try_network
from tests.networks import TwiceNet, zoo

PLAIN = "the last output with a place in it that the score depends on"


def found(build, layer=None):
    return find_layer(seeded(build), SIZE, layer)


class TestTheLayer:
    @pytest.mark.parametrize("name", sorted(set(ARCHITECTURES) - {"resnet101", "resnet152", "vgg19"}))
    def test_it_is_the_one_in_the_table_of_architectures(self, name):
        own = {"toynet": lambda: ToyNet(7), "cam_net": lambda: CamNet(7)}
        network = seeded(own[name]) if name in own else zoo(name)
        layer = find_layer(network, 96)
        assert (layer.name, layer.form, layer.prefix, layer.why) == (ARCHITECTURES[name].layer, "map", 0, PLAIN)

    def test_where_only_the_class_token_goes_on_it_is_the_last_that_has_seen_the_patches(self):
        layer = found(Transformer)
        assert (layer.name, layer.form, layer.grid) == ("blocks.1.norm1", "tokens", (6, 6))
        assert (layer.channels, layer.prefix) == (WIDTH, 1)
        assert layer.why == f"{PLAIN}; the last block's patches have no gradient, because only the class token goes on"

    def test_two_class_tokens_are_counted(self):
        layer = found(lambda: Transformer(prefix=2, pool=lambda tokens: tokens[:, :2].mean(dim=1)))
        assert (layer.name, layer.prefix) == ("blocks.1.norm1", 2)
        assert layer.why.endswith("because only the 2 class tokens go on")

    @pytest.mark.parametrize("prefix", [0, 1, 5])
    def test_where_all_tokens_are_averaged_it_is_the_last_block(self, prefix):
        layer = found(lambda: Transformer(prefix, pool=lambda tokens: tokens.mean(dim=1)))
        assert (layer.name, layer.grid, layer.prefix, layer.why) == ("blocks.1", (6, 6), prefix, PLAIN)

    def test_the_grid_is_that_of_the_patches_embedding(self):
        """49 tokens are 7 x 7 cells, or these 6 x 6 behind 13 others."""
        layer = found(lambda: Transformer(13, pool=lambda tokens: tokens.mean(dim=1)))
        assert (layer.grid, layer.prefix) == ((6, 6), 13)

    def test_an_attentions_parts_are_known_whatever_it_is_called(self):
        """Linear layers by their type, and the weights of all tokens for all others by their shape."""
        block = lambda: Block(Attention(keys=nn.Identity()), name="mix")  # noqa: E731
        assert found(lambda: Transformer(block=block)).name == "blocks.1.norm1"

    def test_channels_last(self):
        layer = found(ChannelsLast)
        assert (layer.name, layer.form, layer.grid, layer.channels) == ("norm", "channels last", (6, 6), WIDTH)

    def test_a_mask_is_no_feature_map(self):
        class Weighed(OddForward):
            def forward(self, images):
                x = self.second(self.first(images))
                return self.head((x * self.mask(x)).mean(dim=(2, 3)))

        assert found(OddForward).name == "gate"
        assert found(Weighed).name == "second"

    def test_a_class_token_behind_a_feature_map_is_no_reason(self):
        class Pooled(OddForward):
            def __init__(self):
                super().__init__()
                self.tokens = nn.Linear(WIDTH, WIDTH)

            def forward(self, images):
                x = self.second(self.first(images)).flatten(2).transpose(1, 2)
                return self.head(self.tokens(torch.cat([x.mean(dim=1, keepdim=True), x], dim=1))[:, 0])

        layer = found(Pooled)
        assert (layer.name, layer.why) == ("second", PLAIN)

    def test_one_map_a_class_is_no_feature_map_though_features_may_be_as_many(self):
        assert found(ClassMaps).name == "features"

    def test_an_average_to_a_larger_grid_is_none(self):
        tail = [nn.AdaptiveAvgPool2d(7), nn.Flatten(), nn.Linear(8 * 49, 3)]
        layer = found(lambda: nn.Sequential(nn.Conv2d(3, 8, 16, stride=16), *tail))
        assert (layer.name, layer.grid) == ("0", (3, 3))

    def test_a_layer_that_runs_twice_is_passed_over(self):
        assert find_layer(TwiceNet(), 16).name != "relu"

    def test_if_there_is_nothing_but_a_linear_layer_it_is_that(self):
        class Embedded(nn.Module):
            def __init__(self):
                super().__init__()
                self.unfold, self.embed, self.head = nn.Unfold(8, stride=8), nn.Linear(192, WIDTH), nn.Linear(WIDTH, 4)

            def forward(self, x):
                return self.head(self.embed(self.unfold(x).transpose(1, 2)).relu().mean(dim=1))

        layer = found(Embedded)
        assert (layer.name, layer.form, layer.grid, layer.prefix) == ("embed", "tokens", (6, 6), 0)

    @pytest.mark.parametrize("build", [Transformer, ChannelsLast, OddForward, ClassMaps])
    def test_all_that_a_user_relies_on_holds(self, build):
        try_network(seeded(build), SIZE)


class TestTheNetworkIsLeft:
    @pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode, torch.enable_grad])
    def test_as_it_was_in_any_mode_of_the_caller(self, mode):
        network = seeded(Transformer)
        network.blocks.eval()
        network.head.requires_grad_(False)
        before = state_of(network)
        with mode():
            assert find_layer(network, SIZE).name == "blocks.1.norm1"
        assert state_of(network) == before

    def test_as_it_was_when_it_raises(self):
        network = seeded(Transformer)
        before = state_of(network)
        with pytest.raises(LabError, match=r"fails on images of 64 x 64 .* \(RuntimeError: .*\): .* --size\.$"):
            find_layer(network, 64)
        assert state_of(network) == before

    def test_also_one_that_overwrites_its_images(self):
        class Overwriting(ClassMaps):
            def forward(self, images):
                return super().forward(images.sub_(0.5))

        assert found(Overwriting).name == "features"

    def test_frozen_and_half_precision(self):
        network = seeded(Transformer).requires_grad_(False).to(torch.bfloat16)
        assert find_layer(network, SIZE).name == "blocks.1.norm1"

    def test_and_keeps_nothing_that_has_a_graph(self):
        """LeViT keeps what it computes from its weights for the next time; a graph in it could not be walked again."""

        class Keeping(ClassMaps):
            kept: Any = None

            def forward(self, images):
                if self.kept is None:
                    self.kept = next(self.parameters()) * 2
                return super().forward(images) + self.kept.sum()

        network = seeded(Keeping)
        find_layer(network, SIZE)
        assert not network.kept.requires_grad


class TestALayerThatIsNamed:
    @pytest.mark.parametrize(
        ("name", "form", "prefix"), [("embed", "map", 0), ("blocks.0", "tokens", 1), ("blocks.1.attn.qkv", "tokens", 1)]
    )
    def test_it_is_taken_with_its_form(self, name, form, prefix):
        layer = found(Transformer, name)
        assert (layer.name, layer.form, layer.grid, layer.prefix) == (name, form, (6, 6), prefix)
        assert layer.why == "the layer that was asked for"

    @pytest.mark.parametrize(
        ("build", "layer", "says"),
        [
            (Transformer, "blocks.1.norm", r"no layer 'blocks.1.norm': did you mean 'blocks.1.norm\d' or "),
            (Transformer, "§", r"no layer '§': see named_modules\(\)\."),
            (Transformer, "head", r"layer 'head' has no place in it \(it is of shape \(2, 5\), and not "),
            (
                Transformer,
                "blocks.1",
                r"does not depend on the patches of the layer 'blocks.1', only on its class token",
            ),
            (ClassMaps, "score.2", r"layer 'score.2' has no place in it"),
            (ChannelsLast, "blocks.0.attn.inner", r"has no place in it \(it is of shape \(8, 9, 32\), and not "),
            (TwiceNet, "relu", r"layer 'relu' runs 2 times .*: name the block around it"),
        ],
    )
    def test_what_cannot_be_taken_is_refused_with_the_reason(self, build, layer, says):
        with pytest.raises(LabError, match=says):
            found(build, layer)

    def test_a_part_that_does_not_run_or_that_the_score_does_not_need_is_refused(self):
        class Idle(ClassMaps):
            def __init__(self):
                super().__init__()
                self.idle, self.aside = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)

            def forward(self, images):
                self.aside(images)
                return super().forward(images)

        with pytest.raises(LabError, match="'idle' does not run by itself in a forward pass"):
            found(Idle, "idle")
        with pytest.raises(LabError, match="score does not depend on the layer 'aside'"):
            found(Idle, "aside")


class Refused(nn.Module):
    """A network with one convolution whose end is given."""

    def __init__(self, end):
        super().__init__()
        self.features, self.fc, self.end = nn.Conv2d(3, 4, 3), nn.Linear(4, 3), end

    def forward(self, x):
        return self.end(self, x)


class TestNetworksThatCannotBeExplained:
    @pytest.mark.parametrize(
        ("end", "says"),
        [
            (lambda own, x: own.fc(own.features(x).mean((2, 3))).tolist(), "returns list for 2 images, and not logits"),
            (lambda own, x: own.features(x), r"returns a tensor of shape \(2, 4, 46, 46\) for 2 images"),
            (lambda own, x: own.fc(own.features(x).mean((2, 3))).detach(), "no gradient with respect to its images"),
            (lambda own, x: own.nothing, r"fails on images .* \(AttributeError: .*'nothing'\)"),
            (lambda own, x: own.fc(x.mean((2, 3)).repeat(1, 2)[:, :4]), "No layer of the network has a place"),
            (lambda own, x: own.fc(0 * own.features(x).mean((2, 3))), "score depends on no output"),
        ],
    )
    def test_the_reason_is_said_in_one_sentence(self, end, says):
        with pytest.raises(LabError, match=says) as refusal:
            found(lambda: Refused(end))
        assert "\n" not in str(refusal.value)
        assert str(refusal.value).endswith(".")

    def test_too_little_memory_is_not_the_networks_fault(self):
        def end(own, x):
            raise RuntimeError("[enforce fail at alloc_cpu.cpp] not enough memory: you tried to allocate 9 bytes")

        with pytest.raises(RuntimeError, match="not enough memory"):
            found(lambda: Refused(end))
