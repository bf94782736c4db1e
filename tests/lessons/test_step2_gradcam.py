"""Step 2 against maps worked out by hand, against step 1, and against each way in which published code goes wrong."""

import copy
from collections.abc import Callable
from contextlib import nullcontext

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gradcam_lab.lessons import step1_cam, step2_gradcam
from gradcam_lab.lessons.step2_gradcam import (
    Captioner,
    GradCAM,
    channel_weights,
    input_gradient,
    select_scores,
    vgg_gradcam,
    weighted_map,
)
from gradcam_lab.vision import torchvision
from tests.networks import (
    BatchNormNet,
    GapNet,
    HandNet,
    OverwritingNet,
    RaisingNet,
    ResidualNet,
    SideNet,
    TwiceNet,
    VggLike,
    hooks_of,
    images,
    seeded,
    zoo,
)


def photo(red: list[list[float]], green: list[list[float]]) -> Tensor:
    """Return one image of these red and green values, blue 0, shape (1, 3, H, W)."""
    planes = torch.tensor([red, green]).float()
    return torch.cat([planes, torch.zeros_like(planes[:1])])[None]


# 2.1 and 2.2 the formulas


def test_channel_weights_by_hand():
    """The mean, not the sum, over space; one weight a channel and image."""
    gradients = torch.tensor([[[[1.0, 2, 3], [0, 0, 6]], [[-6.0, 0, 0], [0, 0, 0]]]]).repeat(2, 1, 1, 1)
    gradients[1] *= 3
    assert channel_weights(gradients).tolist() == [[2.0, -1.0], [6.0, -3.0]]


def test_weighted_map_by_hand():
    """ReLU after the sum: 2 - 3 is cut, and 2 - 1 = 1 is kept, where ReLU of each term would say 2 and 2."""
    features = torch.tensor([[[[1.0, 1.0, -1.0]], [[3.0, 1.0, -4.0]]]])
    assert weighted_map(features, torch.tensor([[2.0, -1.0]])).tolist() == [[[0.0, 1.0, 2.0]]]


def test_gradcam_by_hand():
    """HandNet: y_0 = mean(red) - mean(green) + 0.25 so alpha = (1/4, -1/4), and L is relu(red - green) / 4."""
    x = photo(red=[[4, 8], [0, 2]], green=[[0, 4], [4, 0]])
    assert GradCAM(HandNet(), "features")(x, 0).tolist() == [[[1.0, 1.0], [0.0, 0.5]]]
    assert GradCAM(HandNet(), "features")(x, 1).tolist() == [[[0.5, 3.0], [2.0, 0.25]]]


# It contains CAM.


@pytest.mark.parametrize(("name", "layer"), [("tiny", "layer4"), ("resnet18", "layer4"), ("mobilenet_v2", "features")])
def test_gradcam_is_relu_of_cam_over_the_number_of_cells(name, layer):
    network = seeded(GapNet()) if name == "tiny" else zoo(name)
    x = images(2, 64, 96)
    explain = GradCAM(network, layer)
    for c in range(5):
        cam = step1_cam.class_activation_map(network, x, c)
        expected = cam.relu() / (cam.shape[1] * cam.shape[2])
        assert torch.allclose(explain(x, c), expected, rtol=0, atol=1e-6)
        assert expected.max() > 1e-3  # 1e-6 means something at this scale


# The ways in which published code goes wrong.


def test_item_1_in_place_relu_after_the_layer_overwrites_nothing():
    """A = (4, -8), (-4, 8); ReLU keeps one cell of each, so alpha = (1/4, -1/4) and L = (2, 0).

    Read after the ReLU wrote into it, A would be (4, 0), (0, 8) and L = (1, 0).
    """
    x = photo(red=[[4, -8]], green=[[-4, 8]])
    assert GradCAM(OverwritingNet(), "features")(x, 0).tolist() == [[[2.0, 0.0]]]
    assert GradCAM(OverwritingNet(), "features").all_classes(x)[0, 0].tolist() == [[2.0, 0.0]]


def test_item_1_the_stored_map_is_the_layers_output():
    """Also for a convolution that torchvision's layout follows with `nn.ReLU(inplace=True)`."""
    network, x = seeded(VggLike()), images(2)
    with step2_gradcam.watched(network, "features.3") as stored:
        network(x)
    with torch.no_grad():
        expected = network.features[:4](x)
    assert (expected < 0).any()
    assert torch.equal(stored[0], expected)


