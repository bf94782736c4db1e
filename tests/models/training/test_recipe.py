"""Recipes: epochs of several input sizes, and the same recipe with fewer or more of them."""

from hypothesis import given
from hypothesis import strategies as st

from gradcam_lab.models.training.recipe import Recipe


def test_passes_are_counted_over_the_sizes():
    assert Recipe(epochs=((64, 3), (128, 2))).passes == 5


def test_by_hand():
    recipe = Recipe(epochs=((64, 6), (128, 3)))
    assert recipe.shortened(3).epochs == ((64, 2), (128, 1))
    assert recipe.shortened(1).epochs == ((64, 0), (128, 1))
    assert recipe.shortened(18).epochs == ((64, 12), (128, 6))


@given(st.lists(st.integers(1, 40), min_size=1, max_size=4), st.integers(1, 100))
def test_shares_all_passes_between_the_same_sizes(counts, passes):
    recipe = Recipe(epochs=tuple((32 * (i + 1), count) for i, count in enumerate(counts)), seed=3)
    short = recipe.shortened(passes)
    assert short.passes == passes
    assert [size for size, _ in short.epochs] == [size for size, _ in recipe.epochs]
    assert all(count >= 0 for _, count in short.epochs)
    assert short.epochs[-1][1] >= 1
    assert short.seed == 3


def test_all_passes_leave_it_as_it_is():
    assert Recipe().shortened(Recipe().passes) == Recipe()


def test_the_last_batch_may_be_smaller():
    assert [Recipe(batch=8).steps(images) for images in (1, 8, 9, 24)] == [1, 1, 2, 3]
