"""The tests of step 6 on a run, and MaxBoxAccV2, on a small ToyVOC and on maps whose truth is known."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.data.sample import Object, Sample
from gradcam_lab.data.toyvoc import CLASSES
from gradcam_lab.evaluate import faithfulness
from gradcam_lab.evaluate import max_box_acc as oracle
from gradcam_lab.localise.maps import Explainer, Heatmaps
from gradcam_lab.models import zoo


def made(id: str, *objects: tuple[str, tuple[float, float, float, float]], difficult: bool = False) -> Sample:
    return Sample(id, Path(id), (60, 40), tuple(Object(name, box, difficult) for name, box in objects))


def inside(box: tuple[int, int, int, int]) -> np.ndarray:
    """A map of 1 in a box, at the image's size."""
    heatmap = np.zeros((40, 60), np.float32)
    heatmap[box[1] - 1 : box[3], box[0] - 1 : box[2]] = 1
    return heatmap


@pytest.fixture(scope="module")
def run(toy, weights, lessons) -> dict[str, Any]:
    """A network that has learned nothing, its maps, and the images."""
    classifier = zoo.load("embedded", str(weights))
    samples = read_split(toy, "test").samples
    maps, probabilities = Explainer(classifier, lessons, "dog", "float32")(samples)
    heatmaps = Heatmaps(
        ids=np.array([s.id for s in samples]),
        splits=np.array(["test"] * len(samples)),
        maps=maps,
        probabilities=probabilities[:, CLASSES.index("dog")],
        class_probabilities=probabilities,
        classes=np.array(classifier.class_names),
        sizes=np.array([s.size for s in samples]),
    )
    return {"classifier": classifier, "samples": samples, "heatmaps": heatmaps}


@pytest.fixture(scope="module")
def result(run, lessons) -> dict[str, Any]:
    before = {name: value.clone() for name, value in run["classifier"].network.state_dict().items()}
    found = faithfulness.examine(run["classifier"], lessons, run["samples"], run["heatmaps"], "dog", images=6)
    after = run["classifier"].network.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)  # the random weights are those of copies
    return found


def test_the_result_is_json_and_is_the_same_again(run, lessons, result):
    assert json.loads(json.dumps(result, allow_nan=False)) == json.loads(json.dumps(result))
    assert faithfulness.examine(run["classifier"], lessons, run["samples"], run["heatmaps"], "dog", images=6) == result


def test_a_network_that_has_learned_nothing_passes_no_test_of_knowledge(result):
    assert not result["pointing"]["passed"]
    assert not result["replacement"]["deletion"]["passed"]
    assert not result["replacement"]["insertion"]["passed"]
    assert not result["two_classes"]["passed"]


def test_the_curves_have_their_lengths_and_common_ends(result):
    for way in ("deletion", "insertion"):
        curves = result["replacement"][way]["curves"]
        assert {len(curve) for curve in curves.values()} == {faithfulness.WALK + 1}
        for end in (0, -1):
            assert len({round(curve[end], 5) for curve in curves.values()}) == 1
    assert len(result["randomisation"]["curve"]) == len(result["randomisation"]["stages"]) == faithfulness.STAGES
    assert result["randomisation"]["stages"][0] == "fc"
    assert result["randomisation"]["stages"][-1] == "conv1"


def examination(run, lessons, samples, maps) -> faithfulness.Examination:
    heatmaps = run["heatmaps"]._replace(maps=np.stack(maps))
    return faithfulness.Examination(run["classifier"], lessons, samples, heatmaps, "dog")


def test_pointing_counts_the_images_that_are_asked(run, lessons):
    """A perfect map in ten images, a constant one in two, one image without a dog, one with a difficult dog."""
    corner = (1, 1, 4, 4)
    samples = [made(f"{i}", ("dog", corner)) for i in range(12)]
    samples += [made("cat", ("cat", corner)), made("hard", ("dog", corner), difficult=True)]
    maps = [inside(corner)] * 10 + [np.zeros((40, 60), np.float32)] * 2 + [inside(corner)] * 2
    pointing = examination(run, lessons, samples, maps).pointing()
    assert pointing["images"] == 12
    assert pointing["rows"][faithfulness.OURS]["value"] == pytest.approx(10 / 12)
    assert pointing["rows"][faithfulness.CENTRE]["value"] == 0
    assert pointing["gains"][faithfulness.CENTRE]["value"] == pytest.approx(10 / 12)
    assert pointing["gains"][faithfulness.CENTRE]["low"] > 0
    assert pointing["passed"]