def test_item_2_in_place_layers_where_backward_hooks_fail():
    """`register_full_backward_hook` raises on this layer; a forward hook and `autograd.grad` do not."""
    network, x = seeded(VggLike()), images(2)
    handle = network.features[3].register_full_backward_hook(lambda *arguments: None)
    with pytest.raises(RuntimeError, match="inplace"):
        network(x)
    handle.remove()
    assert GradCAM(network, "features.3")(x, 1).shape == (2, 8, 12)


@pytest.mark.parametrize("layer", ["features.1", "features.4"])
def test_item_2_the_layer_may_be_an_in_place_relu_itself(layer):
    """The same map as that of the convolution before it, cut at zero, in a network without in-place layers."""
    network, x = seeded(VggLike()), images(2)
    plain = copy.deepcopy(network)
    for module in plain.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
    assert torch.equal(GradCAM(network, layer)(x, 2), GradCAM(plain, layer)(x, 2))


def test_item_3_a_layer_that_runs_twice_is_refused():
    """It has two outputs, and the last one silently wins in published code."""
    network = seeded(TwiceNet())
    with pytest.raises(RuntimeError, match="'relu' runs more than once"):
        GradCAM(network, "relu")(images(2), 0)
    assert hooks_of(network) == 0
    assert GradCAM(network, "layer4")(images(2), 0).shape == (2, 8, 12)


def test_item_3_in_resnet():
    """`layer4.1.relu` of torchvision's ResNet-18 runs after each of the block's two convolutions."""
    with pytest.raises(RuntimeError, match="more than once"):
        GradCAM(zoo("resnet18"), "layer4.1.relu")(images(1), 0)


