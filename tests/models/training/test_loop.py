"""The training loop: augmentation, loss, recipe; the same seed gives the same network."""

from typing import get_args

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from gradcam_lab.models.networks.toynet import ToyNet
from gradcam_lab.models.training.augmentation import augment
from gradcam_lab.models.training.loop import Examples, Loop, mean_loss
from gradcam_lab.models.training.losses import counted, summed_loss
from gradcam_lab.models.training.recipe import Recipe, Scheduler
from gradcam_lab.models.training.schedules import Schedule, optimiser

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

    @pytest.mark.parametrize(("start", "stop"), [(0, 3), (3, 3), (3, 7)])
    def test_a_part_of_a_batch_is_changed_as_in_the_whole(self, start, stop):
        images, whole, part = pictures(7), generator(), generator()
        expected = augment(images, 24, Recipe(), whole)[start:stop]
        assert torch.equal(augment(images[start:stop], 24, Recipe(), part, of=7, start=start), expected)
        assert torch.equal(whole.get_state(), part.get_state())

    def test_colours_change_each_channel_by_itself(self):
        grey = torch.full((16, 3, 8, 8), 128, dtype=torch.uint8)
        batch = augment(grey, 8, Recipe(hidden_images=0), generator())
        assert (batch.std(dim=(2, 3)) < 1e-4).all()
        assert (batch.mean(dim=(2, 3)).std(dim=1) > 1e-3).all()


class TestLoss:
    LABELS = torch.tensor([[1.0, torch.nan], [0.0, 1.0]])

    def test_ignores_what_is_nan(self):
        logits = torch.tensor([[2.0, -1.0], [0.5, 3.0]], requires_grad=True)
        loss = summed_loss(logits, self.LABELS)
        known = F.binary_cross_entropy(torch.tensor([2.0, 0.5, 3.0]).sigmoid(), torch.tensor([1.0, 0.0, 1.0]))
        assert counted(self.LABELS) == 3
        assert loss.item() == pytest.approx(3 * known.item())
        assert mean_loss(logits.detach(), self.LABELS) == pytest.approx(known.item())
        loss.backward()
        assert logits.grad is not None
        assert logits.grad[0, 1] == 0
        assert (logits.grad[~self.LABELS.isnan()] != 0).all()

    def test_numbers_of_classes_mean_a_softmax(self):
        logits, labels = torch.tensor([[2.0, -1.0, 0.0], [0.5, 3.0, 1.0]]), torch.tensor([2, 1])
        by_hand = -logits.softmax(dim=1)[[0, 1], [2, 1]].log().sum()
        assert summed_loss(logits, labels).item() == pytest.approx(by_hand.item())
        assert counted(labels) == 2

    @pytest.mark.parametrize("labels", [LABELS[:0], torch.tensor([], dtype=torch.long)])
    def test_no_image_has_no_loss(self, labels):
        assert summed_loss(torch.zeros(0, 2), labels).item() == counted(labels) == 0


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