def test_leaks_are_averaged_over_images_before_they_are_averaged(run, lessons):
    """An image with two pairs counts once; where a map has no heat, the pair is left out of all columns."""
    names = (faithfulness.OURS, *faithfulness.BASELINES)

    def pair(image: int, heat: float, area: float) -> faithfulness.Measured:
        return faithfulness.Measured(image, "dog", "cat", dict.fromkeys(names, heat), area)

    found = [pair(0, 0.2, 0.1), pair(0, 0.4, 0.3), *(pair(image, 0.9, 0.4) for image in range(1, 5))]
    cold = faithfulness.Measured(0, "dog", "cat", {**dict.fromkeys(names, 0.7), faithfulness.OURS: np.nan}, 0.6)
    found += [cold, cold._replace(image=9)]
    leak = examination(run, lessons, [made("a")], [inside((1, 1, 4, 4))]).leak(found)
    assert leak["images"] == 5
    assert leak["rows"][faithfulness.OURS]["value"] == pytest.approx((0.3 + 4 * 0.9) / 5)
    assert leak["rows"]["area"]["value"] == pytest.approx((0.2 + 4 * 0.4) / 5)
    assert leak["rows"][faithfulness.CENTRE]["value"] == leak["rows"][faithfulness.OURS]["value"]
    assert leak["gains"]["area"]["value"] == pytest.approx((0.1 + 4 * 0.5) / 5)
    assert not leak["passed"]


def test_all_maps_are_asked_about_the_same_images(run, lessons):
    """An image in which one map is not asked counts for none of them; of fewer than five nothing is said."""
    test = examination(run, lessons, [made("a")], [inside((1, 1, 4, 4))])
    unknown = float("nan")
    values = {
        faithfulness.OURS: [1.0] * 6,
        faithfulness.CENTRE: [0.0] * 5 + [unknown],
        faithfulness.RANDOM: [unknown] + [0.0] * 5,
    }
    rows, gains, count = test.compared(values)
    assert count == 4
    assert {mean["value"] for mean in (*rows.values(), *gains.values())} == {None}
    values[faithfulness.RANDOM][0] = 0.5
    rows, gains, count = test.compared(values)
    assert count == 5
    assert [mean["value"] for mean in rows.values()] == pytest.approx([1, 0, 0.1])
    assert [mean["value"] for mean in gains.values()] == pytest.approx([1, 0.9])


# The verdicts, each on networks that must pass and must fail

SIDE = 112
DOG, CAT = (9, 9, 40, 40), (73, 57, 104, 104)


