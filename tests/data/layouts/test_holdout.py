"""The part of the training images that is held out for validation."""

from gradcam_lab.data.layouts.holdout import held_out


def test_a_group_of_one_stays_and_a_group_of_two_is_shared():
    held = held_out(["a", "b", "b", "c", "c", "c", "c"], 0.9, 0)
    assert held[0] is False
    assert [sum(held[1:3]), sum(held[3:])] == [1, 3]
    assert sum(held_out(["b", "b"], 0.1, 0)) == 1
