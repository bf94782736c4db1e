"""`--target all`, VOC2007 by name with the seeds' checkpoint, and heatmaps shared between processes."""

import json
import os
import subprocess
import sys

import cv2
import jsonschema
import numpy as np
import pytest
import torch

from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.evaluate import all_classes, scores
from gradcam_lab.localise import maps as heatmaps
from gradcam_lab.localise import threshold
from gradcam_lab.localise.maps import ALL, Explainer, read_heatmaps
from gradcam_lab.models import zoo
from gradcam_lab.models.classifier import Classifier, Preprocessing
from gradcam_lab.models.weights.efeo_checkpoint import CLASSES as SEED_CLASSES
from gradcam_lab.report.results import schema
from tests import networks
from tests.commands import lab

IOUS = (0.3, 0.5)


@pytest.fixture(scope="module")
def classifier(weights):
    return zoo.load("embedded", str(weights))


@pytest.fixture(scope="module")
def splits(toy):
    return {name: read_split(toy, name).samples for name in ("val", "test")}


@pytest.fixture(scope="module")
def maps(classifier, lessons, splits, tmp_path_factory):
    path = tmp_path_factory.mktemp("maps") / "class_maps.npz"
    heatmaps.write_heatmaps(path, classifier, lessons, splits, ALL, "float32")
    return read_heatmaps(path)


@pytest.fixture(scope="module")
def scored(lessons, maps, splits):
    return all_classes.score_all(lessons, maps, splits["val"], splits["test"], IOUS, 30, seed=0)


def test_the_maps_of_all_classes_are_those_of_each_class(classifier, lessons, splits, maps):
    samples = splits["val"][:3]
    for name in classifier.class_names:
        single, probabilities = Explainer(classifier, lessons, name, "float32")(samples)
        mine = maps.of("val").of_class(name)
        np.testing.assert_allclose(mine.maps[:3], single, rtol=1e-4, atol=1e-8)
        index = classifier.class_names.index(name)
        np.testing.assert_allclose(mine.probabilities[:3], probabilities[:, index], rtol=1e-5)


def test_groups_of_outputs_have_a_map_each(lessons, splits):
    mobile = Classifier(
        name="grouped",
        network=networks.zoo("mobilenet_v2"),
        output_names=tuple("abcdefghij"),
        groups={"one": (3,), "some": (0, 2, 5)},
        activation="softmax",
        layer="features",
        preprocessing=Preprocessing(size=96),
        sha256="",
    )
    every, _ = Explainer(mobile, lessons, ALL, "float32")(splits["val"][:2])
    for index, name in enumerate(mobile.groups):
        single, _ = Explainer(mobile, lessons, name, "float32")(splits["val"][:2])
        np.testing.assert_allclose(every[:, index], single, rtol=1e-4, atol=1e-8)


def test_each_row_is_what_scoring_the_class_alone_gives(lessons, maps, splits, scored):
    test = splits["test"]
    counts = scores.image_draws(len(test), 0)
    mine, centre = scored["rows"]
    for name in scored["objects"]:
        boxes = threshold.detect_all(lessons, maps.of("test").of_class(name), scored["threshold"], 30)
        truth = threshold.ground_truth(lessons, test, name)
        assert mine["classes"][name] == scores.score_detections(lessons, boxes, truth, IOUS, counts)
    assert centre["classes"] != mine["classes"]


def test_map_is_the_mean_of_the_classes(scored):
    for row in scored["rows"]:
        for iou, mean in row["map"].items():
            values = [found[iou]["ap"] for found in row["classes"].values()]
            assert mean["ap"] == pytest.approx(np.mean(values))
            assert mean["ap_low"] <= mean["ap"] <= mean["ap_high"] or mean["ap_low"] < mean["ap_high"]


def test_the_threshold_is_the_best_of_vals_smoothed_curve(scored):
    assert scored["threshold"] == all_classes.GRID[threshold.choose(scored["curve"])]
    assert len(scored["curve"]) == len(all_classes.GRID) == 9


