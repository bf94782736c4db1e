"""TIDE's kinds of errors: each by hand, and scenes on which tidecv, the toolbox of its authors, gave these numbers."""

import numpy as np
import pytest

from gradcam_lab.data.box_files.tables import Detections, Objects
from gradcam_lab.evaluate.tide.delta_ap import tide_errors
from gradcam_lab.evaluate.tide.kinds import KINDS, MOST
from tests.bench.tide import SCENES, by_us, scene

DOG, CAT = 0, 1
A, B, FAR = (0, 0, 100, 100), (300, 0, 100, 100), (0, 300, 100, 100)
HALF_BESIDE_A = (50, 0, 100, 100)  # IoU 1/3
HALF_OF_A, TENTH_OF_A = (0, 0, 100, 50), (0, 0, 100, 10)  # IoU 0.5 and 0.1, to the last bit


def tables(found, truth, images=None) -> tuple[Detections, Objects]:
    """Return the tables of (class, box, score) and (class, box[, "difficult" or "crowd"]), all in one image."""
    flags = [row[2] if len(row) > 2 else "" for row in truth]
    boxes = np.array([row[1] for row in truth], float).reshape(-1, 4)
    crowd = np.array([flag == "crowd" for flag in flags], bool)
    return (
        Detections(
            np.array([row[1] for row in found], float).reshape(-1, 4),
            np.array([row[2] for row in found], float),
            np.array(images or [0] * len(found), int),
            np.array([row[0] for row in found], int),
        ),
        Objects(
            boxes,
            boxes[:, 2] * boxes[:, 3],
            crowd,
            crowd | np.array([flag == "difficult" for flag in flags], bool),
            np.zeros(len(truth), int),
            np.array([row[0] for row in truth], int),
        ),
    )


def errors_of(found, truth, **options):
    return tide_errors(*tables(found, truth), ["dog", "cat"], **options)


def counts(errors):
    return {name: cost["count"] for name, cost in errors["kinds"].items() if cost["count"]}


def gains(errors):
    costs = {**errors["kinds"], **errors["totals"]}
    return {name: pytest.approx(cost["dap"], abs=1e-12) for name, cost in costs.items() if abs(cost["dap"]) > 1e-12}


