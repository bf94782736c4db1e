"""The best epoch is that of the highest score and, of equal ones, of the lowest loss; patience counts from it."""

import pytest

from gradcam_lab.models.training.best_epoch import BestEpoch


def run_of(*epochs):
    """The best epoch after each of these, given as pairs of score and loss."""
    best, found = BestEpoch(), []
    for number, (score, loss) in enumerate(epochs, start=1):
        best = best.after(number, score, loss)
        found.append(best.epoch)
    return found


def test_the_highest_score_wins_whatever_the_loss():
    assert run_of((0.5, 0.1), (0.7, 0.9), (0.6, 0.1), (0.65, 0.1)) == [1, 2, 2, 2]


def test_of_equal_scores_the_lowest_loss_wins_and_of_equal_losses_the_first():
    assert run_of((1.0, 0.4), (1.0, 0.3), (1.0, 0.1), (1.0, 0.2), (1.0, 0.1)) == [1, 2, 3, 3, 3]


def test_a_score_of_nothing_is_better_than_none():
    assert run_of((0.0, 9.0)) == [1]


@pytest.mark.parametrize(("now", "patience", "stale"), [(4, 2, False), (5, 2, True), (99, None, False)])
def test_patience_counts_from_the_best_epoch(now, patience, stale):
    assert BestEpoch(3, 0.7, 0.2).is_stale(now, patience) is stale