def test_only_classes_with_something_to_find_in_both_splits_count(splits):
    everything = {o.name for samples in splits.values() for s in samples for o in s.objects}
    common = all_classes.classes_with_objects(splits["val"], splits["test"])
    assert common == sorted(common)
    assert set(common) <= everything
    assert all_classes.classes_with_objects(splits["val"], []) == []


def test_a_run_over_all_classes_has_their_table(toy, weights, tmp_path):
    out = tmp_path / "all"
    words = ["run-all", "--data", toy, "--weights", weights, "--target", "all", "--out", out, "--no-pdf", "--quick"]
    done = lab(*words)
    assert done.code == 0, done.err
    assert "all classes (dog in the pictures)" in done.out
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    jsonschema.validate(results, schema())
    assert "--target all" in results["provenance"]["command"]
    assert results["run"]["target"] == "dog"
    report = (out / "report.html").read_text(encoding="utf-8")
    for name, count in results["all_classes"]["objects"].items():
        assert f'<th scope="row">{name}</th><td class="number">{count}</td>' in report
    assert read_heatmaps(out / "heatmaps.npz").maps.ndim == 3
    again = lab(*words)
    assert again.out.count("unchanged") >= 11


def test_voc2007_by_name_with_the_seeds_checkpoint(toy, tmp_path):
    """The command of the first exercise, on a small devkit and a ResNet-50 that has learned nothing."""
    state = networks.zoo("resnet50", classes=20).state_dict()
    checkpoint = tmp_path / "model_at_epoch_019.pth.tar"
    torch.save({"i_epoch": 19, "model_sdict": state, "optimizer_sdict": {"state": {}, "param_groups": []}}, checkpoint)
    out = tmp_path / "voc"
    done = lab(
        *("run-all", "--data", "voc2007", "--data-root", toy, "--limit", 9, "--target", "dog", "--no-pdf", "--quick"),
        *("--checkpoint", checkpoint, "--out", out),
    )
    assert done.code == 0, done.err
    assert "9 images of val, 9 of test" in done.out
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    ids = (toy / "ImageSets" / "Main" / "test.txt").read_text(encoding="utf-8").split()[:9]
    maps = read_heatmaps(out / "heatmaps.npz")
    assert maps.of("test").ids.tolist() == ids
    assert tuple(maps.classes.tolist()) == SEED_CLASSES
    assert results["run"]["output"] == "sigmoid"
    assert results["run"]["layer"] == "layer4"
    assert str(checkpoint) in results["provenance"]["command"]


def test_data_without_boxes_is_refused_with_one_sentence(tmp_path, weights):
    for split in ("train", "val"):
        folder = tmp_path / "things" / split / "tench"
        folder.mkdir(parents=True)
        image = np.zeros((40, 50, 3), np.uint8)
        (folder / "1.JPEG").write_bytes(cv2.imencode(".jpg", image)[1].tobytes())
    done = lab("run-all", "--data", tmp_path / "things", "--weights", weights, "--out", tmp_path / "out")
    assert done.code == 2
    assert "not where" in done.err
    assert not (tmp_path / "out").exists()


def test_two_processes_share_the_heatmaps(toy, weights, classifier, lessons, splits, tmp_path):
    alone, together = tmp_path / "heatmaps.npz", tmp_path / "together"
    few = {name: samples[:10] for name, samples in splits.items()}
    heatmaps.write_heatmaps(alone, classifier, lessons, few, "dog", "float32")
    words = ["run-all", "--data", toy, "--weights", weights, "--limit", 10, "--no-pdf", "--quick", "--out", together]
    # --standalone: a port of its own, for two test suites may run on one machine
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*torchrun, "-m", "gradcam_lab", *map(str, words)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"},
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("report.html") == 2  # the stage and the path, from one process
    one, two = read_heatmaps(alone), read_heatmaps(together / "heatmaps.npz")
    assert one.ids.tolist() == two.ids.tolist()
    np.testing.assert_allclose(one.maps, two.maps, rtol=1e-3, atol=1e-7)
    np.testing.assert_allclose(one.probabilities, two.probabilities, rtol=1e-4)
    assert not list(together.glob(".heatmaps*"))
