"""The training loop: it learns, the same seed gives the same network, and it continues to the bit from its state."""

from typing import get_args

import pytest
import torch

from gradcam_lab.models.networks.toynet import ToyNet
from gradcam_lab.models.training.augmentation import augment
from gradcam_lab.models.training.loop import LabelledInputs, Loop
from gradcam_lab.models.training.recipe import Recipe, Scheduler


def pictures(count, size=32):
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (count, 3, size, size), generator=generator, dtype=torch.uint8)


class Pictures:
    """Pictures in memory, as inputs of a loop."""

    def __init__(self, images, recipe):
        self.images, self.recipe = images, recipe

    def augmented(self, batches, size, random):
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
        return Loop(network, recipe, LabelledInputs(Pictures(images, recipe), labels))

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
        logits = loop.logits(loop.train.inputs)
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
