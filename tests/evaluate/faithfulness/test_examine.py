"""All tests of step 6 together, on a small ToyVOC."""

import json
from typing import Any

import numpy as np
import pytest
import torch

from gradcam_lab.evaluate.faithfulness.comparison import ExaminedMaps
from gradcam_lab.evaluate.faithfulness.examine import examine, max_box_acc
from gradcam_lab.evaluate.faithfulness.randomisation import CASCADE_STAGES
from gradcam_lab.evaluate.faithfulness.records import CENTRE_MAP, GRADCAM_MAP, MAPS, RANDOM_MAP
from gradcam_lab.evaluate.faithfulness.replacement import REPLACEMENT_STEPS
from gradcam_lab.evaluate.max_box_acc import best_overlap, score_overlaps
from gradcam_lab.localise.make_maps import make_maps
from gradcam_lab.localise.map_recipe import GRADCAM as PLAIN
from gradcam_lab.localise.methods import GRID
from tests.evaluate.drawn import inside, made


@pytest.fixture(scope="module")
def test(splits):
    return splits["test"]


@pytest.fixture(scope="module")
def maps(experiment, test):
    """Those of a network that has learned nothing."""
    return make_maps(experiment, {"test": test})[PLAIN]


@pytest.fixture(scope="module")
def result(experiment, test, maps):
    network = experiment.classifier.network
    before = {name: value.clone() for name, value in network.state_dict().items()}
    found = examine(experiment, test, maps, images=6)
    after = network.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)  # the random weights are those of copies
    return found


def test_the_result_is_json_and_is_the_same_again(experiment, test, maps, result):
    assert json.loads(json.dumps(result, allow_nan=False)) == json.loads(json.dumps(result))
    assert examine(experiment, test, maps, images=6) == result


def test_a_network_that_has_learned_nothing_passes_no_test_of_knowledge(result):
    assert not result["pointing"]["passed"]
    assert not result["replacement"]["deletion"]["passed"]
    assert not result["replacement"]["insertion"]["passed"]
    assert not result["two_classes"]["passed"]


def test_the_curves_have_their_lengths_and_common_ends(result):
    for way in ("deletion", "insertion"):
        curves = result["replacement"][way]["curves"]
        assert {len(curve) for curve in curves.values()} == {REPLACEMENT_STEPS + 1}
        for end in (0, -1):
            assert len({round(curve[end], 5) for curve in curves.values()}) == 1
    assert len(result["randomisation"]["curve"]) == len(result["randomisation"]["stages"]) == CASCADE_STAGES
    assert result["randomisation"]["stages"][0] == "fc"
    assert result["randomisation"]["stages"][-1] == "conv1"


def test_nothing_to_ask_gives_no_numbers_and_passes_nothing(experiment, maps):
    empty = examine(experiment, [made("a")], maps._replace(maps=np.ones((1, 14, 14), np.float32)))
    assert empty["pointing"]["images"] == empty["replacement"]["images"] == 0
    assert empty["two_classes"]["pairs"] == []
    assert [row["mean"]["value"] for row in empty["max_box_acc"].values()] == [None] * 3
    assert empty["pointing"]["rows"][GRADCAM_MAP] == {"value": None, "low": None, "high": None}
    for part in (empty["pointing"], empty["randomisation"], empty["two_classes"], empty["replacement"]["deletion"]):
        assert not part["passed"]
    json.dumps(empty, allow_nan=False)


def test_the_baselines_have_their_max_box_acc_too(experiment):
    """Dogs in a corner, found to the pixel: the centre map's boxes are in the centre, the noise is only lucky."""
    box = (1, 1, 12, 12)
    samples = [made("cat", ("cat", box)), *(made(f"{i}", ("dog", box)) for i in range(8))]
    samples.append(made("hard", ("dog", box), difficult=True))
    examined = ExaminedMaps(experiment, samples, np.stack([inside(box)] * 10))
    scores: Any = max_box_acc(examined)
    assert list(scores) == list(MAPS)
    assert {row["images"] for row in scores.values()} == {8}
    assert [row["value"] for row in scores[GRADCAM_MAP]["rows"].values()] == [1, 1, 1]
    assert [row["value"] for row in scores[CENTRE_MAP]["rows"].values()] == [0, 0, 0]
    lucky = [examined.baselines(index, (40, 60))[RANDOM_MAP] for index in range(1, 9)]
    overlaps = [best_overlap(experiment.lessons, heatmap, np.array([box]), GRID) for heatmap in lucky]
    assert scores[RANDOM_MAP] == score_overlaps(np.array(overlaps), experiment.seed)
    assert scores[RANDOM_MAP]["mean"]["value"] < 1
