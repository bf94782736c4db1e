"""`sweep --split train`: the maps that no run makes, by the run's own network."""

import json
import shutil

import numpy as np
import pytest

from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.errors import LabError
from gradcam_lab.files import read_json, sha256
from gradcam_lab.localise.maps import read_maps
from gradcam_lab.pipeline.finished_run import FinishedRun
from gradcam_lab.pipeline.sweep_run import sweep_run
from gradcam_lab.pipeline.train_maps import ARTIFACT, learned, maps_of
from tests.invented_run import change_results
from tests.pipeline.conftest import LIMIT


@pytest.fixture
def copy(flip, tmp_path):
    """A run by the method "flip", to be changed."""
    return shutil.copytree(flip[0], tmp_path / "run")


def test_the_maps_are_made_kept_and_the_run_stays_as_it_is(copy, toy, lessons, capsys):
    for old in copy.glob("sweep.*"):  # of another test
        old.unlink()
    before = {file: sha256(file) for file in copy.rglob("*") if file.is_file()}
    ours = json.loads(sweep_run(copy, split="train", thresholds=[0.1, 0.5], json=True))
    assert f"makes those of {LIMIT} images" in capsys.readouterr().err
    assert {file: sha256(file) for file in before} == before
    samples = read_split(toy, "train").samples[:LIMIT]
    maps = read_maps(copy / ARTIFACT)
    assert maps.ids.tolist() == [sample.id for sample in samples] == list(read_json(copy / "boxes_train_0.1.json"))
    assert set(maps.splits.tolist()) == {"train"}
    assert maps.maps.shape[1:] == read_maps(copy / "maps.npz").maps.shape[1:]
    assert ours["split"] == "train"
    assert sweep_run(copy, split="train", thresholds=[0.1, 0.5]).count("boxes_train_") == 4
    assert "makes those" not in capsys.readouterr().err


def test_they_are_what_the_run_would_have_made(copy, toy, lessons, monkeypatch):
    """Called val, train's images have the maps that the run has of val's."""
    (data := copy.parent / "data").mkdir()
    shutil.copytree(toy, data, dirs_exist_ok=True)
    shutil.copy(data / "ImageSets" / "Main" / "val.txt", data / "ImageSets" / "Main" / "train.txt")
    change_results(copy, "run", "data_root", value=str(data))
    finished = FinishedRun(copy)
    found, expected = maps_of(finished, "train", lessons), finished.maps("val")
    assert found.ids.tolist() == expected.ids.tolist()
    np.testing.assert_allclose(found.maps, expected.maps, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(found.probabilities, expected.probabilities, rtol=1e-3, atol=1e-6)


def test_maps_of_other_inputs_and_damaged_ones_are_made_again(copy, lessons):
    finished = FinishedRun(copy)
    good = maps_of(finished, "train", lessons)
    for spoil in (
        lambda: (copy / ARTIFACT).write_bytes(b"PK\x03\x04 nothing"),
        lambda: (copy / "heatmaps_train.json").write_text("[]", encoding="utf-8"),
    ):
        spoil()
        np.testing.assert_array_equal(maps_of(finished, "train", lessons).maps, good.maps)
    change_results(copy, "run", "method", "name", value="pair")
    other = maps_of(FinishedRun(copy), "train", lessons).maps
    assert other.shape != good.maps.shape or not np.allclose(other, good.maps)


def test_a_network_that_cannot_be_had_again_is_refused(copy, lessons):
    command = read_json(copy / "results.json")["provenance"]["command"]
    change_results(copy, "provenance", "command", value=command.replace("random ToyNet", "gone"))
    with pytest.raises(LabError, match=r"cannot be had again\. .*gone\.safetensors.* was started by: gradcam-lab run"):
        maps_of(FinishedRun(copy), "train", lessons)
    change_results(copy, "provenance", "command", value="gradcam-lab run-all")
    with pytest.raises(LabError, match="names is another network today"):
        maps_of(FinishedRun(copy), "train", lessons)
    assert not (copy / ARTIFACT).exists()


def test_it_is_said_whether_the_network_has_learned_from_these_images(copy, lessons):
    assert "whether the network was trained on these images is not known" in sweep_run(copy, split="train", step=0.5)
    finished = FinishedRun(copy)
    assert not learned(finished)
    told = read_json(copy / "heatmaps_train.json")["data_sha256"]
    change_results(copy, "classifier", "recipe", value={"data_sha256": told})
    assert learned(FinishedRun(copy))
    assert "train: the network was trained on these images: the scores are optimistic." in sweep_run(
        copy, split="train", step=0.5
    )
    change_results(copy, "classifier", "recipe", value={"data": "voc2007"})
    change_results(copy, "run", "data", value="voc2007")
    assert learned(FinishedRun(copy))
