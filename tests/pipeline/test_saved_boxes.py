"""Saved detections: every format beside every other, sweeps over saved heatmaps, and random images with their boxes."""

import json
import math
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gradcam_lab.data.box_files import coco
from gradcam_lab.data.box_files.comp4 import by_image, class_in_name, read_comp4
from gradcam_lab.data.box_files.formats import numbered, read_both
from gradcam_lab.data.box_files.json_boxes import write_detections, write_ground_truth
from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.errors import LabError
from gradcam_lab.evaluate.matching import Matching
from gradcam_lab.evaluate.scores import image_draws, score_detections
from gradcam_lab.explain import show_boxes
from gradcam_lab.files import read_json, write_json
from gradcam_lab.lessons import step4_metrics as metrics
from gradcam_lab.localise.maps import Heatmaps
from gradcam_lab.localise.threshold import GRID, choose, detect_all
from gradcam_lab.localise.threshold import ground_truth as truth_of_samples
from gradcam_lab.localise.threshold import sweep as sweep_of_the_run
from gradcam_lab.pipeline import sweep_run as sweeping
from gradcam_lab.pipeline.saved_boxes import evaluate_files
from gradcam_lab.report.figures.style import OURS, TRUTH
from tests.synthetic_run import results

OPTIONS: dict[str, Any] = {"ties": "group", "method": "area", "count_difficult": False, "bootstrap": 20, "seed": 0}

corners = st.integers(1, 6)
lengths = st.integers(0, 4)
boxes = st.tuples(corners, corners, lengths, lengths).map(lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3]))
objects = st.lists(st.tuples(boxes, st.booleans()), max_size=5)
claims = st.lists(st.tuples(boxes, st.sampled_from([0.0, 0.5, 1.0])), max_size=7)
scenes = st.lists(st.tuples(objects, st.none() | claims), max_size=4)


def arrays(scene):
    truth, found = {}, {}
    for number, (of_truth, of_claims) in enumerate(scene):
        rows = np.array([box for box, _ in of_truth], dtype=float).reshape(-1, 4)
        truth[f"{number}"] = metrics.GroundTruth(rows, np.array([flag for _, flag in of_truth], dtype=bool))
        if of_claims is not None:
            found[f"{number}"] = np.array([[*box, score] for box, score in of_claims], dtype=float).reshape(-1, 5)
    return found, truth


class TestMatching:
    """Few places, few scores: nearly every scene has ties, objects that overlap, and boxes that compete."""

    @settings(max_examples=400, deadline=None)
    @given(scenes, st.sampled_from(["group", "order"]), st.booleans(), st.sampled_from([0.1, 0.3, 0.5]))
    def test_is_that_of_step_4(self, scene, ties, count_difficult, threshold):
        found, truth = arrays(scene)
        matching = Matching(found, truth, lowest=0.1, count_difficult=count_difficult, ties=ties)
        wanted = metrics.match_all(found, truth, threshold, count_difficult, ties)
        for ours, lessons in zip(matching.at(threshold), wanted, strict=True):
            assert np.array_equal(ours, lessons)
        correct = metrics.correct_localisation(found, truth, threshold)
        hits = [float(correct.get(image, math.nan)) for image in truth]
        assert np.array_equal(matching.correct(threshold), hits, equal_nan=True)

    @pytest.mark.parametrize(("first", "outcomes"), [([1, 1, 4, 4], [1, 0]), ([3, 1, 6, 4], [1, 1])])
    def test_of_equal_overlaps_the_earlier_object_is_taken(self, first, outcomes):
        """The surer box lies between two objects; the other one can only have the left object."""
        second = {1: [3, 1, 6, 4], 3: [1, 1, 4, 4]}[first[0]]
        truth = {"a": metrics.GroundTruth(np.array([first, second], dtype=float), np.zeros(2, bool))}
        found = {"a": np.array([[2, 1, 5, 4, 0.9], [1, 1, 4, 4, 0.8]])}
        assert metrics.match_all(found, truth, 0.5).outcomes.tolist() == outcomes
        assert Matching(found, truth, lowest=0.5).at(0.5).outcomes.tolist() == outcomes

    def test_in_pieces_is_the_same(self, monkeypatch):
        rng = np.random.default_rng(0)
        scene = [
            (
                [(tuple(box), False) for box in rng.integers(1, 9, (3, 2)).repeat(2, 0).reshape(3, 4).tolist()],
                [((1, 1, 5, 5), score) for score in rng.random(4)],
            )
            for _ in range(30)
        ]
        found, truth = arrays(scene)
        whole = Matching(found, truth, lowest=0.01).at(0.01)
        monkeypatch.setattr("gradcam_lab.evaluate.matching.PAIRS", 7)
        pieces = Matching(found, truth, lowest=0.01).at(0.01)
        assert all(np.array_equal(a, b) for a, b in zip(whole, pieces, strict=True))


