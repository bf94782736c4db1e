"""The training loop: augmentation, loss, recipe; the same seed gives the same network."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from gradcam_lab.models import toynet
from gradcam_lab.models.fitting import Recipe, augment, fit, multi_label_loss

MEAN, STD = torch.full((3, 1, 1), 0.5), torch.full((3, 1, 1), 0.25)
PLAIN = Recipe(zoom=(1, 1), shift=0, colour=0, hidden_images=0)
"""Nothing but flips."""


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def pictures(count, size=32):
    return torch.randint(0, 256, (count, 3, size, size), generator=generator(1), dtype=torch.uint8)


class TestAugment:
    @pytest.mark.parametrize("size", [16, 32, 48])
    def test_shape_and_range(self, size):
        batch = augment(pictures(5), size, Recipe(), generator())
        assert batch.shape == (5, 3, size, size)
        assert batch.dtype == torch.float32
        assert batch.min() >= 0
        assert batch.max() <= 1

    def test_the_generator_decides_and_nothing_else(self):
        images = pictures(4)
        torch.manual_seed(1)
        first = augment(images, 24, Recipe(), generator())
        torch.manual_seed(2)
        assert torch.equal(first, augment(images, 24, Recipe(), generator()))
        assert not torch.allclose(first, augment(images, 24, Recipe(), generator(1)))
        assert torch.equal(images, pictures(4))

    def test_a_recipe_without_changes_only_flips(self):
        images = pictures(32)
        batch = augment(images, 32, PLAIN, generator())
        pixels = images.float() / 255
        same = torch.isclose(batch, pixels, atol=1e-4).flatten(1).all(dim=1)
        flipped = torch.isclose(batch, pixels.flip(3), atol=1e-4).flatten(1).all(dim=1)
        assert (same ^ flipped).all()
        assert 8 <= flipped.sum() <= 24

    def test_shrinking_averages_over_all_pixels(self):
        stripes = torch.zeros(2, 3, 32, 32, dtype=torch.uint8)
        stripes[..., ::2] = 200
        assert torch.allclose(augment(stripes, 16, PLAIN, generator()), torch.tensor(100 / 255), atol=1e-4)

    def test_a_shift_moves_the_picture_by_at_most_its_share(self):
        image = torch.zeros(1, 3, 40, 40, dtype=torch.uint8)
        image[:, :, 18:22, 18:22] = 255
        recipe = Recipe(zoom=(1, 1), shift=0.25, colour=0, hidden_images=0)
        batch = augment(image.expand(64, -1, -1, -1), 40, recipe, generator())[:, 0]
        rows = torch.arange(40) + 0.5
        centres = (batch.sum(dim=2) * rows).sum(dim=1) / batch.sum(dim=(1, 2))
        assert centres.min() > 20 - 10 - 0.1
        assert centres.max() < 20 + 10 + 0.1
        assert centres.max() - centres.min() > 10

    def test_zoom_scales_the_picture(self):
        image = torch.zeros(1, 3, 40, 40, dtype=torch.uint8)
        image[:, :, 10:30, 10:30] = 255
        recipe = Recipe(zoom=(1.5, 1.5), shift=0, colour=0, hidden_images=0)
        share = augment(image, 40, recipe, generator())[0, 0].mean()
        assert share.item() == pytest.approx(0.25 * 1.5**2, rel=0.05)

    def test_hiding_paints_whole_cells_in_the_images_mean_colour(self):
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

    def test_all_images_or_none_may_be_hidden(self):
        white = torch.full((20, 3, 40, 40), 255, dtype=torch.uint8)
        white[:, :, :20] = 0
        shown = Recipe(zoom=(1, 1), shift=0, colour=0, hidden_images=0)
        assert set(augment(white, 40, shown, generator()).unique().tolist()) == {0.0, 1.0}
        gone = augment(white, 40, Recipe(zoom=(1, 1), shift=0, colour=0, hidden_images=1, hidden_cells=1), generator())
        assert torch.allclose(gone, torch.tensor(0.5))

    def test_colours_change_each_channel_by_itself(self):
        grey = torch.full((16, 3, 8, 8), 128, dtype=torch.uint8)
        batch = augment(grey, 8, Recipe(hidden_images=0), generator())
        assert (batch.std(dim=(2, 3)) < 1e-4).all()
        assert (batch.mean(dim=(2, 3)).std(dim=1) > 1e-3).all()


class TestLoss:
    def test_ignores_what_is_nan(self):
        logits = torch.tensor([[2.0, -1.0], [0.5, 3.0]], requires_grad=True)
        labels = torch.tensor([[1.0, torch.nan], [0.0, 1.0]])
        loss = multi_label_loss(logits, labels)
        counted = F.binary_cross_entropy(torch.tensor([2.0, 0.5, 3.0]).sigmoid(), torch.tensor([1.0, 0.0, 1.0]))
        assert loss.item() == pytest.approx(counted.item())
        loss.backward()
        assert logits.grad is not None
        assert logits.grad[0, 1] == 0
        assert (logits.grad[~labels.isnan()] != 0).all()


class TestRecipe:
    def test_passes_are_counted_over_the_sizes(self):
        assert Recipe(epochs=((64, 3), (128, 2))).passes == 5

    def test_by_hand(self):
        recipe = Recipe(epochs=((64, 6), (128, 3)))
        assert recipe.shortened(3).epochs == ((64, 2), (128, 1))
        assert recipe.shortened(1).epochs == ((64, 0), (128, 1))
        assert recipe.shortened(18).epochs == ((64, 12), (128, 6))

    @given(st.lists(st.integers(1, 40), min_size=1, max_size=4), st.integers(1, 100))
    def test_shares_all_passes_between_the_same_sizes(self, counts, passes):
        recipe = Recipe(epochs=tuple((32 * (i + 1), count) for i, count in enumerate(counts)), seed=3)
        short = recipe.shortened(passes)
        assert short.passes == passes
        assert [size for size, _ in short.epochs] == [size for size, _ in recipe.epochs]
        assert all(count >= 0 for _, count in short.epochs)
        assert short.epochs[-1][1] >= 1
        assert short.seed == 3

    def test_all_passes_leave_it_as_it_is(self):
        assert Recipe().shortened(Recipe().passes) == Recipe()


class TestFit:
    """Two classes that a glance tells apart: bright and dark pictures."""

    def train(self, recipe, count=24, elsewhere=0):
        torch.manual_seed(0)
        network = toynet.build(2, (8, 8, 8, 8))
        torch.manual_seed(elsewhere)  # what others draw from torch's own generator must not matter
        images = pictures(count)
        bright = torch.arange(count) % 2 == 0
        images = torch.where(bright[:, None, None, None], 255 - images // 4, images // 4)
        labels = torch.stack([bright, ~bright], dim=1).float()
        labels[1, 0] = torch.nan
        losses = []
        fit(network, images, labels, recipe, MEAN, STD, lambda epoch, loss: losses.append((epoch, loss)))
        return network, losses

    def test_two_runs_from_one_seed_are_equal_and_another_is_not(self):
        recipe = Recipe(epochs=((16, 1), (32, 1)), batch=8)
        (first, losses), (again, losses_again) = self.train(recipe), self.train(recipe, elsewhere=1)
        assert losses == losses_again
        assert all(
            torch.equal(a, b) for a, b in zip(first.state_dict().values(), again.state_dict().values(), strict=True)
        )
        _, others = self.train(Recipe(epochs=((16, 1), (32, 1)), batch=8, seed=1))
        assert losses != others

    def test_it_learns(self):
        network, losses = self.train(Recipe(epochs=((16, 8), (32, 4)), batch=8, learning_rate=0.03))
        assert [epoch for epoch, _ in losses] == list(range(1, 13))
        assert losses[-1][1] < 0.5 * losses[0][1]
        assert not network.training

    @pytest.mark.parametrize(("passes", "batch"), [(1, 24), (1, 7), (10, 24), (5, 12)])
    def test_any_number_of_steps_will_do(self, passes, batch):
        """Ten steps divide by zero in torch's OneCycleLR if a tenth of them is the rise."""
        _, losses = self.train(Recipe(epochs=((16, passes),), batch=batch))
        assert len(losses) == passes
