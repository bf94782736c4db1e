"""Optimisers and learning rate schedules."""

import pytest
import torch

from gradcam_lab.models.training.recipe import Recipe
from gradcam_lab.models.training.schedules import Schedule, make_optimiser

STEPS = 30


def rates_of(scheduler, scores=()):
    recipe = Recipe(learning_rate=1.0, scheduler=scheduler, optimizer="sgd")
    weight = torch.nn.Parameter(torch.zeros(1))
    weight.grad = torch.zeros(1)
    optimizer = make_optimiser([weight], recipe)
    schedule = Schedule(optimizer, recipe, STEPS)
    rates = []
    for step in range(STEPS):
        rates.append(schedule.rate)
        optimizer.step()
        schedule.after_step()
        if step % 3 == 2:
            schedule.after_epoch(scores[step // 3] if scores else 0.0)
    return torch.tensor(rates)


def test_onecycle_rises_for_a_tenth_and_falls_to_nothing():
    rates = rates_of("onecycle")
    assert rates.argmax() == 2
    assert rates.max() == 1
    assert rates[-1] < 1e-4


def test_step_is_a_tenth_after_each_third():
    expected = torch.tensor([1.0] * 10 + [0.1] * 10 + [0.01] * 10)
    assert torch.allclose(rates_of("step"), expected)


def test_cosine_falls_along_a_cosine():
    expected = (1 + torch.cos(torch.pi * torch.arange(30) / 30)) / 2
    assert torch.allclose(rates_of("cosine"), expected, atol=1e-6)


def test_plateau_falls_where_val_does_not_improve_for_longer_than_3_epochs():
    rates = rates_of("plateau", scores=[0.1, 0.2, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3])
    assert torch.allclose(rates, torch.tensor([1.0] * 21 + [0.1] * 9))
    assert (rates_of("plateau", scores=list(range(10))) == 1).all()


def test_constant_stays():
    assert (rates_of("constant") == 1).all()


@pytest.mark.parametrize(("name", "kind"), [("adam", "Adam"), ("adamw", "AdamW"), ("sgd", "SGD")])
def test_the_optimiser_is_the_recipes(name, kind):
    made = make_optimiser([torch.nn.Parameter(torch.zeros(1))], Recipe(optimizer=name, weight_decay=0.3))
    assert type(made).__name__ == kind
    assert made.param_groups[0]["weight_decay"] == 0.3
    assert made.param_groups[0].get("momentum", 0.9) == 0.9