class TestEveryKind:
    """One kind of error at a time, what it is called, and by how much AP grows once it is mended."""

    def test_nothing_is_wrong(self):
        errors = errors_of([(DOG, A, 0.9), (CAT, B, 0.8)], [(DOG, A), (CAT, B)])
        assert errors["ap"] == 1
        assert (counts(errors), gains(errors)) == ({}, {})
        assert (errors["foreground_iou"], errors["background_iou"]) == (0.5, 0.1)

    def test_localisation(self):
        errors = errors_of([(DOG, HALF_BESIDE_A, 0.9)], [(DOG, A)])
        assert errors["ap"] == 0
        assert counts(errors) == {"localisation": 1}
        assert gains(errors) == {"localisation": 1}

    def test_localisation_beside_an_object_that_is_found_is_taken_away(self):
        found = [(DOG, A, 0.9), (DOG, HALF_BESIDE_A, 0.8), (DOG, B, 0.7)]
        errors = errors_of(found, [(DOG, A), (DOG, B)])
        assert counts(errors) == {"localisation": 1}
        # Precision 1 at the recalls 0 to 0.5, then 2/3: 51 and 50 of 101.
        assert errors["ap"] == pytest.approx((51 + 50 * 2 / 3) / 101)
        assert gains(errors) == {"localisation": 50 / 3 / 101, "false positive": 50 / 3 / 101}

    def test_classification(self):
        errors = errors_of([(CAT, A, 0.9), (CAT, B, 0.8)], [(DOG, A), (CAT, B)])
        assert counts(errors) == {"classification": 1}
        assert errors["ap"] == 0.25  # dog 0, cat 1/2
        assert errors["classes"]["cat"]["counts"]["classification"] == 1
        assert errors["classes"]["dog"] == {"objects": 1, "ap": 0, "counts": dict.fromkeys(KINDS, 0)}
        # Mended, both are 1. With the wrong box last, cat is 1 and dog 0; without the dog, only cat's 1/2 is left.
        assert gains(errors) == {"classification": 0.75, "false positive": 0.25, "false negative": 0.25}

    def test_both(self):
        errors = errors_of([(CAT, HALF_BESIDE_A, 0.9), (CAT, B, 0.8)], [(DOG, A), (CAT, B)])
        assert counts(errors) == {"both": 1, "missed": 1}
        # Taken away, cat is 1 and dog still 0; without the missed dog, only cat's 1/2 is left.
        assert gains(errors) == {"both": 0.25, "missed": 0.25, "false positive": 0.25, "false negative": 0.25}

    def test_duplicate(self):
        errors = errors_of([(DOG, A, 0.9), (DOG, A, 0.8), (DOG, B, 0.7)], [(DOG, A), (DOG, B)])
        assert counts(errors) == {"duplicate": 1}
        assert gains(errors) == {"duplicate": 50 / 3 / 101, "false positive": 50 / 3 / 101}

    def test_background(self):
        errors = errors_of([(DOG, FAR, 0.9), (DOG, A, 0.8)], [(DOG, A)])
        assert counts(errors) == {"background": 1}
        assert errors["ap"] == 0.5
        assert gains(errors) == {"background": 0.5, "false positive": 0.5}

    def test_missed(self):
        errors = errors_of([(DOG, A, 0.9)], [(DOG, A), (DOG, B)])
        assert counts(errors) == {"missed": 1}
        assert errors["ap"] == pytest.approx(51 / 101)
        assert gains(errors) == {"missed": 50 / 101, "false negative": 50 / 101}
        assert errors["totals"]["false negative"]["count"] == 1

    def test_all_at_once(self):
        found = [
            (DOG, A, 0.9),
            (DOG, A, 0.8),
            (CAT, B, 0.7),
            (DOG, FAR, 0.6),
            (CAT, HALF_BESIDE_A, 0.5),
            (DOG, (350, 400, 100, 100), 0.4),
        ]
        truth = [(DOG, A), (DOG, B), (DOG, (300, 400, 100, 100)), (CAT, (600, 0, 50, 50))]
        errors = errors_of(found, truth)
        assert counts(errors) == dict.fromkeys(KINDS, 1)
        assert errors["totals"]["false positive"]["count"] == 5
        assert errors["totals"]["false negative"]["count"] == 3


class TestTheSurestErrorMends:
    def test_one_object_is_found_once(self):
        found = [(CAT, A, 0.9), (DOG, HALF_BESIDE_A, 0.8)]
        errors = errors_of(found, [(DOG, A)])
        assert counts(errors) == {"classification": 1, "localisation": 1}
        # The wrong class is surer: mended, dog is found. The badly placed box may only be taken away.
        assert gains(errors) == {"classification": 1}

    def test_the_other_way_round(self):
        errors = errors_of([(CAT, A, 0.8), (DOG, HALF_BESIDE_A, 0.9)], [(DOG, A)])
        assert gains(errors) == {"localisation": 0.5}  # dog 1, cat still 0


class TestThresholds:
    def test_half_is_enough_to_find(self):
        assert errors_of([(DOG, HALF_OF_A, 0.9)], [(DOG, A)])["ap"] == 1

    @pytest.mark.parametrize(("seen_as", "kind"), [(DOG, {"localisation": 1}), (CAT, {"background": 1, "missed": 1})])
    def test_a_tenth(self, seen_as, kind):
        assert counts(errors_of([(seen_as, TENTH_OF_A, 0.9)], [(DOG, A)])) == kind

    def test_others(self):
        errors = errors_of([(DOG, HALF_BESIDE_A, 0.9)], [(DOG, A)], foreground=0.3)
        assert (errors["ap"], errors["foreground_iou"]) == (1, 0.3)
        errors = errors_of([(DOG, HALF_BESIDE_A, 0.9)], [(DOG, A)], background=0.4)
        assert counts(errors) == {"background": 1, "missed": 1}


