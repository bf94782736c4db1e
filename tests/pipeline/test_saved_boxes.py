"""Scores of saved boxes: every format beside every other, and the two bootstraps, by the number of boxes."""

from functools import partial
from typing import Any, ClassVar

import numpy as np
import pytest

from gradcam_lab.data.box_files.json_boxes import write_detections, write_ground_truth
from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.evaluate.block_bootstrap import resample_blocks
from gradcam_lab.evaluate.bootstrap import image_draws, resample_images
from gradcam_lab.evaluate.matching import Matching
from gradcam_lab.evaluate.scores import rows_of, score_detections, score_matches
from gradcam_lab.lessons import step4_metrics as metrics
from gradcam_lab.localise.experiment import Experiment
from gradcam_lab.models import zoo
from gradcam_lab.pipeline.saved_boxes import LARGE, Rules, evaluate_files, in_order
from tests import folders
from tests.bench.scoring import scene
from tests.commands import process
from tests.saved_files import refused, written

RULES: dict[str, Any] = {"ties": "group", "ap": "area"}
OPTIONS: dict[str, Any] = {**RULES, "count_difficult": False, "bootstrap": 20, "seed": 0}


@pytest.fixture(scope="module")
def samples(toy):
    return read_split(toy, "test").samples


@pytest.fixture(scope="module")
def found(samples):
    """Boxes in quarters of a pixel, which every format can write exactly."""
    rng = np.random.default_rng(5)
    found = {}
    for sample in samples:
        near = [np.array(box) + rng.integers(-30, 30, 4) / 4 for box in sample.boxes("dog")]
        rows = [*near, *(np.array([5, 5, 30.5, 40]) + rng.integers(0, 9, 4) for _ in range(rng.integers(0, 3)))]
        found[sample.id] = np.array([[*row, rng.integers(1, 99) / 100] for row in rows]).reshape(-1, 5)
    return found


@pytest.fixture(scope="module")
def saved_files(tmp_path_factory, samples, found):
    folder = tmp_path_factory.mktemp("boxes of Jürgen")
    write_detections(folder / "ours.json", found)
    write_ground_truth(folder / "truth.json", samples, "dog")
    lines = [f"{image} {s} {a} {b} {c} {d}\n" for image, rows in found.items() for a, b, c, d, s in rows.tolist()]
    written(folder / "comp4_det_test_dog.txt", "".join(lines))
    coco_rows = [
        {"image_id": int(image), "category_id": 4, "bbox": [a - 1, b - 1, c - a + 1, d - b + 1], "score": s}
        for image, rows in found.items()
        for a, b, c, d, s in rows.tolist()
    ]
    written(folder / "coco.json", coco_rows)
    annotations = [
        {
            "image_id": int(sample.id),
            "category_id": {"dog": 4}.get(o.name, 1),
            "bbox": [o.box[0] - 1, o.box[1] - 1, o.box[2] - o.box[0] + 1, o.box[3] - o.box[1] + 1],
            "iscrowd": int(o.difficult),
        }
        for sample in samples
        for o in sample.objects
    ]
    images = [{"id": int(sample.id), "file_name": f"{sample.id}.jpg"} for sample in samples]
    categories = [{"id": 1, "name": "other"}, {"id": 4, "name": "dog"}]
    written(folder / "gt.json", {"images": images, "annotations": annotations, "categories": categories})
    return folder


