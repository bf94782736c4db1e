"""Saved detections: every format beside every other, sweeps over saved heatmaps, and random images with their boxes."""

import json
import math
import shutil
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gradcam_lab.data.box_files.json_boxes import write_detections, write_ground_truth
from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.errors import LabError
from gradcam_lab.evaluate.bootstrap import image_draws
from gradcam_lab.evaluate.matching import Matching
from gradcam_lab.evaluate.scores import rows_of, score_detections
from gradcam_lab.explain import show_boxes
from gradcam_lab.files import read_json, write_json
from gradcam_lab.lessons import step4_metrics as metrics
from gradcam_lab.localise.detector import Detector
from gradcam_lab.localise.experiment import Experiment
from gradcam_lab.localise.experiment import ground_truth as truth_of_samples
from gradcam_lab.localise.maps import Maps, read_maps, write_maps
from gradcam_lab.localise.methods import GRID
from gradcam_lab.localise.threshold import choose
from gradcam_lab.localise.threshold import sweep as sweep_of_the_run
from gradcam_lab.models import zoo
from gradcam_lab.pipeline import sweep_run as sweeping
from gradcam_lab.pipeline.saved_boxes import evaluate_files
from gradcam_lab.report.figures.style import OURS, TRUTH
from tests.saved_files import refused, written
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


class TestEveryFormatBesideEveryOther:
    @pytest.mark.parametrize("detections", ["ours.json", "coco.json", "comp4_det_test_dog.txt"])
    @pytest.mark.parametrize("truth", ["truth.json", "gt.json", None])
    def test_gives_the_same_scores(self, saved_files, toy, samples, found, lessons, detections, truth):
        ground_truth = saved_files / truth if truth else toy
        scores = evaluate_files(saved_files / detections, ground_truth, (0.3, 0.8), target="dog", **OPTIONS)
        experiment = Experiment(zoo.load(), lessons, "dog", ious=(0.3, 0.8))
        counts = image_draws(len(samples), 0, 20)
        expected = rows_of(score_detections(experiment, found, experiment.ground_truth(samples), counts))
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


@pytest.fixture(scope="module")
def run(tmp_path_factory, toy, lessons):
    """A finished run on the small ToyVOC, with invented maps: hot in the middle of the first dog, or anywhere."""
    folder = tmp_path_factory.mktemp("run of Zoë") / "toy run"
    folder.mkdir()
    rng = np.random.default_rng(4)
    splits = {name: read_split(toy, name).samples for name in ("val", "test")}
    samples = [sample for part in splits.values() for sample in part]
    cams = rng.random((len(samples), 7, 7)).astype(np.float32) ** 3
    for heat, sample in zip(cams, samples, strict=True):
        for x0, y0, x1, y1 in sample.boxes("dog")[:1]:
            width, height = sample.size
            heat[int(7 * (y0 + y1) / 2 / (height + 1)), int(7 * (x0 + x1) / 2 / (width + 1))] = 3
    has = np.array([bool(sample.boxes("dog")) for sample in samples])
    probabilities = np.where(has, 0.9, 0.2).astype(np.float32)
    maps = Maps(
        ids=np.array([sample.id for sample in samples]),
        splits=np.array([name for name, part in splits.items() for _ in part]),
        maps=cams,
        probabilities=probabilities,
        class_probabilities=probabilities[:, None],
        classes=np.array(["dog"]),
        sizes=np.array([sample.size for sample in samples]),
    )
    write_maps(folder / "heatmaps.npz", maps)
    content = results()
    plain = {"name": "gradcam", "title": "Grad-CAM", "asked": None}
    content["run"].update(data="toy", data_root=str(toy), method=plain)
    content["iou_thresholds"] = [0.3, 0.4, 0.5]
    content["threshold"]["chosen"] = 0.3
    write_json(folder / "results.json", content)
    write_ground_truth(folder / "ground_truth.json", splits["test"], "dog")
    write_detections(folder / "detections.json", Detector(lessons)(maps.of("test"), 0.3))
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
        maps = read_maps(run / "heatmaps.npz").of(split)
        truth = truth_of_samples(lessons, read_split(toy, split).samples, "dog")
        expected = sweep_of_the_run(Detector(lessons), maps, truth, GRID, (0.3, 0.4, 0.5))
        ours = json.loads(sweeping.sweep_run(run, split=split, json=True, out=tmp_path))
        assert tuple(ours["grid"]) == GRID
        assert {name: ours[name] for name in expected._fields} == expected._asdict()
        assert ours["boxes"][5] == sum(map(len, Detector(lessons)(maps, GRID[5]).values()))
        assert max(ours["mean_ap"]) > 0
        if split == "val":
            assert ours["best_of_val"]["threshold"] == GRID[choose(expected.mean_ap)]
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
