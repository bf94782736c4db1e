"""The verdict: does a map depend on the class, and on what the network has learned?"""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr  # type: ignore[import-untyped]
from torch import nn

from gradcam_lab.explain import describe
from gradcam_lab.explain.explain_image import ImageExplainer, Wish
from gradcam_lab.explain.photo import Photo
from gradcam_lab.explain.targets import output_target
from gradcam_lab.files import read_json
from gradcam_lab.models.classifier import weights_hash
from gradcam_lab.report.figures.rgb import gradient_strength
from tests.explain.pictures import classifier
from tests.networks import seeded


def explained(model, lessons, picture, **wish):
    (one,) = ImageExplainer(model, lessons, Wish(**{"classes": ["dog"], **wish}))(picture)
    return one


def test_both_numbers_by_hand(resnet, lessons, picture, photo):
    before = weights_hash(resnet.network)
    one = explained(resnet, lessons, picture, seed=3)
    order = [index for index in photo.outputs[0].argsort(descending=True).tolist() if index != 3]
    assert one.dependence.other.index == order[0]
    own, other = one.maps["gradcam"], photo.gradcam(output_target(resnet, order[0]).score)
    assert one.dependence.on_class == pytest.approx(spearmanr(own.ravel(), other.ravel()).statistic)
    random = copy.deepcopy(resnet.network)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        for module in random.modules():
            if hasattr(module, "reset_parameters"):
                module.reset_parameters()
    of_random = Photo(picture, replace(resnet, network=random), lessons).gradcam(one.target.score)
    assert np.ptp(of_random) > 0
    assert one.dependence.on_weights == pytest.approx(spearmanr(own.ravel(), of_random.ravel()).statistic, abs=1e-6)
    assert weights_hash(resnet.network) == before
    assert explained(resnet, lessons, picture, seed=4).dependence.on_weights != one.dependence.on_weights


def test_the_other_class_is_no_member_of_the_group_nor_of_the_one_that_it_is_set_against(resnet, lessons, picture):
    for wish in ({"classes": ["insect"]}, {"classes": ["insect"], "against": "dog"}):
        one = explained(resnet, lessons, picture, **wish)
        taken = {output for part in one.target.parts for output in part.outputs}
        assert one.dependence.other.outputs[0] not in taken
        assert (one.dependence.other.against is None) is ("against" not in wish)


@pytest.mark.parametrize("method", ["cam", "input-gradient", "layercam", "pair", "all"])
def test_every_kind_of_map_is_measured(resnet, lessons, picture, photo, method):
    one = explained(resnet, lessons, picture, method=method, smooth=1)
    assert one.dependence.kind == {"input-gradient": "input_gradient", "all": "gradcam"}.get(method, method)
    assert -1 <= one.dependence.on_class < 1
    assert -1 <= one.dependence.on_weights < 0.95
    if method == "input-gradient":
        maps = [photo.input_gradient(target.score) for target in (one.target, one.dependence.other)]
        expected = spearmanr(*(gradient_strength(each).ravel() for each in maps)).statistic
        assert one.dependence.on_class == pytest.approx(expected, abs=1e-6)


def test_a_network_that_sees_all_classes_in_one_place_is_caught(resnet, lessons, picture):
    blind = copy.deepcopy(resnet.network)
    blind.fc.weight[:] = blind.fc.weight[0]
    one = explained(replace(resnet, network=blind), lessons, picture)
    assert one.dependence.on_class == pytest.approx(1)
    assert "depend on the class? Hardly: rank correlation 1.00 with the map of" in describe.dependence(one)


@pytest.mark.parametrize(("value", "answer"), [(-0.4, "Yes"), (0.49, "Yes"), (0.6, "In part"), (0.8, "Hardly")])
def test_the_words_follow_the_numbers(resnet, lessons, picture, value, answer):
    one = explained(resnet, lessons, picture)
    said = describe.dependence(replace(one, dependence=replace(one.dependence, on_weights=value)))
    assert f"On what the network has learned? {answer}: rank correlation {value:.2f} with the map of random" in said
    assert said.endswith("(near 1 any weights would do).")


class NoReset(nn.Module):
    """A network whose layers do not know how to begin anew, and that has one class only."""

    def __init__(self):
        super().__init__()
        self.kernel = nn.Parameter(torch.randn(4, 3, 8, 8))
        self.features = nn.Identity()

    def forward(self, x):
        return self.features(nn.functional.conv2d(x, self.kernel, stride=8)).mean(dim=(1, 2, 3))[:, None]


def test_where_there_is_nothing_to_compare_no_number_is_invented(lessons, picture, resnet):
    alone = classifier(seeded(NoReset()), "features", names=("dog",), groups={"dog": (0,)})
    one = explained(alone, lessons, picture)
    assert (one.dependence.other, one.dependence.on_class, one.dependence.on_weights) == (None, None, None)
    assert describe.dependence(one).count("Unknown: there is no such map") == 2
    silent = copy.deepcopy(resnet.network)
    silent.fc.weight.zero_()
    assert explained(replace(resnet, network=silent), lessons, picture).dependence.on_class is None


def test_the_verdict_is_written_and_said(resnet, lessons, picture, tmp_path, capsys):
    explainer = ImageExplainer(resnet, lessons, Wish(classes=["dog", "eel"]))
    explanations = explainer(picture)
    record = read_json(explainer.write(explanations, tmp_path)[-1])
    lines = capsys.readouterr().out.splitlines()
    for one, row in zip(explanations, record["classes"], strict=True):
        measured = row["dependence"]
        assert one.dependence is not None
        assert measured["rank_correlation_with_other_class"] == one.dependence.on_class
        assert measured["rank_correlation_with_random_weights"] == one.dependence.on_weights
        assert (measured["random_layers"], measured["random_seed"]) == ("all", 0)
        assert measured["verdict"] == describe.dependence(one)
        assert lines.count(measured["verdict"]) == 1
