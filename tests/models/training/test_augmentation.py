"""Augmentation: what it changes, by how much, and that nothing but its generator decides."""

import pytest
import torch

from gradcam_lab.models.training.augmentation import augment
from gradcam_lab.models.training.recipe import Recipe

PLAIN = Recipe(zoom=(1, 1), shift=0, colour=0, hidden_images=0)
"""Nothing but flips."""


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def pictures(count, size=32):
    return torch.randint(0, 256, (count, 3, size, size), generator=generator(1), dtype=torch.uint8)


@pytest.mark.parametrize("size", [16, 32, 48])
def test_shape_and_range(size):
    batch = augment(pictures(5), size, Recipe(), generator())
    assert batch.shape == (5, 3, size, size)
    assert batch.dtype == torch.float32
    assert batch.min() >= 0
    assert batch.max() <= 1


def test_the_generator_decides_and_nothing_else():
    images = pictures(4)
    torch.manual_seed(1)
    first = augment(images, 24, Recipe(), generator())
    torch.manual_seed(2)
    assert torch.equal(first, augment(images, 24, Recipe(), generator()))
    assert not torch.allclose(first, augment(images, 24, Recipe(), generator(1)))
    assert torch.equal(images, pictures(4))


def test_a_recipe_without_changes_only_flips():
    images = pictures(32)
    batch = augment(images, 32, PLAIN, generator())
    pixels = images.float() / 255
    same = torch.isclose(batch, pixels, atol=1e-4).flatten(1).all(dim=1)
    flipped = torch.isclose(batch, pixels.flip(3), atol=1e-4).flatten(1).all(dim=1)
    assert (same ^ flipped).all()
    assert 8 <= flipped.sum() <= 24


def test_shrinking_averages_over_all_pixels():
    stripes = torch.zeros(2, 3, 32, 32, dtype=torch.uint8)
    stripes[..., ::2] = 200
    assert torch.allclose(augment(stripes, 16, PLAIN, generator()), torch.tensor(100 / 255), atol=1e-4)


def test_a_shift_moves_the_picture_by_at_most_its_share():
    image = torch.zeros(1, 3, 40, 40, dtype=torch.uint8)
    image[:, :, 18:22, 18:22] = 255
    recipe = Recipe(zoom=(1, 1), shift=0.25, colour=0, hidden_images=0)
    batch = augment(image.expand(64, -1, -1, -1), 40, recipe, generator())[:, 0]
    rows = torch.arange(40) + 0.5
    centres = (batch.sum(dim=2) * rows).sum(dim=1) / batch.sum(dim=(1, 2))
    assert centres.min() > 20 - 10 - 0.1
    assert centres.max() < 20 + 10 + 0.1
    assert centres.max() - centres.min() > 10


def test_zoom_scales_the_picture():
    image = torch.zeros(1, 3, 40, 40, dtype=torch.uint8)
    image[:, :, 10:30, 10:30] = 255
    recipe = Recipe(zoom=(1.5, 1.5), shift=0, colour=0, hidden_images=0)
    share = augment(image, 40, recipe, generator())[0, 0].mean()
    assert share.item() == pytest.approx(0.25 * 1.5**2, rel=0.05)


def test_hiding_paints_whole_cells_in_the_images_mean_colour():
    recipe = Recipe(zoom=(1, 1), shift=0, colour=0, hidden_images=0.5, hidden_cells=0.4, grids=(4,))
    stripes = torch.zeros(200, 3, 40, 40, dtype=torch.uint8)
    stripes[:, :, 1::2] = 255  # mirrored they are the same, and their mean is in none of them
    batch = augment(stripes, 40, recipe, generator())
    hidden = (batch - 0.5).abs() < 1e-3
    cells = hidden.reshape(200, 3, 4, 10, 4, 10).permute(0, 2, 4, 1, 3, 5).flatten(3)
    assert (cells.all(dim=3) == cells.any(dim=3)).all()  # whole cells, in all three channels
    touched = cells.all(dim=3).flatten(1).any(dim=1)
    assert 0.4 < touched.float().mean() < 0.6
    assert 0.35 < cells.all(dim=3)[touched].float().mean() < 0.45


def test_all_images_or_none_may_be_hidden():
    white = torch.full((20, 3, 40, 40), 255, dtype=torch.uint8)
    white[:, :, :20] = 0
    shown = Recipe(zoom=(1, 1), shift=0, colour=0, hidden_images=0)
    assert set(augment(white, 40, shown, generator()).unique().tolist()) == {0.0, 1.0}
    gone = augment(white, 40, Recipe(zoom=(1, 1), shift=0, colour=0, hidden_images=1, hidden_cells=1), generator())
    assert torch.allclose(gone, torch.tensor(0.5))


@pytest.mark.parametrize(("start", "stop"), [(0, 3), (3, 3), (3, 7)])
def test_a_part_of_a_batch_is_changed_as_in_the_whole(start, stop):
    images, whole, part = pictures(7), generator(), generator()
    expected = augment(images, 24, Recipe(), whole)[start:stop]
    assert torch.equal(augment(images[start:stop], 24, Recipe(), part, of=7, start=start), expected)
    assert torch.equal(whole.get_state(), part.get_state())


def test_colours_change_each_channel_by_itself():
    grey = torch.full((16, 3, 8, 8), 128, dtype=torch.uint8)
    batch = augment(grey, 8, Recipe(hidden_images=0), generator())
    assert (batch.std(dim=(2, 3)) < 1e-4).all()
    assert (batch.mean(dim=(2, 3)).std(dim=1) > 1e-3).all()