COCO_TRUTH = {
    "images": [{"id": 7, "file_name": "val/a.jpg"}, {"id": 3, "file_name": "val/b.jpg"}],
    "annotations": [
        {"image_id": 3, "category_id": 18, "bbox": [0, 0, 10, 10], "iscrowd": 1},
        {"image_id": 7, "category_id": 17, "bbox": [9, 9, 1, 1]},
        {"image_id": 3, "category_id": 18, "bbox": [1, 2, 3, 4], "iscrowd": 0},
    ],
    "categories": [{"id": 17, "name": "cat"}, {"id": 18, "name": "dog"}],
}
COCO_RESULTS = [
    {"image_id": 3, "category_id": 18, "bbox": [0, 0, 5, 5], "score": 0.5},
    {"image_id": 7, "category_id": 17, "bbox": [0, 0, 5, 5], "score": 0.25},
    {"image_id": 7, "category_id": 18, "bbox": [1, 1, 2, 2], "score": 1},
    {"image_id": 3, "category_id": 18, "bbox": [1, 1, 0, 2], "score": 0.75},  # detectors write such
]


class TestCoco:
    def test_the_conversion_by_hand(self):
        # The first ten columns and the rows 5 to 8: from 0 to 10 and from 4 to 8, measured from the corner.
        assert coco.to_voc(np.array([[0, 4, 10, 4.0]])).tolist() == [[1, 5, 10, 8]]
        assert coco.to_voc(np.array([[2.5, 0.25, 1.5, 3.0]])).tolist() == [[3.5, 1.25, 4, 3.25]]

    @given(st.lists(st.tuples(*[st.floats(0, 50)] * 2, *[st.floats(0.5, 50)] * 2), min_size=2, max_size=2))
    def test_the_overlap_stays_what_it_was(self, pair):
        a, b = np.array(pair)
        size = np.minimum(a[:2] + a[2:], b[:2] + b[2:]) - np.maximum(a[:2], b[:2])
        shared = max(size[0], 0) * max(size[1], 0)
        theirs = shared / (a[2] * a[3] + b[2] * b[3] - shared)
        ours = metrics.box_iou(*coco.to_voc(np.array(pair))[:, None])
        assert ours.item() == pytest.approx(theirs, abs=1e-9)

    @pytest.fixture
    def files(self, tmp_path):
        return written(tmp_path / "D.json", COCO_RESULTS), written(tmp_path / "G.json", COCO_TRUTH)

    @pytest.mark.parametrize("target", ["dog", "18"])
    def test_by_hand(self, files, target):
        found, truth = read_both(*files, target=target)
        assert {image: rows.tolist() for image, rows in found.items()} == {
            "b": [[1, 1, 5, 5, 0.5], [2, 2, 1, 3, 0.75]],
            "a": [[2, 2, 3, 3, 1]],
        }
        assert list(truth) == ["a", "b"]
        assert truth["a"][0].shape == (0, 4)
        assert truth["b"][0].tolist() == [[1, 1, 10, 10], [2, 3, 4, 6]]
        assert truth["b"][1].tolist() == [True, False]

    def test_the_target_has_to_be_said_and_known(self, files):
        with pytest.raises(LabError, match=r"G\.json' has 2 classes \(cat, dog\): choose one with --target"):
            read_both(*files)
        with pytest.raises(LabError, match="has no class 'cow': it has cat, dog"):
            read_both(*files, target="cow")

    def test_without_cocos_truth_the_number_says_the_class_and_the_image(self, files, tmp_path):
        truth = written(tmp_path / "ours.json", {"000003": [[1, 1, 5, 5]], "2000_07": [], "7": []})
        found, _ = read_both(files[0], truth, target="18")
        assert list(found) == ["000003", "7"]
        with pytest.raises(LabError, match=r"D\.json' has boxes of 2 categories \(17, 18, \.\.\.\)"):
            read_both(files[0], truth)

    def test_images_of_the_same_name_keep_their_folders(self, tmp_path, files):
        images = [{"id": 7, "file_name": "a/1.jpg"}, {"id": 3, "file_name": "b/1.jpg"}]
        truth = written(tmp_path / "G2.json", {**COCO_TRUTH, "images": images})
        assert list(read_both(files[0], truth, target="dog")[0]) == ["b/1.jpg", "a/1.jpg"]

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"bbox": [1, 2, 3]}, "entry 3: its 'bbox' is '[1, 2, 3]'"),
            ({"bbox": [1, 2, -3, 4]}, "entry 3: its 'bbox' is '[1, 2, -3, 4]'"),
            ({"bbox": [1, 2, math.nan, 4]}, "entry 3: its 'bbox'"),
            ({"bbox": "1234"}, "entry 3: its 'bbox' is '1234'"),
            ({"bbox": None}, "entry 3: its 'bbox' is 'None'"),
            ({"score": "high"}, "entry 3: its 'score' is 'high'"),
            ({"score": math.inf}, "entry 3: its 'score' is 'inf'"),
            ({"score": True}, "entry 3: its 'score' is 'True'"),
            ({"image_id": [7]}, "entry 3: its 'image_id' is '[7]'"),
            ({"category_id": 1.5}, "entry 3: its 'category_id' is '1.5'"),
            ("bbox", "has no 'bbox'"),
            ("score", "has no 'score'"),
            ("image_id", "has no 'image_id'"),
            ("category_id", "has no 'category_id'"),
            (None, "entry 3: 'None' has no 'category_id'"),
            ({"image_id": 99}, "boxes for 1 image(s) that"),
        ],
    )
    def test_a_bad_entry_is_named(self, files, change, words):
        rows = json.loads(json.dumps(COCO_RESULTS))
        if change is None:
            rows[2] = None
        elif isinstance(change, str):
            del rows[2][change]
        else:
            rows[2].update(change)
        refused(words, read_both, written(files[0], rows), files[1], target="dog")

    @pytest.mark.parametrize(
        ("place", "value", "words"),
        [
            (("annotations", 2, "bbox"), [1, 2, 0, 4], "annotation 3: its 'bbox' is '[1, 2, 0, 4]'"),
            (("annotations", 2, "image_id"), 5, "annotation 3: no image has the id 5"),
            (("annotations", 2), [], "annotation 3: '[]' has no 'category_id'"),
            (("annotations",), {}, "has no list 'annotations'"),
            (("categories",), None, "has no list 'categories'"),
            (("categories",), [], "has no class 'dog': it has none at all"),
            (("images", 1), {"id": 7, "file_name": "c.jpg"}, "two images 7"),
            (("images", 1, "file_name"), "val/a.jpg", "two images 'val/a.jpg'"),
            (("images",), [], "annotation 1: no image has the id 3"),
        ],
    )
    def test_bad_ground_truth_is_named(self, files, place, value, words):
        truth = json.loads(json.dumps(COCO_TRUTH))
        inner = truth
        for key in place[:-1]:
            inner = inner[key]
        inner[place[-1]] = value
        refused(words, read_both, files[0], written(files[1], truth), target="dog")

    def test_ground_truth_for_detections_is_refused(self, files):
        refused("is COCO ground truth: give COCO results", read_both, files[1], files[1], target="dog")


