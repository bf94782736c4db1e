"""Runs with `--target all`, and on VOC2007 by name with the EFEO exercise's checkpoint."""

import json

import cv2
import jsonschema
import numpy as np
import torch

from gradcam_lab.localise.maps import read_maps
from gradcam_lab.models.weights.efeo_checkpoint import CLASSES
from gradcam_lab.report.results import schema
from tests import networks
from tests.commands import lab
from tests.pipeline.conftest import LIMIT


def test_a_run_over_all_classes_has_their_table(toy, weights, tmp_path):
    out = tmp_path / "all"
    words = ["run-all", "--data", toy, "--weights", weights, "--target", "all", "--out", out]
    words += ["--no-pdf", "--quick", "--limit", LIMIT]
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
    assert read_maps(out / "heatmaps.npz").maps.ndim == 3
    again = lab(*words)
    assert again.out.count("unchanged") >= 11


def test_voc2007_by_name_with_the_efeo_checkpoint(toy, tmp_path):
    """The command of the first exercise, on a small devkit and a ResNet-50 that has learned nothing."""
    state = networks.zoo("resnet50", classes=20).state_dict()
    checkpoint = tmp_path / "model_at_epoch_019.pth.tar"
    torch.save({"i_epoch": 19, "model_sdict": state, "optimizer_sdict": {"state": {}, "param_groups": []}}, checkpoint)
    out = tmp_path / "voc"
    done = lab(
        *("run-all", "--data", "voc2007", "--data-root", toy, "--limit", 4, "--target", "dog", "--no-pdf", "--quick"),
        *("--model", checkpoint, "--out", out),
    )
    assert done.code == 0, done.err
    assert "4 images of val, 4 of test" in done.out
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    ids = (toy / "ImageSets" / "Main" / "test.txt").read_text(encoding="utf-8").split()[:4]
    maps = read_maps(out / "heatmaps.npz")
    assert maps.of("test").ids.tolist() == ids
    assert tuple(maps.classes.tolist()) == CLASSES
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