class TestSchedules:
    STEPS = 30

    def rates(self, scheduler, scores=()):
        recipe = Recipe(learning_rate=1.0, scheduler=scheduler, optimizer="sgd")
        weight = torch.nn.Parameter(torch.zeros(1))
        weight.grad = torch.zeros(1)
        optimizer = optimiser([weight], recipe)
        schedule = Schedule(optimizer, recipe, self.STEPS)
        rates = []
        for step in range(self.STEPS):
            rates.append(schedule.rate)
            optimizer.step()
            schedule.after_step()
            if step % 3 == 2:
                schedule.after_epoch(scores[step // 3] if scores else 0.0)
        return torch.tensor(rates)

    def test_onecycle_rises_for_a_tenth_and_falls_to_nothing(self):
        rates = self.rates("onecycle")
        assert rates.argmax() == 2
        assert rates.max() == 1
        assert rates[-1] < 1e-4

    def test_step_is_a_tenth_after_each_third(self):
        expected = torch.tensor([1.0] * 10 + [0.1] * 10 + [0.01] * 10)
        assert torch.allclose(self.rates("step"), expected)

    def test_cosine_falls_along_a_cosine(self):
        expected = (1 + torch.cos(torch.pi * torch.arange(30) / 30)) / 2
        assert torch.allclose(self.rates("cosine"), expected, atol=1e-6)

    def test_plateau_falls_where_val_does_not_improve_for_longer_than_3_epochs(self):
        rates = self.rates("plateau", scores=[0.1, 0.2, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3])
        assert torch.allclose(rates, torch.tensor([1.0] * 21 + [0.1] * 9))
        assert (self.rates("plateau", scores=list(range(10))) == 1).all()

    def test_constant_stays(self):
        assert (self.rates("constant") == 1).all()

    @pytest.mark.parametrize(("name", "kind"), [("adam", "Adam"), ("adamw", "AdamW"), ("sgd", "SGD")])
    def test_the_optimiser_is_the_recipes(self, name, kind):
        made = optimiser([torch.nn.Parameter(torch.zeros(1))], Recipe(optimizer=name, weight_decay=0.3))
        assert type(made).__name__ == kind
        assert made.param_groups[0]["weight_decay"] == 0.3
        assert made.param_groups[0].get("momentum", 0.9) == 0.9


class Kept:
    """Pictures that are there already, as a source of a loop."""

    def __init__(self, images, recipe):
        self.images, self.recipe = images, recipe

    def training(self, batches, size, random):
        for batch in batches:
            yield (augment(self.images[batch], size, self.recipe, random) - 0.5) / 0.25

    def plain(self):
        yield (self.images / 255 - 0.5) / 0.25


class TestLoop:
    """Two classes that a glance tells apart: bright and dark pictures."""

    def loop(self, recipe, count=24, elsewhere=0):
        torch.manual_seed(0)
        network = ToyNet(2, (8, 8, 8, 8))
        torch.manual_seed(elsewhere)  # what others draw from torch's own generator must not matter
        images = pictures(count)
        bright = torch.arange(count) % 2 == 0
        images = torch.where(bright[:, None, None, None], 255 - images // 4, images // 4)
        labels = torch.stack([bright, ~bright], dim=1).float()
        labels[1, 0] = torch.nan
        return Loop(network, recipe, Examples(Kept(images, recipe), labels))

    def train(self, recipe, **kwargs):
        loop = self.loop(recipe, **kwargs)
        return loop, [loop.epoch(size) for size in recipe.sizes]

    def test_two_runs_from_one_seed_are_equal_and_another_is_not(self):
        recipe = Recipe(epochs=((16, 1), (32, 1)), batch=8)
        (first, losses), (again, losses_again) = self.train(recipe), self.train(recipe, elsewhere=1)
        assert losses == losses_again
        assert same_weights(first, again)
        _, others = self.train(Recipe(epochs=((16, 1), (32, 1)), batch=8, seed=1))
        assert losses != others

    def test_it_learns(self):
        loop, losses = self.train(Recipe(epochs=((16, 8), (32, 4)), batch=8, learning_rate=0.03))
        assert losses[-1] < 0.5 * losses[0]
        logits = loop.logits(loop.train.source)
        assert not loop.network.training
        assert (logits.argmax(dim=1) == torch.arange(24) % 2).float().mean() > 0.9

    @pytest.mark.parametrize(("passes", "batch"), [(1, 24), (1, 7), (10, 24), (5, 12)])
    def test_any_number_of_steps_will_do(self, passes, batch):
        """Ten steps divide by zero in torch's OneCycleLR if a tenth of them is the rise."""
        _, losses = self.train(Recipe(epochs=((16, passes),), batch=batch))
        assert len(losses) == passes

    @pytest.mark.parametrize("scheduler", get_args(Scheduler))
    @pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
    def test_it_goes_on_to_the_bit_from_a_state_that_was_written(self, tmp_path, scheduler, optimizer):
        recipe = Recipe(epochs=((16, 3),), batch=10, learning_rate=0.01, scheduler=scheduler, optimizer=optimizer)
        whole = self.loop(recipe)
        first = [self.epoch_of(whole), self.epoch_of(whole), self.epoch_of(whole)]
        broken_off = self.loop(recipe)
        self.epoch_of(broken_off)
        torch.save(broken_off.state(), tmp_path / "state.pt")
        other = self.loop(recipe, elsewhere=3)
        self.epoch_of(other)  # whatever it has done before
        other.restore(torch.load(tmp_path / "state.pt", weights_only=True))
        assert [self.epoch_of(other), self.epoch_of(other)] == first[1:]
        assert same_weights(whole, other)
        assert whole.schedule.rate == other.schedule.rate

    def epoch_of(self, loop):
        loss = loop.epoch(16)
        loop.schedule.after_epoch(-loss)
        return loss

    def test_what_needs_no_gradient_stays(self):
        recipe = Recipe(epochs=((16, 1),), batch=8)
        loop = self.loop(recipe)
        loop.network.layer4.requires_grad_(False)
        before = {name: value.clone() for name, value in loop.network.named_parameters()}
        frozen = Loop(loop.network, recipe, loop.train)
        frozen.epoch(16)
        changed = {name for name, value in frozen.network.named_parameters() if not torch.equal(value, before[name])}
        assert "fc.weight" in changed
        assert not any(name.startswith("layer4") for name in changed)

    def test_bf16_computes_otherwise_and_keeps_its_weights_in_float32(self):
        recipe = Recipe(epochs=((16, 2),), batch=8)
        (plain, exact), (half, rough) = self.train(recipe), self.train(Recipe(**{**vars(recipe), "precision": "bf16"}))
        assert exact != rough
        assert exact == pytest.approx(rough, rel=0.1)
        assert all(p.dtype == torch.float32 for p in half.network.parameters())
        assert not same_weights(plain, half)


def same_weights(first, second):
    one, two = first.network.state_dict(), second.network.state_dict()
    return all(torch.equal(one[name], two[name]) for name in one)