def written(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def refused(words, read, *arguments, **options):
    """One sentence that names a file by its path and says these words."""
    with pytest.raises(LabError) as error:
        read(*arguments, **options)
    sentence = str(error.value)
    assert words in sentence
    assert any(f"'{path}'" in sentence for path in arguments)
    assert "\n" not in sentence
    assert sentence.endswith(".")


class TestComp4:
    @pytest.mark.parametrize(
        ("name", "target"),
        [
            ("comp4_det_test_dog.txt", "dog"),
            ("comp3_det_my_val_tvmonitor.txt", "tvmonitor"),
            ("dog.txt", None),
            ("comp4_det_test_dog.json", None),
        ],
    )
    def test_the_name_says_the_class(self, name, target):
        assert class_in_name(Path("a_b") / name) == target

    def test_by_hand(self, tmp_path):
        path = written(tmp_path / "comp4_det_test_dog.txt", "b 0.5 1 2 3 4\n\na 1e-3 1.5 2 3.5 4\r\nb -2 5 6 7 8\n  \n")
        found = read_comp4(path)
        assert list(found) == ["b", "a"]
        assert found["b"].tolist() == [[1, 2, 3, 4, 0.5], [5, 6, 7, 8, -2]]
        assert found["a"].tolist() == [[1.5, 2, 3.5, 4, 0.001]]

    def test_the_rows_of_an_image_keep_their_order(self):
        rows = np.arange(5000.0).reshape(1000, 5)
        assert np.array_equal(by_image(["b", "a"] * 500, rows)["a"], rows[1::2])

    @pytest.mark.parametrize("text", ["", "\n \n"])
    def test_an_empty_file_holds_no_box(self, tmp_path, text):
        truth = written(tmp_path / "G.json", {"a": [[1, 1, 2, 2]]})
        assert read_both(written(tmp_path / "comp4_det_test_dog.txt", text), truth)[0] == {}

    @pytest.mark.parametrize(
        ("line", "words"),
        [
            ("a 0.5 1 2 3", "line 3: 'a 0.5 1 2 3' is not 'image score xmin ymin xmax ymax'"),
            ("a 0.5 1 2 3 4 5", "line 3: 'a 0.5 1 2 3 4 5' is not"),
            ("a b 0.5 1 2 3", "line 3: 'a b 0.5 1 2 3' is not"),
            ("a nan 1 2 3 4", "line 3: 'a nan 1 2 3 4' is not"),
            ("a 0.5 1 2 inf 4", "line 3: 'a 0.5 1 2 inf 4' is not"),
            ("a 0.5 3 2 1 4", "line 3: the box of 'a 0.5 3 2 1 4' ends before it begins"),
            ("a 0.5 1 4 3 2", "line 3: the box of 'a 0.5 1 4 3 2' ends before it begins"),
        ],
    )
    def test_a_bad_line_is_named(self, tmp_path, line, words):
        path = written(tmp_path / "comp4_det_test_dog.txt", f"a 0.5 1 2 3 4\n\n{line}\na 0.5 1 2 3 4\n")
        refused(words, read_comp4, path)

    def test_the_class_of_the_name_and_the_target_have_to_agree(self, tmp_path, toy):
        path = written(tmp_path / "comp4_det_test_dog.txt", "")
        with pytest.raises(LabError, match="holds boxes of 'dog' by its name, not of 'cat'"):
            read_both(path, toy, target="cat")

    def test_is_known_by_its_content_too(self, tmp_path):
        truth = written(tmp_path / "G.json", {"a": [[1, 1, 2, 2]]})
        assert list(read_both(written(tmp_path / "dogs.out", "a 1 1 1 2 2"), truth)[0]) == ["a"]
        assert list(read_both(written(tmp_path / "json.txt", {"a": [[1, 1, 2, 2, 1]]}), truth)[0]) == ["a"]

    @pytest.mark.parametrize("content", [b"\xff\xfe\x00a", None])
    def test_what_is_no_text_or_not_there(self, tmp_path, content):
        path, truth = tmp_path / "comp4_det_test_dog.txt", written(tmp_path / "G.json", {"a": []})
        if content:
            path.write_bytes(content)
        refused("is not UTF-8" if content else "There is no file", read_both, path, truth)


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
    lines = [f"{id} {s} {a} {b} {c} {d}\n" for id, rows in found.items() for a, b, c, d, s in rows.tolist()]
    written(folder / "comp4_det_test_dog.txt", "".join(lines))
    coco_rows = [
        {"image_id": int(id), "category_id": 4, "bbox": [a - 1, b - 1, c - a + 1, d - b + 1], "score": s}
        for id, rows in found.items()
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


class TestEveryFormatBesideEveryOther:
    @pytest.mark.parametrize("detections", ["ours.json", "coco.json", "comp4_det_test_dog.txt"])
    @pytest.mark.parametrize("truth", ["truth.json", "gt.json", None])
    def test_gives_the_same_scores(self, saved_files, toy, samples, found, lessons, detections, truth):
        ground_truth = saved_files / truth if truth else toy
        scores = evaluate_files(saved_files / detections, ground_truth, (0.3, 0.8), target="dog", **OPTIONS)
        expected = score_detections(
            lessons, found, truth_of_samples(lessons, samples, "dog"), (0.3, 0.8), image_draws(len(samples), 0, 20)
        )
        assert scores == expected
        assert 0.1 < float(expected["0.3"]["ap"] or 0) < 1
        assert expected["0.3"]["ap"] != expected["0.8"]["ap"]

    def test_the_name_of_the_file_is_target_enough(self, saved_files, toy):
        assert evaluate_files(saved_files / "comp4_det_test_dog.txt", toy, (0.3,), **OPTIONS)["0.3"]["ap"]
        refused("holds objects of many classes", evaluate_files, saved_files / "ours.json", toy, (0.3,), **OPTIONS)

    def test_another_split_has_other_images(self, saved_files, toy):
        refused(
            "does not name",
            evaluate_files,
            saved_files / "ours.json",
            toy,
            (0.3,),
            target="dog",
            split="val",
            **OPTIONS,
        )

    def test_a_class_that_is_nowhere(self, saved_files, toy):
        with pytest.raises(LabError, match=r"holds a 'zebra': it has .*dog"):
            read_both(saved_files / "ours.json", toy, target="zebra")

    def test_images_may_be_called_by_their_files(self, saved_files, tmp_path, found):
        by_file = {f"JPEGImages/{id}.jpg": rows.tolist() for id, rows in found.items()}
        renamed = written(tmp_path / "D.json", by_file)
        ours, _ = read_both(renamed, saved_files / "truth.json")
        assert list(ours) == list(found)
        twice = written(tmp_path / "D.json", {**by_file, next(iter(found)): []})
        refused("under two names", read_both, twice, saved_files / "truth.json")

    def test_numbers_that_two_images_share_name_neither(self):
        assert numbered(["0012", "12", "2007_000003", "dog", "5"]) == {2007000003: "2007_000003", 5: "5"}


@pytest.fixture(scope="module")
def run(tmp_path_factory, toy, lessons):
    """A finished run on the small ToyVOC, with invented maps: hot in the middle of the first dog, or anywhere."""
    folder = tmp_path_factory.mktemp("run of Zoë") / "toy run"
    folder.mkdir()
    rng = np.random.default_rng(4)
    splits = {name: read_split(toy, name).samples for name in ("val", "test")}
    samples = [sample for part in splits.values() for sample in part]
    maps = rng.random((len(samples), 7, 7)).astype(np.float32) ** 3
    for heat, sample in zip(maps, samples, strict=True):
        for x0, y0, x1, y1 in sample.boxes("dog")[:1]:
            width, height = sample.size
            heat[int(7 * (y0 + y1) / 2 / (height + 1)), int(7 * (x0 + x1) / 2 / (width + 1))] = 3
    has = np.array([bool(sample.boxes("dog")) for sample in samples])
    probabilities = np.where(has, 0.9, 0.2).astype(np.float32)
    heatmaps = Heatmaps(
        ids=np.array([sample.id for sample in samples]),
        splits=np.array([name for name, part in splits.items() for _ in part]),
        maps=maps,
        probabilities=probabilities,
        class_probabilities=probabilities[:, None],
        classes=np.array(["dog"]),
        sizes=np.array([sample.size for sample in samples]),
    )
    np.savez(folder / "heatmaps.npz", **heatmaps._asdict())
    content = results()
    plain = {"name": "gradcam", "title": "Grad-CAM", "asked": None}
    content["run"].update(data="toy", data_root=str(toy), method=plain)
    content["iou_thresholds"] = [0.3, 0.4, 0.5]
    content["threshold"]["chosen"] = 0.3
    write_json(folder / "results.json", content)
    write_ground_truth(folder / "ground_truth.json", splits["test"], "dog")
    write_detections(folder / "detections.json", detect_all(lessons, heatmaps.of("test"), 0.3, 30))
    return folder


@pytest.fixture
def copy(run, tmp_path):
    return shutil.copytree(run, tmp_path / "copy")


def changed(folder, *keys, value):
    content = read_json(folder / "results.json")
    inner = content
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    write_json(folder / "results.json", content)


class TestSweep:
    @pytest.mark.parametrize("split", ["val", "test"])
    def test_is_the_sweep_of_the_run(self, run, tmp_path, toy, lessons, split):
        from gradcam_lab.localise.maps import read_heatmaps

        maps = read_heatmaps(run / "heatmaps.npz").of(split)
        truth = truth_of_samples(lessons, read_split(toy, split).samples, "dog")
        expected = sweep_of_the_run(lessons, lambda t: detect_all(lessons, maps, t, 30), truth, (0.3, 0.4, 0.5), "")
        ours = json.loads(sweeping.sweep_run(run, split=split, json=True, out=tmp_path))
        assert tuple(ours["grid"]) == GRID
        assert {name: ours[name] for name in expected} == expected
        assert ours["boxes"][5] == sum(map(len, detect_all(lessons, maps, GRID[5], 30).values()))
        assert max(ours["mean_ap"]) > 0
        if split == "val":
            assert ours["best_of_val"]["threshold"] == GRID[choose(expected["mean_ap"])]
        else:
            assert ours["oracle"]["mean_ap"] == max(ours["mean_ap"])
            assert ours["mean_ap"][ours["grid"].index(ours["oracle"]["threshold"])] == max(ours["mean_ap"])

    def test_prints_a_table_that_marks_the_chosen_and_the_oracle(self, run, tmp_path):
        options: dict[str, Any] = {"split": "test", "start": 0.2, "stop": 0.6, "step": 0.1, "iou": (0.3, 0.5)}
        curves = json.loads(sweeping.sweep_run(run, json=True, out=tmp_path, **options))
        header, *lines = sweeping.sweep_run(run, out=tmp_path, **options).splitlines()
        assert " ".join(header.split()) == "threshold boxes AP 0.3 AP 0.5 mean AP recall 0.3 recall 0.5"
        rows = [line.split(maxsplit=7) for line in lines[:5]]
        assert [row[0] for row in rows] == ["0.2", "0.3", "0.4", "0.5", "0.6"]
        assert [int(row[1]) for row in rows] == curves["boxes"]
        columns = [*curves["ap"].values(), curves["mean_ap"], *curves["recall"].values()]
        assert [row[2:7] for row in rows] == [
            [f"{100 * v:.2f}" for v in values] for values in zip(*columns, strict=True)
        ]
        marks = {row[0]: row[7] for row in rows if len(row) > 7}
        assert "chosen" in marks["0.3"]
        assert "oracle" in marks[f"{curves['oracle']['threshold']:g}"]
        assert any("not a result" in line for line in lines[5:])

    def test_opens_no_image_and_needs_no_data_for_test(self, copy, monkeypatch):
        changed(copy, "run", "data_root", value="/nowhere at all")
        monkeypatch.setattr(Image, "open", lambda *a, **k: pytest.fail("an image was opened"))
        assert "oracle" in sweeping.sweep_run(copy, split="test", step=0.3)
        with pytest.raises(LabError, match=r"no longer in '/nowhere at all', .* 'val' are nowhere else"):
            sweeping.sweep_run(copy)

    def test_draws_the_curves_twice(self, copy):
        sweeping.sweep_run(copy, split="test", step=0.3)
        with Image.open(copy / "sweep.png") as picture:
            assert picture.size == (1600, 660)
            pixels = np.asarray(picture.convert("RGB")).reshape(-1, 3)
        drawn = {tuple(colour) for colour in pixels.tolist()}
        assert {tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5)) for colour in (OURS, TRUTH)} <= drawn
        assert "<svg" in (copy / "sweep.svg").read_text(encoding="utf-8")

    def test_a_threshold_off_the_grid_is_said(self, run, tmp_path):
        lines = sweeping.sweep_run(run, split="test", start=0.25, step=0.5, out=tmp_path).splitlines()
        assert "The run's threshold, 0.3, chosen on val, is not on this grid." in lines

    def test_a_students_run_is_swept_by_the_reference_and_says_so(self, copy):
        changed(copy, "implementation", "step3_boxes", value="mine")
        text = sweeping.sweep_run(copy, split="test", step=0.5)
        assert "The run used your step3_boxes; this sweep used the reference." in text

    @pytest.mark.parametrize(
        ("grid", "expected"),
        [
            ((0.1, 0.5, 0.1), [0.1, 0.2, 0.3, 0.4, 0.5]),
            ((0.05, 0.95, 0.05), list(GRID)),
            ((0.3, 0.3, 0.1), [0.3]),
            ((0, 1, 0.4), [0, 0.4, 0.8]),
        ],
    )
    def test_the_grid_has_both_ends(self, grid, expected):
        assert sweeping.grid_of(*grid) == expected

    @pytest.mark.parametrize(
        "grid", [(0.5, 0.1, 0.1), (-0.1, 0.5, 0.1), (0.1, 1.1, 0.1), (0.1, 0.5, 0), (0.1, 0.5, -1), (0, 1, 1e-9)]
    )
    def test_grids_that_are_none(self, grid):
        with pytest.raises(LabError, match="give "):
            sweeping.grid_of(*grid)

    def test_what_a_run_may_lack(self, copy, tmp_path):
        with pytest.raises(LabError, match=r"There is no 'results.json'"):
            sweeping.sweep_run(tmp_path)
        with pytest.raises(LabError, match="has no heatmaps of 'train'"):
            sweeping.sweep_run(copy, split="train")
        (copy / "ground_truth.json").write_text("{}", encoding="utf-8")
        with pytest.raises(LabError, match=r"ground_truth\.json' does not name the image"):
            sweeping.sweep_run(copy, split="test")
        changed(copy, "threshold", value={})
        with pytest.raises(LabError, match=r"lacks 'threshold\.chosen': make the run again"):
            sweeping.sweep_run(copy)
        (copy / "heatmaps.npz").write_bytes(b"PK\x03\x04 nothing")
        with pytest.raises(LabError, match=r"heatmaps\.npz' is damaged"):
            sweeping.sweep_run(copy)
        (copy / "heatmaps.npz").unlink()
        with pytest.raises(LabError, match=r"There is no 'heatmaps\.npz'"):
            sweeping.sweep_run(copy)