class TestIgnored:
    def test_a_difficult_object_is_neither_missed_nor_an_error(self):
        errors = errors_of([(DOG, B, 0.9), (DOG, A, 0.8)], [(DOG, A), (DOG, B, "difficult")])
        assert (errors["ap"], counts(errors)) == (1, {})
        assert errors["totals"]["false positive"]["count"] == 0

    def test_of_another_class_it_does_not_matter(self):
        errors = errors_of([(CAT, B, 0.9), (DOG, A, 0.8)], [(DOG, A), (DOG, B, "difficult")])
        assert counts(errors) == {"background": 1}

    def test_in_a_crowd_a_detection_has_a_kind_but_costs_nothing(self):
        corner = (300, 0, 20, 20)  # an IoU of 0.04, but all of it
        errors = errors_of([(DOG, corner, 0.9), (DOG, A, 0.8)], [(DOG, A), (DOG, B, "crowd")])
        assert errors["ap"] == 1
        assert counts(errors) == {"background": 1}
        assert errors["totals"]["false positive"]["count"] == 0

    def test_a_small_part_of_a_detection_in_a_crowd_does_not_excuse_it(self):
        errors = errors_of([(DOG, (250, 0, 100, 100), 0.9), (DOG, A, 0.8)], [(DOG, A), (DOG, B, "crowd")])
        assert errors["ap"] == 0.5


class TestWhatCounts:
    def test_the_hundred_surest_of_an_image(self):
        found = [(CAT, FAR, 0.9)] * MOST + [(DOG, A, 0.1)]
        assert counts(errors_of(found, [(DOG, A)])) == {"background": MOST, "missed": 1}
        errors = tide_errors(*tables(found, [(DOG, A)], images=[1] * MOST + [0]), ["dog", "cat"])
        assert counts(errors) == {"background": MOST}  # they lie in another image

    def test_no_detection_at_all(self):
        errors = errors_of([], [(DOG, A)])
        assert errors["ap"] == 0
        assert counts(errors) == {"missed": 1}
        assert gains(errors) == {"missed": 1, "false negative": 1}
        assert errors["classes"]["cat"] == {"objects": 0, "ap": None, "counts": dict.fromkeys(KINDS, 0)}

    def test_no_object_at_all(self):
        errors = errors_of([(DOG, A, 0.9)], [])
        assert (errors["ap"], counts(errors)) == (0, {"background": 1})


class TestEqualScores:
    def test_their_order_in_the_file_does_not_matter(self):
        drawn = scene(30, 3, 5, seed=7)
        found = drawn.found._replace(scores=drawn.found.scores.round(1))
        shuffled = np.random.default_rng(1).permutation(len(found.scores))
        other = Detections(*(column[shuffled] for column in found))
        names = ["a", "b", "c"]
        assert tide_errors(found, drawn.objects, names) == tide_errors(other, drawn.objects, names)

    def test_unless_it_is_asked_for(self):
        truth = [(DOG, A)]
        first, second = [(DOG, A, 0.5), (DOG, FAR, 0.5)], [(DOG, FAR, 0.5), (DOG, A, 0.5)]
        assert [errors_of(found, truth, ties="order")["ap"] for found in (first, second)] == [1, 0.5]
        assert [errors_of(found, truth)["ap"] for found in (first, second)] == [0.5, 0.5]


TIDECV = {
    "three classes": {
        "AP": (163, 32.4933),
        "classification": (24, 9.7523),
        "localisation": (50, 19.1620),
        "both": (19, 2.1416),
        "duplicate": (15, 0.6067),
        "background": (75, 3.5106),
        "missed": (33, 7.8587),
        "false positive": (170, 22.2922),
        "false negative": (74, 27.3898),
    },
    "crowded": {
        "AP": (206, 30.6109),
        "classification": (28, 9.1893),
        "localisation": (87, 25.9271),
        "both": (26, 0.7514),
        "duplicate": (31, 2.0072),
        "background": (16, 1.4089),
        "missed": (39, 7.4529),
        "false positive": (170, 25.8248),
        "false negative": (89, 23.3843),
    },
}
"""What tidecv 1.0.1 says of two scenes of `tests.bench.tide`: AP and dAP in points of 100, and the number of errors."""


@pytest.mark.parametrize("name", TIDECV)
def test_as_tidecv(name):
    ours = by_us(scene(*SCENES[name]))
    for kind, (count, points) in TIDECV[name].items():
        assert ours[kind] == (count, pytest.approx(points, abs=5e-5)), kind
