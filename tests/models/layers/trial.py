"""What must hold for the layer of any network: its maps, its grid, and a network that is left as it was."""

import copy
import hashlib

import torch
from torch import Tensor, nn

from gradcam_lab.lesson_modules import load_lessons
from gradcam_lab.models.layers.find_layer import FoundLayer, find_layer
from gradcam_lab.models.layers.probe import put_probe
from tests.models.layers.builds import noise
from tests.networks import hooks_of


def try_network(network: nn.Module, size: int, layer: str | None = None) -> FoundLayer:
    """Find a network's layer, put the probe there, and assert all that a user relies on.

    Args:
        network: with weights whose scores depend on the image; the probe stays in it.
        size: height and width of its images in pixels.
        layer: a name, instead of the one that is found.
    """
    before = state_of(network)
    found = find_layer(network, size, layer)
    assert state_of(network) == before, "the dry run left the network otherwise than it was"

    network.eval().requires_grad_(False)
    images = noise(1, size)
    plain = outputs_of(network, images) if found.form != "map" else None
    name = put_probe(network, found)
    assert plain is None or torch.equal(outputs_of(network, images), plain), "the probe changes the outputs"

    before = state_of(network)
    signed = signed_maps(network, name, images)
    assert state_of(network) == before, "Grad-CAM left the network otherwise than it was"
    assert signed.isfinite().all(), "the map is not finite"
    assert (signed.amax(dim=(1, 2)) > signed.amin(dim=(1, 2))).all(), "the map is the same everywhere"
    assert found.grid[0] == found.grid[1], f"the grid {found.grid} is no square"
    assert tuple(signed.shape[1:]) == found.grid, f"the map is {tuple(signed.shape[1:])} and the grid {found.grid}"
    assert_in_place(network, name, found.grid[0], size)
    if plain is not None:
        again = signed_maps(copy.deepcopy(network), name, images)
        assert torch.equal(again, signed), "a copy with the probe has another map"
    return found


def outputs_of(network: nn.Module, images: Tensor) -> Tensor:
    """The logits (N, C)."""
    with torch.no_grad():
        return network(images)


def signed_maps(network: nn.Module, layer: str, images: Tensor) -> Tensor:
    """Grad-CAM of each image's highest logit before its ReLU, shape (N, h, w): the map of y less that of -y."""
    sign = torch.tensor([1.0, -1.0]).repeat_interleave(len(images))
    gradcam = load_lessons().gradcam.GradCAM(network, layer)
    for_it, against = gradcam(images.repeat(2, 1, 1, 1), lambda logits: sign * logits.amax(dim=1)).chunk(2)
    return for_it - against


def assert_in_place(network: nn.Module, layer: str, side: int, size: int) -> None:
    """Change the pixels of one cell: of all cells this one's features, or its neighbour's, change most.

    Tokens in another order, and height for width, show in this; the two cells are not symmetric for that reason. It is
    not asked of a network that mixes all cells evenly, as LeViT does with random weights.
    """
    cells = ((side // 4, 3 * side // 4), (3 * side // 4, side // 2))
    images = noise(2, size).repeat(3, 1, 1, 1, 1)  # (plain and changed in each cell, two images, 3, size, size)
    for image, (row, column) in zip(images[1:], cells, strict=True):
        rows = slice(row * size // side, (row + 1) * size // side)
        columns = slice(column * size // side, (column + 1) * size // side)
        image[..., rows, columns] += 3 * noise(2, size, seed=2)[..., rows, columns]
    features = features_of(network, layer, images.flatten(0, 1)).unflatten(0, (3, 2))
    for changed, (row, column) in zip(features[1:], cells, strict=True):
        change = (changed - features[0]).abs().sum(dim=(0, 1))
        y, x = divmod(int(change.argmax()), side)
        near = max(abs(y - row), abs(x - column)) <= 1
        assert near or change.max() < 2 * change.median(), f"a change in cell {row, column} shows in cell {y, x}"


def features_of(network: nn.Module, layer: str, images: Tensor) -> Tensor:
    """The output of a layer, shape (N, K, h, w)."""
    noted: list[Tensor] = []
    hook = network.get_submodule(layer).register_forward_hook(lambda module, given, out: noted.append(out.clone()))
    with hook, torch.no_grad():
        network(images)
    return noted[0]


def state_of(network: nn.Module) -> tuple[object, ...]:
    """All that must stay: weights, flags, gradients and hooks, and torch's random numbers."""
    weights = hashlib.sha256()
    for name, value in network.state_dict().items():
        weights.update(name.encode() + value.cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return (
        weights.hexdigest(),
        [module.training for module in network.modules()],
        [(weight.requires_grad, weight.grad is None) for weight in network.parameters()],
        hooks_of(network),
        torch.random.get_rng_state().numpy().tobytes(),
        torch.is_grad_enabled(),
    )