class Colours(nn.Module):
    """Dog is red stripes, and cat is green ones, or what `sees` says: two channels, each cell's mean and contrast."""

    def __init__(self, sees: dict[str, int]) -> None:
        super().__init__()
        self.features = nn.Identity()
        self.fc = nn.Linear(2, len(CLASSES))
        weight = torch.zeros(len(CLASSES), 2)
        for name, channel in sees.items():
            weight[CLASSES.index(name), channel] = 30
        self.fc.weight.data, self.fc.bias.data = weight, torch.full((len(CLASSES),), -3.0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Stripes differ from what is beside them; a bright picture is a little evidence, too."""
        colours = x[:, :2]
        contrast = nn.functional.pad((colours[..., 1:] - colours[..., :-1]).abs(), (0, 1)) + 0.05 * colours
        return self.fc(self.features(nn.functional.avg_pool2d(contrast, 8).relu()).mean(dim=(2, 3)))


class Ramp(nn.Module):
    """One channel, a ramp whatever the image shows; reset, it is turned round, so that it rises where it fell."""

    def __init__(self) -> None:
        super().__init__()
        self.ramp = nn.Parameter(torch.arange(1.0, 197).reshape(14, 14))

    def reset_parameters(self) -> None:
        self.ramp.data = self.ramp.data.flip(0, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.ramp.expand(len(x), 1, 14, 14)


class Kept(nn.Linear):
    """A layer whose weights, however often they are drawn, are those that it had."""

    def reset_parameters(self) -> None:
        nn.init.ones_(self.weight)
        nn.init.zeros_(self.bias)


def ramp_network(*, turned: bool) -> nn.Module:
    network = nn.Sequential()
    network.add_module("features", Ramp() if turned else Frozen())
    network.add_module("average", nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()))
    network.add_module("fc", Kept(1, len(CLASSES)))
    return network


class Frozen(Ramp):
    """The same, and the map does not change with the weights."""

    def reset_parameters(self) -> None:
        pass


@pytest.fixture(scope="module")
def scenes(tmp_path_factory) -> list[Sample]:
    """Six pictures: a dog of red stripes above on the left, a cat of green ones below on the right."""
    folder = tmp_path_factory.mktemp("scenes")
    picture = np.full((SIDE, SIDE, 3), 90, np.uint8)
    for (x0, y0, x1, y1), channel in ((DOG, 0), (CAT, 1)):
        picture[y0 - 1 : y1, x0 - 1 : x1 : 4, channel] = 255
        picture[y0 - 1 : y1, x0:x1:4, channel] = 255
    data = cv2.imencode(".png", picture[..., ::-1])[1].tobytes()
    for i in range(6):
        (folder / f"{i}.png").write_bytes(data)
    objects = (Object("dog", DOG), Object("cat", CAT))
    return [Sample(f"{i}", folder / f"{i}.png", (SIDE, SIDE), objects) for i in range(6)]


def marked(box: tuple[int, int, int, int]) -> np.ndarray:
    """A map of 1 in a box, of the size of the scenes."""
    heatmap = np.zeros((SIDE, SIDE), np.float32)
    heatmap[box[1] - 1 : box[3], box[0] - 1 : box[2]] = 1
    return heatmap


def asking(run, lessons, scenes, network: nn.Module, heatmap: np.ndarray) -> faithfulness.Examination:
    """An examination of a network, whose map of the dog is said to be this one in every scene."""
    classifier = replace(run["classifier"], network=network, layer="features")
    heatmaps = run["heatmaps"]._replace(maps=np.stack([heatmap] * len(scenes)))
    return faithfulness.Examination(classifier, lessons, scenes, heatmaps, "dog")


RIGHT = {"dog": 0, "cat": 1}


@pytest.mark.parametrize("passed", [True, False])
def test_deletion_falls_and_insertion_rises_with_the_right_map(run, lessons, scenes, passed):
    """The right one is hot on the dog, the wrong one everywhere else."""
    test = asking(run, lessons, scenes, Colours(RIGHT), marked(DOG) if passed else 1 - marked(DOG))
    found = test.replacement()
    assert found["images"] == 6
    for way, sign in (("deletion", -1), ("insertion", 1)):
        assert found[way]["passed"] is passed
        assert all(sign * gain["value"] > 0 for gain in found[way]["gains"].values()) is passed
    image = faithfulness.inputs_of(test.classifier, scenes[:1])[0]
    ends = torch.stack([torch.zeros_like(image), lessons.faithfulness.blurred(image), image])
    blank, blurred, whole = test.probability(ends).tolist()
    assert blank != pytest.approx(blurred, abs=1e-3)
    for way, start, end in (("deletion", whole, blank), ("insertion", blurred, whole)):
        curve = found[way]["curves"][faithfulness.OURS]
        assert (curve[0], curve[-1]) == pytest.approx((start, end))


@pytest.mark.parametrize("turned", [True, False])
def test_maps_must_change_with_all_the_weights(run, lessons, scenes, turned):
    """The last layer alone changes nothing; what is judged is the end of the cascade."""
    ramp = np.arange(1, 197, dtype=np.float32).reshape(14, 14)
    found = asking(run, lessons, scenes, ramp_network(turned=turned), ramp).randomisation()
    assert (found["images"], found["stages"]) == (6, ["fc", "features"])
    assert [mean["value"] for mean in found["curve"]] == pytest.approx([1, -1 if turned else 1])
    assert found["passed"] is turned
    assert all((gain["value"] < 0) is turned for gain in found["gains"].values())


def test_a_map_without_evidence_says_nothing_of_the_weights(run, lessons, scenes):
    """Nor do four maps: a verdict over so few images would be luck."""
    for count, heatmap in ((6, np.zeros((14, 14), np.float32)), (4, np.arange(196, dtype=np.float32).reshape(14, 14))):
        found = asking(run, lessons, scenes[:count], ramp_network(turned=True), heatmap).randomisation()
        assert found["images"] == 0
        assert not found["passed"]


@pytest.mark.parametrize(
    ("sees", "away", "back"),
    [
        (RIGHT, True, True),
        ({"dog": 1, "cat": 0}, False, False),
        ({"dog": 0, "cat": 0}, True, False),
        ({"dog": 1, "cat": 1}, False, True),
    ],
)
def test_the_map_of_each_of_two_classes_must_leave_the_other(run, lessons, scenes, sees, away, back):
    found = asking(run, lessons, scenes, Colours(sees), marked(DOG)).two_classes()
    assert (found["target_on_others"]["passed"], found["others_on_target"]["passed"]) == (away, back)
    assert found["passed"] is (away and back)
    assert [(row["map"], row["on"], row["images"], row["passed"]) for row in found["pairs"]] == [
        ("cat", "dog", 6, back),
        ("dog", "cat", 6, away),
    ]
    shares = [found[part]["rows"][faithfulness.OURS]["value"] for part in ("target_on_others", "others_on_target")]
    assert [share < 0.1 for share in shares] == [away, back]
    assert [share > 0.6 for share in shares] == [not away, not back]
    area = found["target_on_others"]["rows"]["area"]["value"]
    assert area == pytest.approx(32 * 48 / SIDE**2)


def test_a_pair_that_few_images_hold_has_no_row(run, lessons, scenes):
    found = asking(run, lessons, scenes[:4], Colours(RIGHT), marked(DOG)).two_classes()
    assert (found["pairs"], found["passed"]) == ([], False)
    assert found["target_on_others"]["images"] == 4
    assert found["target_on_others"]["rows"][faithfulness.OURS]["value"] is None


@pytest.mark.parametrize(("beside", "hit"), [(15, True), (16, False)])
def test_the_pointing_game_forgives_fifteen_pixels(run, lessons, scenes, beside, hit):
    x = DOG[2] + beside
    pointing = asking(run, lessons, scenes, Colours(RIGHT), marked((x, 20, x, 20))).pointing()
    assert pointing["rows"][faithfulness.OURS]["value"] == hit
    assert pointing["tolerance"] == 15


def test_nothing_to_ask_gives_no_numbers_and_passes_nothing(run, lessons):
    empty = examination(run, lessons, [made("a")], [np.ones((14, 14), np.float32)]).run()
    assert empty["pointing"]["images"] == empty["replacement"]["images"] == 0
    assert empty["two_classes"]["pairs"] == []
    assert [row["mean"]["value"] for row in empty["max_box_acc"].values()] == [None] * 3
    assert empty["pointing"]["rows"][faithfulness.OURS] == {"value": None, "low": None, "high": None}
    for part in (empty["pointing"], empty["randomisation"], empty["two_classes"], empty["replacement"]["deletion"]):
        assert not part["passed"]
    json.dumps(empty, allow_nan=False)


def test_means_have_intervals_around_them():
    mean = faithfulness.mean_of([0, 1, np.nan, 1, 0], seed=0)
    assert mean.value == 0.5
    assert mean.low is not None
    assert mean.high is not None
    assert 0 <= mean.low < 0.5 < mean.high <= 1
    assert faithfulness.mean_of([np.nan], 0) == (None, None, None)


@pytest.mark.parametrize(("count", "expected"), [(3, [0, 3, 6]), (10, list(range(10))), (20, list(range(10)))])
def test_images_are_chosen_at_equal_distances(count, expected):
    assert faithfulness.spread(range(10), count) == expected


def test_the_cascade_begins_with_the_last_layer_and_misses_none(run):
    vgg = nn.Sequential()
    vgg.add_module("features", nn.Sequential(*(nn.Conv2d(3, 3, 1) if i % 2 == 0 else nn.ReLU() for i in range(9))))
    vgg.add_module("classifier", nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 2)))
    assert faithfulness.cascade(vgg, 3) == [
        ["classifier.2"],
        ["classifier.0", "features.8", "features.6"],
        ["features.4", "features.2", "features.0"],
    ]
    stages = faithfulness.cascade(run["classifier"].network)
    assert stages == [["fc"], ["layer4"], ["layer3"], ["layer2"], ["layer1"], ["bn1", "conv1"]]
    assert faithfulness.cascade(nn.Sequential(nn.Linear(2, 2))) == [["0"]]
    assert list(faithfulness.accumulated([["c"], ["b", "a"]])) == [["c"], ["c", "b", "a"]]


# MaxBoxAccV2


def test_max_box_acc_by_hand():
    """Three images, two thresholds: at 0.3 the second is best (3 of 3), at 0.5 the first (2 of 3), at 0.7 either."""
    overlaps = np.array([[0.5, 0.3], [0.6, 0.4], [0.1, 0.7]])
    assert oracle.max_box_acc(overlaps).tolist() == pytest.approx([1, 2 / 3, 1 / 3])


def test_best_overlap_is_that_of_any_box_with_any_object(lessons):
    """The map has a small island of heat 1 on one object and a large one of 0.5 on another."""
    heatmap = inside((1, 1, 10, 10)) + 0.5 * inside((21, 11, 60, 40))
    objects = np.array([[1, 1, 10, 20], [21, 11, 60, 34]], dtype=float)
    best = oracle.best_overlap(lessons, heatmap, objects, (0.4, 0.6))
    assert best.tolist() == pytest.approx([24 / 30, 0.5])  # above 0.5 only the small island is left
    assert oracle.best_overlap(lessons, np.zeros((40, 60)), objects, (0.4,)).tolist() == [0]


def test_maps_are_scored_where_there_is_an_object_to_find(lessons):
    box = (11, 11, 30, 30)
    samples = [made("a", ("dog", box)), made("b", ("dog", box)), made("c", ("cat", box))]
    samples += [made("d", ("dog", box), difficult=True)]
    maps = [inside(box), inside((11, 11, 30, 22)), inside(box), inside(box)]  # the second: 12 of 20 rows, IoU 0.6
    scores = oracle.score_maps(lessons, samples, maps, "dog")
    assert scores["oracle"]
    assert scores["images"] == 2
    assert [row["value"] for row in scores["rows"].values()] == [1, 1, 0.5]
    assert scores["mean"]["value"] == pytest.approx(2.5 / 3)
    assert scores["rows"]["0.7"]["low"] == 0
    assert scores["rows"]["0.7"]["high"] == 1
    assert oracle.score_maps(lessons, samples[2:], maps[2:], "dog")["mean"]["value"] is None


def test_the_baselines_have_their_max_box_acc_too(run, lessons):
    """Dogs in a corner, found to the pixel: the centre map's boxes are in the centre, the noise is only lucky."""
    box = (1, 1, 12, 12)
    samples = [made("cat", ("cat", box)), *(made(f"{i}", ("dog", box)) for i in range(8))]
    samples.append(made("hard", ("dog", box), difficult=True))
    test = examination(run, lessons, samples, [inside(box)] * 10)
    scores = test.max_box_acc()
    assert list(scores) == [faithfulness.OURS, *faithfulness.BASELINES]
    assert {row["images"] for row in scores.values()} == {8}
    assert [row["value"] for row in scores[faithfulness.OURS]["rows"].values()] == [1, 1, 1]
    assert [row["value"] for row in scores[faithfulness.CENTRE]["rows"].values()] == [0, 0, 0]
    lucky = [test.baselines(index, (40, 60))[faithfulness.RANDOM] for index in range(1, 9)]
    assert scores[faithfulness.RANDOM] == oracle.score_maps(lessons, samples[1:9], lucky, "dog")
    assert scores[faithfulness.RANDOM]["mean"]["value"] < 1


def test_the_bootstrap_finds_the_best_threshold_of_each_draw_again():
    """Each image is right at its own threshold only: the full sample has 0.5, a draw of one image alone has 1."""
    draws = oracle.resampled(np.array([[0.9, 0.0], [0.0, 0.9]]), seed=0)
    assert draws.shape == (1000, 3)
    assert set(draws.ravel()) == {0.5, 1.0}
