"""The baselines: their boxes by hand, and the published rows from VOC2007's own annotations."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcam_lab.data.sample import Object, Sample
from gradcam_lab.localise.baselines import FRACTIONS, baselines, centre_box
from gradcam_lab.localise.experiment import ground_truth

ANNOTATIONS = Path(__file__).parents[3] / "shared" / "data" / "voc2007-test500-annotations.json"


class TestCentreBox:
    def test_by_hand(self):
        assert centre_box((200, 100), 0.25).tolist() == [50, 25, 150, 75]
        assert centre_box((200, 100), 1).tolist() == [0, 0, 200, 100]
        # sqrt(0.3) = 0.5477226: the corners lie at 0.2261387 and 0.7738613 of each side, and are not rounded.
        assert centre_box((500, 375), 0.3).tolist() == pytest.approx([113.069362, 84.802021, 386.930638, 290.197979])

    @given(st.integers(1, 5000), st.integers(1, 5000), st.floats(0.01, 1))
    def test_has_the_share_of_the_area_the_centre_and_the_aspect_of_the_image(self, width, height, fraction):
        xmin, ymin, xmax, ymax = centre_box((width, height), fraction)
        assert (xmax - xmin) * (ymax - ymin) == pytest.approx(fraction * width * height)
        assert (xmin + xmax, ymin + ymax) == pytest.approx((width, height))
        assert (xmax - xmin) * height == pytest.approx((ymax - ymin) * width)


class TestLists:
    @pytest.fixture
    def rows(self):
        samples = [
            Sample("with", Path("a.jpg"), (200, 100), (Object("dog", (1, 1, 9, 9)),)),
            Sample("difficult", Path("b.jpg"), (100, 200), (Object("dog", (1, 1, 9, 9), difficult=True),)),
            Sample("without", Path("c.jpg"), (100, 100), (Object("cat", (1, 1, 9, 9)),)),
        ]
        return baselines(samples, "dog", {"with": 0.9, "difficult": 0.4, "without": 0.1})

    def test_there_are_three_for_each_fraction_and_only_b_cheats(self, rows):
        assert [(name[0], kind) for name, kind, _ in rows] == 2 * [
            ("A", "baseline"),
            ("B", "cheating"),
            ("C", "baseline"),
        ]
        assert [f"s = {s}" in name for s in FRACTIONS for name, _, _ in rows] == 3 * [True] + 6 * [False] + 3 * [True]

    def test_a_and_c_claim_every_image_and_b_only_those_with_the_class(self, rows):
        for name, _, boxes in rows:
            assert list(boxes) == (["with", "difficult"] if name[0] == "B" else ["with", "difficult", "without"])
            assert all(rows.shape == (1, 5) for rows in boxes.values())

    def test_all_share_the_boxes_and_differ_in_the_scores(self, rows):
        for fraction, three in zip(FRACTIONS, (rows[:3], rows[3:]), strict=True):
            for name, _, boxes in three:
                assert boxes["with"][0, :4].tolist() == centre_box((200, 100), fraction).tolist()
                assert boxes["difficult"][0, :4].tolist() == centre_box((100, 200), fraction).tolist()
                scores = [row[0, 4] for row in boxes.values()]
                assert scores == ([0.9, 0.4, 0.1] if name[0] == "C" else [1.0] * len(boxes))


@pytest.fixture(scope="module")
def photos():
    return [
        Sample(
            name,
            Path(name),
            (image["width"], image["height"]),
            tuple(Object(o["name"], tuple(o["bndbox"])) for o in image["objects"]),
        )
        for name, image in json.loads(ANNOTATIONS.read_text(encoding="utf-8")).items()
    ]


@pytest.mark.skipif(not ANNOTATIONS.is_file(), reason="../shared/data is absent")
class TestPublishedRows:
    """Known numbers: the first 500 images of VOC2007 test, 50 dogs in 41 of them, every object counted."""

    def score(self, lessons, photos, name, **options):
        (boxes,) = (
            boxes
            for title, _, boxes in baselines(photos, "dog", dict.fromkeys((sample.id for sample in photos), 0.5))
            if title.startswith(name[0]) and title.endswith(name[1:])
        )
        return list(lessons.metrics.evaluate(boxes, ground_truth(lessons, photos, "dog"), **options).values())

    def test_are_about_the_same_images(self, photos):
        dogs = [len(sample.boxes("dog")) for sample in photos]
        assert (len(dogs), sum(dogs), sum(map(bool, dogs))) == (500, 50, 41)

    @pytest.mark.parametrize(
        ("name", "ap", "recall"),
        [
            ("A0.3", (4.326339, 2.693878, 0.455250), (54, 38, 16)),
            ("B0.3", (40.296106, 22.182328, 4.509091), (54, 38, 16)),
            ("B0.5", (46.442448, 25.954001, 18.201394), (60, 44, 34)),
        ],
    )
    def test_to_the_last_digit_in_the_order_of_the_split(self, lessons, photos, name, ap, recall):
        scores = self.score(lessons, photos, name, ties="order")
        assert [round(100 * score.ap, 6) for score in scores] == list(ap)
        assert [100 * score.recall for score in scores] == pytest.approx(recall)

    def test_as_one_step_they_do_not_depend_on_the_order(self, lessons, photos):
        forwards = self.score(lessons, photos, "B0.3")
        backwards = self.score(lessons, photos[::-1], "B0.3")
        assert round(100 * forwards[0].ap, 2) == 35.56
        assert [score.ap for score in forwards] == [score.ap for score in backwards]