class TestNegativeImages:
    """A box in an image without any object is a false positive, in every format of the ground truth."""

    TRUE: ClassVar = {"000003": [[2, 3, 20, 15, 0.8]], "000004": [[2, 3, 20, 15, 0.7]]}

    @pytest.fixture(params=["folder", "ours", "coco"])
    def truth(self, request, tmp_path):
        if request.param == "folder":
            folders.voc(tmp_path / "voc", ("test",))
            folders.add_negative(tmp_path / "voc", "test", "000013")
            return tmp_path / "voc"
        if request.param == "ours":
            return written(tmp_path / "G.json", {name: [[2, 3, 20, 15]] for name in self.TRUE} | {"000013": []})
        images = [{"id": int(name), "file_name": f"{name}.jpg"} for name in (*self.TRUE, "000013")]
        boxes = [{"image_id": int(name), "category_id": 1, "bbox": [1, 2, 19, 13]} for name in self.TRUE]
        content = {"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "dog"}]}
        return written(tmp_path / "G.json", content)

    @pytest.mark.parametrize(("more", "ap"), [({}, 1), ({"000013": [[1, 1, 9, 9, 0.9]]}, 2 / 3)])
    def test_count(self, truth, tmp_path, more, ap):
        found = written(tmp_path / "D.json", self.TRUE | more)
        scores = evaluate_files(found, truth, Rules((0.5,), **OPTIONS), target="dog")["0.5"]
        assert scores["ap"] == pytest.approx(ap)

    @pytest.mark.parametrize("target", [None, "dog"])
    def test_alone_leave_nothing_to_find(self, tmp_path, target):
        folders.voc(tmp_path / "voc", ("test",))
        for path in (tmp_path / "voc" / "Annotations").iterdir():
            path.write_text(folders.NEGATIVE, encoding="utf-8")
        found = written(tmp_path / "D.json", self.TRUE)
        words = "has an annotated object: there is nothing to find."
        refused(words, evaluate_files, found, tmp_path / "voc", Rules((0.5,), **OPTIONS), target=target)


class TestEveryFormatBesideEveryOther:
    @pytest.mark.parametrize("detections", ["ours.json", "coco.json", "comp4_det_test_dog.txt"])
    @pytest.mark.parametrize("truth", ["truth.json", "gt.json", None])
    def test_gives_the_same_scores(self, saved_files, toy, samples, found, lessons, detections, truth):
        ground_truth = saved_files / truth if truth else toy
        scores = evaluate_files(saved_files / detections, ground_truth, Rules((0.3, 0.8), **OPTIONS), target="dog")
        experiment = Experiment(zoo.load(), lessons, "dog", ious=(0.3, 0.8))
        counts = image_draws(len(samples), 0, 20)
        expected = rows_of(score_detections(experiment, found, experiment.ground_truth(samples), counts))
        assert scores == expected
        assert 0.1 < float(expected["0.3"]["ap"] or 0) < 1
        assert expected["0.3"]["ap"] != expected["0.8"]["ap"]

    def test_the_name_of_the_file_is_target_enough(self, saved_files, toy):
        assert evaluate_files(saved_files / "comp4_det_test_dog.txt", toy, Rules((0.3,), **OPTIONS))["0.3"]["ap"]
        refused(
            "holds objects of many classes", evaluate_files, saved_files / "ours.json", toy, Rules((0.3,), **OPTIONS)
        )

    def test_another_split_has_other_images(self, saved_files, toy):
        refused(
            "does not name",
            evaluate_files,
            saved_files / "ours.json",
            toy,
            Rules((0.3,), **OPTIONS),
            target="dog",
            split="val",
        )


def test_scoring_needs_no_torch():
    """It takes a second and 150 MB, and nothing here has a network."""
    done = process("-c", "import sys, gradcam_lab.pipeline.saved_boxes; print('torch' in sys.modules)")
    assert (done.returncode, done.stdout) == (0, "False\n")


class TestManyBoxes:
    """Above a size the intervals come from blocks of images."""

    def files(self, folder, found, truth):
        """Both files, in our format."""
        objects = {
            image: [{"box": b, "difficult": d} for b, d in zip(t.boxes.tolist(), t.difficult.tolist(), strict=True)]
            for image, t in truth.items()
        }
        write_detections(folder / "D.json", found)
        return folder / "D.json", written(folder / "G.json", objects)

    def scored(self, found, truth, resample):
        matching = Matching(found, truth, thresholds=[0.5], ties="group")
        matches = in_order(matching.at(0.5), np.argsort(-matching.scores, kind="stable"))
        hits = matching.correct(0.5)
        return score_matches(metrics, matches, hits, resample(matches, hits), ties="group", method="area")

    @pytest.mark.parametrize(("images", "boxes_each", "large"), [(120, 4, False), (2500, 9, True)])
    def test_blocks_are_drawn_and_the_points_stay(self, tmp_path, images, boxes_each, large):
        found, truth = scene(images, boxes_each, seed=2)
        assert (sum(map(len, found.values())) > LARGE) is large
        options = {**OPTIONS, "bootstrap": 50, "seed": 3}
        detections, ground_truth = self.files(tmp_path, found, truth)
        row = evaluate_files(detections, ground_truth, Rules((0.5,), **options))["0.5"]
        counts = image_draws(images, 3, 50)
        plain = self.scored(found, truth, partial(resample_images, metrics, counts=counts, ties="group", method="area"))
        blocks = self.scored(
            found, truth, partial(resample_blocks, metrics, seed=3, draws=50, ties="group", method="area")
        )
        assert row == (blocks if large else plain)
        for name in ("ap", "ap_worst_order", "ap_best_order", "recall", "corloc"):
            assert row[name] == plain[name]
        assert (row["ap_low"] != plain["ap_low"]) is large
        assert row["ap_low"] == pytest.approx(plain["ap_low"], abs=0.01)

    def test_no_draws_give_no_intervals(self, tmp_path):
        found, truth = scene(2500, 9, seed=2)
        detections, ground_truth = self.files(tmp_path, found, truth)
        row = evaluate_files(detections, ground_truth, Rules((0.5,), **{**OPTIONS, "bootstrap": 0}))["0.5"]
        assert row["ap"] is not None
        assert row["ap_low"] is row["recall_high"] is row["corloc_low"] is None