MODES: dict[str, Callable] = {
    "plain": nullcontext,
    "no_grad": torch.no_grad,
    "inference_mode": torch.inference_mode,
    "enable_grad": torch.enable_grad,
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("frozen", [False, True])
def test_item_4_frozen_weights_and_any_grad_mode(mode, frozen):
    """The map needs no gradient of any weight, and works inside no_grad and inference_mode."""
    network = seeded(VggLike())
    explain, x = GradCAM(network, "features"), images(2)
    expected_map, expected_all, expected_gradient = explain(x, 1), explain.all_classes(x), input_gradient(network, x, 1)
    network.requires_grad_(not frozen)
    with MODES[mode]():
        inside = images(2)  # made inside: under inference_mode an inference tensor
        recording = torch.is_grad_enabled(), torch.is_inference_mode_enabled()
        assert torch.equal(explain(inside, 1), expected_map)
        assert torch.equal(explain.all_classes(inside), expected_all)
        assert torch.equal(input_gradient(network, inside, 1), expected_gradient)
        assert (torch.is_grad_enabled(), torch.is_inference_mode_enabled()) == recording
    assert expected_map.max() > 0


@pytest.mark.parametrize("call", ["map", "all", "input"])
def test_item_5_no_hook_is_left_behind(call):
    """Also after many calls."""
    network, x = seeded(VggLike()), images(2)
    explain = GradCAM(network, "features")
    calls = {
        "map": lambda: explain(x, 0),
        "all": lambda: explain.all_classes(x),
        "input": lambda: input_gradient(network, x, 0),
    }
    for _ in range(3):
        calls[call]()
        assert hooks_of(network) == 0


@pytest.mark.parametrize("call", ["map", "all", "input"])
@pytest.mark.parametrize("mode", MODES)
def test_item_5_nothing_is_left_behind_when_the_forward_raises(call, mode):
    """Hooks, training flags and the grad mode are as before, and the error is the network's own."""
    network, x = seeded(RaisingNet()), images(2)
    network.train()
    explain = GradCAM(network, "layer4")
    calls = {
        "map": lambda: explain(x, 0),
        "all": lambda: explain.all_classes(x),
        "input": lambda: input_gradient(network, x, 0),
    }
    with MODES[mode]():
        recording = torch.is_grad_enabled(), torch.is_inference_mode_enabled()
        with pytest.raises(ArithmeticError, match="the head is broken"):
            calls[call]()
        assert (torch.is_grad_enabled(), torch.is_inference_mode_enabled()) == recording
    assert hooks_of(network) == 0
    assert all(module.training for module in network.modules())


def test_item_5_nothing_is_left_behind_when_the_target_is_wrong():
    """The same for an error after the forward pass."""
    network = seeded(GapNet()).train()
    with pytest.raises(ValueError, match="between 0 and 4"):
        GradCAM(network, "layer4")(images(2), 99)
    assert hooks_of(network) == 0
    assert network.training
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("target", [[1], [0, 1], [0, 1, 2, 3], torch.tensor([1, 2]), [], torch.tensor([[0], [1], [2]])])
def test_item_6_the_number_of_targets_must_be_the_number_of_images(target):
    """Zipped with the images, too few would give the last images maps of zeros."""
    network = seeded(GapNet())
    with pytest.raises(ValueError, match="3 images need a target of shape"):
        GradCAM(network, "layer4")(images(3), target)
    with pytest.raises(ValueError, match="3 images need a target of shape"):
        input_gradient(network, images(3), target)


def mixed(network: nn.Module) -> nn.Module:
    """Put some parts in train mode and others, below them and above, in eval mode."""
    network.train()
    network.get_submodule("features").eval()
    network.get_submodule("features.1").train()
    return network


@pytest.mark.parametrize("call", ["map", "all", "input"])
def test_item_7_the_model_and_the_images_are_left_as_they_were(call):
    """Flags of every part, weights and their `.grad`, running statistics, and the images."""
    network, x = mixed(seeded(BatchNormNet())), images(3)
    for index, parameter in enumerate(network.parameters()):
        parameter.grad = torch.full_like(parameter, index) if index % 2 else None
    flags = {name: module.training for name, module in network.named_modules()}
    state = copy.deepcopy(network.state_dict())
    gradients = [None if p.grad is None else p.grad.clone() for p in network.parameters()]
    pixels = x.clone()

    explain = GradCAM(network, "features")
    {
        "map": lambda: explain(x, 0),
        "all": lambda: explain.all_classes(x),
        "input": lambda: input_gradient(network, x, 0),
    }[call]()

    assert {name: module.training for name, module in network.named_modules()} == flags
    assert len(set(flags.values())) == 2
    assert all(torch.equal(state[name], value) for name, value in network.state_dict().items())
    for parameter, gradient in zip(network.parameters(), gradients, strict=True):
        if gradient is None:
            assert parameter.grad is None
        else:
            assert parameter.grad is not None
            assert torch.equal(parameter.grad, gradient)
    assert torch.equal(x, pixels)
    assert not x.requires_grad
    assert x.grad is None


@pytest.mark.parametrize("call", ["map", "all", "input"])
def test_item_7_an_image_alone_and_in_a_batch_have_the_same_map(call):
    """In train mode batch normalisation would mix the images, and dropout would change every call."""
    network, x = mixed(seeded(BatchNormNet())), images(4)
    explain = GradCAM(network, "features")
    run: Callable[[Tensor], Tensor] = {
        "map": lambda batch: explain(batch, 1),
        "all": explain.all_classes,
        "input": lambda batch: input_gradient(network, batch, 1),
    }[call]
    together = run(x)
    alone = torch.cat([run(image[None]) for image in x])
    assert torch.allclose(together, alone, rtol=0, atol=1e-6)
    assert together.abs().max() > 1e-3


def test_item_7_images_that_require_a_gradient_still_do():
    """And they receive none."""
    x = images(2).requires_grad_()
    GradCAM(seeded(GapNet()), "layer4")(x, 0)
    input_gradient(seeded(GapNet()), x, 0)
    assert x.requires_grad
    assert x.grad is None


def test_item_8_the_last_convolution_is_not_the_blocks_output():
    """The block, x + conv3(x), is half the red; conv3 alone is minus half, and its map says the opposite: nothing."""
    x = photo(red=[[4, 8]], green=[[1, 1]])
    network = ResidualNet()
    assert GradCAM(network, "layer4")(x, 0).tolist() == [[[1.0, 2.0]]]  # 0.5 * red, alpha = 1/2
    assert GradCAM(network, "layer4.conv3")(x, 0).tolist() == [[[0.0, 0.0]]]


def test_item_8_in_resnet():
    """`layer4` is its last block's output, shortcut and ReLU included."""
    network, x = zoo("resnet18"), images(2, 64, 96)
    assert torch.equal(GradCAM(network, "layer4")(x, 1), GradCAM(network, "layer4.1")(x, 1))
    inner = GradCAM(network, "layer4.1.conv2")(x, 1)
    assert not torch.allclose(inner, GradCAM(network, "layer4")(x, 1), rtol=0.1)


def test_item_9_a_mirrored_image_has_the_mirrored_map():
    """Mirroring is the last axis. `torch.fliplr` flips axis 1, the colours: red becomes blue."""
    x = photo(red=[[4, 8, 1], [0, 2, 3]], green=[[0, 4, 0], [4, 0, 0]])
    explain = GradCAM(HandNet(), "features")
    assert torch.equal(explain(x.flip(-1), 0), explain(x, 0).flip(-1))
    assert torch.equal(torch.fliplr(x)[:, 2], x[:, 0])  # the trap: no pixel has moved
    assert not torch.equal(explain(torch.fliplr(x), 0), explain(x, 0).flip(-1))


def test_item_10_the_map_of_a_wide_image_is_wide():
    """Height and width keep their places, and a hot pixel its row and column."""
    x = torch.zeros(1, 3, 64, 96)
    assert GradCAM(zoo("resnet18"), "layer4")(x, 0).shape == (1, 2, 3)
    red = torch.zeros(1, 3, 2, 3)
    red[0, 0, 0, 2] = 6
    assert GradCAM(HandNet(), "features")(red, 0).tolist() == [[[0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]]


# The logit, not the probability; a graph only where it is needed


def test_a_sure_network_still_explains_itself():
    """At a logit of 17 the sigmoid's derivative is exactly 0 in float32; the logit's is not."""
    x = photo(red=[[68, 0]], green=[[0, 0]])
    assert torch.sigmoid(HandNet()(x))[0, 0] == 1
    maps = GradCAM(HandNet(), "features")
    assert maps(x, 0).tolist() == [[[34.0, 0.0]]]
    assert maps(x, lambda outputs: outputs[:, 0].sigmoid()).tolist() == [[[0.0, 0.0]]]


def test_the_graph_begins_at_the_layer():
    """Speed: what lies before the layer runs without a graph, what lies behind it with one."""
    network = seeded(VggLike())
    recording = {}

    def note(name: str) -> Callable:
        return lambda *arguments: recording.update({name: torch.is_grad_enabled()})

    for name in ("features.0", "features.3", "avgpool", "classifier.0"):
        network.get_submodule(name).register_forward_pre_hook(note(name))
    maps = GradCAM(network, "features")(images(2), 0)
    assert recording == {"features.0": False, "features.3": False, "avgpool": True, "classifier.0": True}
    assert not maps.requires_grad
    assert not GradCAM(network, "features").all_classes(images(2)).requires_grad


def test_channels_last_images_give_the_same_maps():
    network, x = copy.deepcopy(zoo("resnet18")), images(2, 64, 96)
    expected = GradCAM(network, "layer4")(x, 3)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    maps = GradCAM(network, "layer4")(x.contiguous(memory_format=torch.channels_last), 3)
    assert torch.allclose(maps, expected, rtol=1e-4, atol=1e-6)


# Layers that do not do


def test_an_unknown_layer_is_refused_at_once():
    with pytest.raises(ValueError, match=r"no layer 'layer5'.*layer4"):
        GradCAM(seeded(GapNet()), "layer5")


def test_a_layer_that_does_not_run_is_refused():
    with pytest.raises(RuntimeError, match="'idle' did not run"):
        GradCAM(seeded(SideNet()), "idle")(images(1), 0)
    with pytest.raises(RuntimeError, match="'idle' did not run"):
        GradCAM(seeded(SideNet()), "idle").all_classes(images(1))


def test_a_layer_without_a_grid_is_refused():
    network = seeded(GapNet())
    with pytest.raises(ValueError, match=r"'fc' does not return a feature map"):
        GradCAM(network, "fc")(images(1), 0)
    assert hooks_of(network) == 0


def test_a_layer_that_the_score_does_not_depend_on_is_an_error_not_a_map_of_zeros():
    network = seeded(SideNet())
    with pytest.raises(RuntimeError, match="not have been used"):
        GradCAM(network, "side")(images(1), 0)
    assert hooks_of(network) == 0


# 2.4 targets


def test_targets_pick_their_scores():
    outputs = torch.tensor([[1.0, 2, 3], [4, 5, 6]])
    assert select_scores(outputs, 1).tolist() == [2, 5]
    assert select_scores(outputs, [2, 0]).tolist() == [3, 4]
    assert select_scores(outputs, (2, 0)).tolist() == [3, 4]
    assert select_scores(outputs, torch.tensor([0, 1])).tolist() == [1, 5]
    assert select_scores(outputs, torch.tensor(2)).tolist() == [3, 6]
    assert select_scores(outputs, np.array([1, 2])).tolist() == [2, 6]
    assert select_scores(outputs, lambda z: z[:, 2] - z[:, 0]).tolist() == [2, 2]
    assert select_scores(outputs[:1], [1]).tolist() == [2]
    assert select_scores(outputs[:1], lambda z: z[0, 1] * z[0, 2]).tolist() == [6]


@pytest.mark.parametrize("target", [-1, 3, [0, 3], [0, -1], torch.tensor([-1, 0]), torch.tensor(3)])
def test_a_class_out_of_range_is_refused(target):
    """A negative index would silently count from the end."""
    with pytest.raises(ValueError, match="between 0 and 2"):
        select_scores(torch.zeros(2, 3), target)


@pytest.mark.parametrize(
    "target", [lambda z: z, lambda z: z.sum(), lambda z: z[:1, 0], lambda z: z[:, :1]], ids=["(2, 3)", "()", "1", "N1"]
)
def test_a_function_must_return_one_score_an_image(target):
    with pytest.raises(ValueError, match="one an image"):
        select_scores(torch.zeros(2, 3), target)


def test_one_target_an_image():
    network, x = seeded(VggLike()), images(3)
    explain = GradCAM(network, "features")
    expected = torch.stack([explain(x, c)[i] for i, c in enumerate([4, 0, 2])])
    assert torch.allclose(explain(x, [4, 0, 2]), expected, rtol=0, atol=1e-6)
    assert torch.allclose(explain(x, torch.tensor([4, 0, 2])), expected, rtol=0, atol=1e-6)


def test_any_scalar_of_the_output_by_hand():
    """y_1 - y_0 = -0.5 red + 3 green, on 2 cells; and the log-sum-exp of a single class is its logit."""
    x = photo(red=[[4, 8]], green=[[1, 1]])
    explain = GradCAM(HandNet(), "features")
    assert explain(x, lambda z: z[:, 1] - z[:, 0]).tolist() == [[[0.5, 0.0]]]
    assert torch.equal(explain(x, lambda z: z[:, [1]].logsumexp(dim=1)), explain(x, 1))


@pytest.mark.parametrize(
    ("network", "layer"),
    [(GapNet(), "layer4"), (VggLike(), "features"), (BatchNormNet(), "features"), (OverwritingNet(), "features")],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else value,
)
def test_all_classes_at_once_are_the_classes_one_by_one(network, layer):
    network, x = seeded(network), images(3)
    explain = GradCAM(network, layer)
    together = explain.all_classes(x)
    one_by_one = torch.stack([explain(x, c) for c in range(together.shape[1])], dim=1)
    assert together.shape[:2] == network(x).shape
    assert torch.allclose(together, one_by_one, rtol=1e-5, atol=1e-6)
    assert together.max() > 1e-3


def test_all_classes_run_the_network_once():
    network = seeded(VggLike())
    runs = []
    network.features.register_forward_pre_hook(lambda *arguments: runs.append(1))
    GradCAM(network, "features").all_classes(images(2))
    assert len(runs) == 1


# 2.5 input_gradient


def test_input_gradient_by_hand():
    """HandNet is linear: the gradient of a pixel is the class's weight over the number of pixels, blue's is 0."""
    gradient = input_gradient(HandNet(), images(2, 2, 4), 1)
    assert gradient.shape == (2, 3, 2, 4)
    assert gradient[1].flatten(1).tolist() == [[0.5 / 8] * 8, [2 / 8] * 8, [0.0] * 8]


def test_input_gradient_is_the_slope_of_the_score():
    """Against central differences, in float64, pixel by pixel."""
    network, x = seeded(VggLike()).double(), images(1, 16, 24).double()
    score = lambda z: z[:, 2] - z[:, 0]  # noqa: E731 - one target, used twice
    gradient = input_gradient(network, x, score)
    pixels = torch.randperm(x.numel(), generator=torch.Generator().manual_seed(0))[:40].tolist()
    for pixel in pixels:
        step = torch.zeros_like(x)
        step.view(-1)[pixel] = 1e-6
        with torch.no_grad():
            slope = (score(network(x + step)) - score(network(x - step))).item() / 2e-6
        assert gradient.view(-1)[pixel].item() == pytest.approx(slope, abs=1e-7)
    assert gradient.abs().max() > 1e-3


def test_input_gradient_of_one_target_an_image():
    network, x = seeded(GapNet()), images(3)
    gradient = input_gradient(network, x, [0, 4, 1])
    for index, c in enumerate([0, 4, 1]):
        assert torch.allclose(gradient[index], input_gradient(network, x[index : index + 1], c)[0], rtol=0, atol=1e-6)


# 2.4 a word of a caption


@pytest.fixture
def captioner():
    """Three words of six, with other weights than torch's own, so that the state moves from word to word."""
    return seeded(Captioner(words=6, length=3))


def test_a_word_of_a_caption_is_a_target(captioner):
    """Against a forward pass by hand, in which the feature map is a variable and autograd goes the whole way."""
    photo = images(2)
    leaf = captioner.features(photo).detach().requires_grad_()
    with torch.no_grad():
        words = captioner(photo).argmax(dim=2)  # (2, 3)
    state = leaf.mean(dim=(2, 3))
    for read in (torch.zeros(2, dtype=torch.long), words[:, 0], words[:, 1]):
        state = captioner.decoder(captioner.embedding(read), state)
    (slopes,) = torch.autograd.grad(captioner.vocabulary(state)[:, 4].sum(), leaf)
    expected = torch.einsum("nk,nkhw->nhw", slopes.mean(dim=(2, 3)), leaf.detach()).relu()
    maps = GradCAM(captioner, "features")(photo, lambda logits: logits[:, 2, 4])
    assert torch.allclose(maps, expected, rtol=1e-4, atol=1e-7)
    assert maps.max() > 1e-4


def test_words_and_sentences_have_maps_of_their_own(captioner):
    photo = images(1)
    explain = GradCAM(captioner, "features")
    first, third = (explain(photo, lambda z, place=place: z[:, place, 4]) for place in (0, 2))
    sentence = explain(photo, lambda z: z.log_softmax(dim=2)[:, torch.arange(3), [4, 1, 2]].sum(dim=1))
    assert not torch.allclose(first, third, rtol=1e-2)
    assert not torch.allclose(first, sentence, rtol=1e-2)
    with pytest.raises(ValueError, match="one an image"):
        explain(photo, lambda z: z[0, :, 4])  # three words are three scores


# 2.7 by hand


@pytest.mark.parametrize("name", ["vgg11", "vgg11_bn"])
def test_by_hand_and_by_the_hook_are_the_same_on_torchvisions_vgg(name):
    """On an oblong image, so that avgpool has something to do; the convolutions are real, the head is narrow."""
    with torch.device("meta"):
        network = getattr(torchvision().models, name)()
        network.classifier = nn.Sequential(nn.Linear(25088, 16), nn.ReLU(True), nn.Dropout(), nn.Linear(16, 5))
    network = seeded(network.to_empty(device="cpu"))
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
    photo = images(2, 96, 160)
    expected = GradCAM(network, "features")(photo, [3, 1])
    maps = vgg_gradcam(network, photo, [3, 1])
    assert maps.shape == (2, 3, 5)
    assert torch.allclose(maps, expected, rtol=1e-5, atol=1e-6 * float(expected.max()))
    assert expected.max() > 0


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("frozen", [False, True])
def test_by_hand_in_any_mode_and_without_traces(mode, frozen):
    network = seeded(VggLike())
    expected = GradCAM(network, "features")(images(2), lambda z: z[:, 2] - z[:, 0])
    network.train().requires_grad_(not frozen)
    with MODES[mode]():
        maps = vgg_gradcam(network, images(2), lambda z: z[:, 2] - z[:, 0])
    assert torch.equal(maps, expected)
    assert not maps.requires_grad
    assert all(module.training for module in network.modules())
    assert all(p.grad is None and p.requires_grad is not frozen for p in network.parameters())


def test_by_hand_too_the_number_of_targets_must_be_the_number_of_images():
    with pytest.raises(ValueError, match="2 images need a target"):
        vgg_gradcam(seeded(VggLike()), images(2), [1])
