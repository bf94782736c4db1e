"""A finished run read again: of another version, of another run, or incomplete."""

import shutil

import pytest

from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.errors import LabError
from gradcam_lab.files import read_json, write_json
from gradcam_lab.pipeline.finished_run import FinishedRun
from tests.commands import lab


def test_a_run_of_an_older_version_is_one_of_plain_grad_cam(flip, tmp_path):
    old, other = (shutil.copytree(flip[0], tmp_path / name) for name in ("old", "other"))
    content = read_json(old / "results.json")
    content["run"]["method"]["name"] = "gradcam"
    write_json(other / "results.json", content)
    del content["run"]["method"]
    write_json(old / "results.json", content)
    words = [("sweep", "--run", folder, "--json", "--split", "test", "--step", 0.3) for folder in (old, other)]
    assert lab(*words[0]).out == lab(*words[1]).out != lab("sweep", "--run", flip[0], *words[0][3:]).out


def test_a_run_of_a_newer_version_is_refused_with_one_sentence(flip, tmp_path):
    content = read_json(flip[0] / "results.json")
    content["run"]["method"]["name"] = "newcam"
    write_json(tmp_path / "results.json", content)
    done = lab("sweep", "--run", tmp_path)
    assert done.code == 2
    assert done.err.endswith(f"in '{tmp_path}' used the method 'newcam', which this lab lacks: run it again.\n")
    assert done.err.count("\n") == 1


def test_a_run_that_was_interrupted_in_the_folder_of_another_is_not_mixed_with_it(flip, tmp_path):
    copy = shutil.copytree(flip[0], tmp_path / "copy")
    told = read_json(copy / "results.json")["artifacts"]
    assert set(told) == {"ground_truth.json", "heatmaps.npz", "maps.npz", "alignment.json", "detections.json"}
    shutil.copy(copy / "heatmaps.npz", copy / "maps.npz")  # as of plain Grad-CAM, whose run did not get further
    done = lab("sweep", "--run", copy)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "maps.npz' is not of the run that 'results.json' beside it tells of: start run-all again." in done.err


def test_a_value_that_results_lack_is_named(invented_run):
    finished = FinishedRun(invented_run)
    assert finished.value("run", "target") == "dog"
    with pytest.raises(LabError, match=r"results\.json' lacks 'run\.target\.more': make the run again\."):
        finished.value("run", "target", "more")


def test_the_images_are_those_of_the_maps_in_their_order(invented_run, toy):
    finished = FinishedRun(invented_run)
    for split in ("val", "test"):
        samples = finished.samples(finished.maps(split))
        assert [sample.id for sample in samples] == [sample.id for sample in read_split(toy, split).samples]
