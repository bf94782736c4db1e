"""Other sizes of the input: which are tried, and which is the best."""

from dataclasses import replace
from typing import Any

import pytest

from gradcam_lab.evaluate.alignment.mirror import measure
from gradcam_lab.evaluate.alignment.sizes import best_size, nearby, try_sizes
from gradcam_lab.localise.experiment import Experiment
from tests.evaluate.alignment.networks import SIDE, SPOTS, rolled


@pytest.fixture
def at(lessons):
    def experiments(classifier):
        def of(size):
            preprocessing = replace(classifier.preprocessing, size=size)
            return Experiment(replace(classifier, preprocessing=preprocessing), lessons, "dog")

        return of

    return experiments


@pytest.mark.parametrize(
    ("size", "cells", "expected"),
    [
        (224, 7, [193, 209, 225, 241, 257]),
        (299, 10, [271, 286, 301, 316, 331]),
        (225, 7, [193, 209, 241, 257]),  # the usual size itself is measured already
        (32, 1, [33, 49, 65]),  # none below the least
    ],
)
def test_sizes_lie_within_a_cell_of_the_usual_one(size, cells, expected):
    assert list(nearby(size, cells)) == expected


def test_an_odd_size_helps_a_network_that_moves_its_maps_at_even_ones(at):
    of = at(rolled(1))
    found = try_sizes(of, SIDE, measure(of(SIDE), SPOTS), SPOTS)
    assert [tried["size"] for tried in found] == [33, 35, 37]
    best: Any = best_size(found)  # at 35 pixels the last three lie in no cell, which moves the map by itself
    assert best["size"] in (33, 37)
    assert abs(best["right"]["cells"]) < 0.2


def test_a_network_without_a_shift_is_asked_for_no_other_size(at):
    of = at(rolled(0, 1))
    assert try_sizes(of, SIDE, measure(of(SIDE), SPOTS), SPOTS) == []


def test_sizes_that_the_network_refuses_are_left_out(at):
    of = at(rolled(1, largest=36))
    found = try_sizes(of, SIDE, measure(of(SIDE), SPOTS), SPOTS)
    assert [tried["size"] for tried in found] == [33, 35]


def test_no_size_is_the_best_where_all_have_a_shift():
    along: Any = {"value": 3.0, "low": 2.0, "high": 4.0, "cells": 0.7, "large": True}
    assert best_size([{"size": 33, "right": along}]) is None
    less: Any = {**along, "cells": -0.1, "large": False}
    assert best_size([{"size": 33, "right": along}, {"size": 35, "right": less}]) == {"size": 35, "right": less}
