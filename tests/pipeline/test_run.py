"""What a run is: its method, and the wishes that it refuses."""

import shutil

import pytest

from gradcam_lab.errors import LabError
from gradcam_lab.files import read_json, write_json
from gradcam_lab.pipeline.run import Run
from tests.commands import lab


def test_a_method_without_a_name_does_not_exist(settings, tmp_path):
    with pytest.raises(LabError, match=r"The method '' does not exist: choose --method from cam, gradcam, "):
        Run(settings(tmp_path, method=""))


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("--method", "guessing"), ("'guessing' does not exist", "choose --method from", "gradcam++")),
        (("--method", "flip", "--target", "all"), ("--target all", "leave out --method flip")),
    ],
)
def test_a_wish_that_cannot_be_met_is_one_sentence(toy, weights, tmp_path, words, parts):
    done = lab("run-all", "--data", toy, "--weights", weights, "--out", tmp_path / "out", *words)
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert all(part in done.err for part in parts)
    assert not (tmp_path / "out").exists()


def test_a_bad_mask_is_found_before_the_work_that_it_would_spoil(toy, weights, tmp_path):
    data, out = shutil.copytree(toy, tmp_path / "data"), tmp_path / "out"
    ids = (data / "ImageSets" / "Main" / "test.txt").read_text(encoding="utf-8").split()
    (data / "SegmentationClass" / f"{ids[2]}.png").write_bytes(b"no picture")
    words = ("run-all", "--data", data, "--weights", weights, "--limit", 5, "--no-pdf", "--out", out)
    done = lab(*words)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert f"Cannot read the mask '{data / 'SegmentationClass' / ids[2]}.png'" in done.err
    assert not out.exists()


def test_a_quick_run_does_not_look_at_what_val_liked(whole, settings, tmp_path):
    out = shutil.copytree(whole, tmp_path / "out")
    write_json(out / "methods.json", {**read_json(out / "methods.json"), "default": "flip"})
    liked, quick = Run(settings(out)), Run(settings(out, quick=True))
    assert (liked.method, quick.method) == ("flip", "gradcam")
    assert (liked.compared_threshold("flip") is None, quick.compared_threshold("flip")) == (False, None)
    assert Run(settings(out, quick=True, method="otsu")).method == Run(settings(out, method="otsu")).method == "otsu"


def test_over_all_classes_plain_grad_cam_runs_alone(flip, settings):
    for asked in (None, "gradcam"):
        run = Run(settings(flip[0], target="all", method=asked))
        assert (run.compares, run.method) == (False, "gradcam")