class TestShow:
    def test_one_picture_an_image_and_a_sheet(self, run, tmp_path):
        files = show_boxes.show_run(run, random=3, seed=1, out=tmp_path / "out")
        assert [path.name for path in files] == sorted(path.name for path in (tmp_path / "out").iterdir())
        assert len(files) == 4
        assert files[-1].name == "contact-sheet.jpg"
        assert all(Image.open(path).size[0] == 1600 for path in files)

    def test_the_seed_decides_the_images(self, run, tmp_path):
        names = [
            [path.name for path in show_boxes.show_run(run, random=2, seed=seed, out=tmp_path / f"{place}")]
            for place, seed in enumerate((1, 1, 2))
        ]
        assert names[0] == names[1] != names[2]

    def test_no_more_than_there_are_and_each_once(self):
        images = [f"{number}" for number in range(7)]
        assert sorted(show_boxes.lot(images, 99, 3)) == images
        assert show_boxes.lot(images, 4, 3) == show_boxes.lot(images, 4, 3)
        assert len({tuple(show_boxes.lot(images, 3, seed)) for seed in range(20)}) > 10

    @pytest.fixture
    def saved(self, tmp_path):
        """A grey photo with an object on the left and a detection on the right."""
        folder = tmp_path / "Fotos"
        folder.mkdir()
        _, encoded = cv2.imencode(".png", np.full((100, 200, 3), 128, np.uint8))
        (folder / "grau.png").write_bytes(encoded.tobytes())
        truth = written(tmp_path / "G.json", {"grau": [[20, 20, 80, 80]]})
        found = written(tmp_path / "D.json", {"grau": [[120, 20, 180, 80, 0.75], [1, 1, 9, 9, 0.01]]})
        return found, truth, folder

    def test_the_boxes_lie_where_they_should_in_their_colours(self, saved, tmp_path):
        picture, sheet = show_boxes.show_saved(*saved)
        assert picture == tmp_path / "shown" / "01-grau.jpg"
        assert sheet.is_file()
        with Image.open(picture) as image:
            pixels = np.asarray(image.convert("RGB")).astype(int)
        top = pixels.shape[0] - 800  # the photo is 1600 x 800 below its title
        for x, colour in ((20, TRUTH), (120, OURS)):
            wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
            column = pixels[top + 8 * 50, 8 * (x - 1) - 12 : 8 * (x - 1) + 12]
            assert np.abs(column - wanted).sum(axis=1).min() < 60
            inside = pixels[top + 8 * 50, 8 * (x + 30)]
            assert np.abs(inside - 128).max() < 12

    def test_faint_boxes_are_counted_in_the_title(self):
        rows = np.array([[1, 1, 2, 2, 0.9], [1, 1, 2, 2, 0.01], [1, 1, 2, 2, 0.02]])
        none = np.zeros((0, 4)), np.zeros(0, bool)
        assert show_boxes.panel("a", np.zeros((9, 9, 3), np.uint8), none, rows).title == "a, 2 left out"
        assert show_boxes.panel("a", np.zeros((9, 9, 3), np.uint8), none, rows[:1]).title == "a"

    def test_images_are_found_inside_their_folder_only(self, saved):
        found, truth, folder = saved
        (folder.parent / "out.png").write_bytes((folder / "grau.png").read_bytes())
        assert show_boxes.find_image(folder, "grau") == show_boxes.find_image(folder, "grau.png") == folder / "grau.png"
        for name in ("../out", "../out.png", str(folder.parent / "out.png"), "other"):
            with pytest.raises(LabError, match="There is no image"):
                show_boxes.find_image(folder, name)
        with pytest.raises(LabError, match="There is no folder of images"):
            show_boxes.show_saved(found, truth, folder / "none")

    @pytest.mark.parametrize(
        ("image", "name"),
        [("../../etc/pass wd", "pass_wd"), ("a:b|c", "a_b_c"), ("Käse", "Käse"), ("..", ".."), ("", "image")],
    )
    def test_names_of_files_are_harmless(self, image, name):
        assert show_boxes.file_name(image) == name

    def test_a_run_whose_data_changed(self, copy, toy, tmp_path):
        changed(copy, "run", "data_root", value=str(shutil.copytree(toy, tmp_path / "toy")))
        names = tmp_path / "toy" / "ImageSets" / "Main" / "test.txt"
        names.write_text("\n".join(names.read_text(encoding="utf-8").split()[1:]), encoding="utf-8")
        with pytest.raises(LabError, match="is not what it was in this run"):
            show_boxes.show_run(copy)

    def test_a_run_whose_images_have_another_size(self, copy):
        with np.load(copy / "heatmaps.npz") as saved:
            arrays = dict(saved)
        arrays["sizes"][-1] += 1
        np.savez(copy / "heatmaps.npz", **arrays)
        with pytest.raises(LabError, match="is not what it was in this run"):
            show_boxes.show_run(copy)
