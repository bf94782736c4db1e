"""Val's choice, kept in the network's own file."""

import shutil
from pathlib import Path

import pytest

from gradcam_lab.files import read_json
from gradcam_lab.models import zoo
from tests.commands import lab, refused, run_all


@pytest.fixture(scope="module")
def finished(toy, weights, tmp_path_factory):
    out = tmp_path_factory.mktemp("keep") / "run"
    assert run_all(toy, weights, out, "--limit", 8).code == 0
    return out


def test_the_file_says_it_and_is_the_same_network(finished, weights, tmp_path):
    file = shutil.copy(weights, tmp_path / "mine.safetensors")
    before = zoo.load_file(file)
    done = lab("sweep", "--run", finished, "--keep-in", file)
    chosen = read_json(finished / "threshold.json")["chosen"]
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"'{file}' now says: method gradcam, threshold {chosen:g}, as val chose them for dog of")
    after = zoo.load_file(file)
    assert after.metadata["localisation"]["method"] == "gradcam"
    assert after.metadata["localisation"]["threshold"] == chosen
    assert (after.sha256, after.class_names, after.preprocessing) == (
        before.sha256, before.class_names, before.preprocessing,
    )  # fmt: skip
    assert after.metadata["recipe"] == before.metadata["recipe"]
    assert lab("sweep", "--run", finished, "--keep-in", file).code == 0  # again, in place of itself


def test_locate_cuts_as_the_file_says(finished, toy, weights, tmp_path):
    file = shutil.copy(weights, tmp_path / "mine.safetensors")
    photo = next((toy / "JPEGImages").iterdir())
    words = ("locate", photo, "--model", file, "--class", "dog", "--out")
    chosen = read_json(finished / "threshold.json")["chosen"]
    assert lab(*words, tmp_path / "before").code == 0
    assert lab("sweep", "--run", finished, "--keep-in", file).code == 0
    assert lab(*words, tmp_path / "after").code == 0
    assert lab(*words, tmp_path / "other", "--method", "layercam").code == 0
    assert lab(*words, tmp_path / "given", "--threshold", 0.7).code == 0
    told = {name: read_json(tmp_path / name / "boxes.json") for name in ("before", "after", "other", "given")}
    kept = f"chosen on val for dog of {toy.name}, as the network's file says"
    assert (told["after"]["method"], told["after"]["threshold"]) == ("gradcam", chosen)
    assert told["after"]["threshold_from"] == kept
    assert "val has chosen none" in told["before"]["threshold_from"]
    assert (told["other"]["method"], told["other"]["threshold_from"] == kept) == ("layercam", False)
    assert told["given"]["threshold"] == 0.7


def test_another_network_and_another_kind_of_file_are_refused(finished, toy, weights, tmp_path):
    other = Path(shutil.copy(zoo.EMBEDDED_FILE, tmp_path / "other.safetensors"))
    before = other.read_bytes()
    refused(lab("sweep", "--run", finished, "--keep-in", other), "is of another network than", "make a run of this one")
    assert other.read_bytes() == before
    (tmp_path / "a.pth").write_bytes(b"x")
    refused(lab("sweep", "--run", finished, "--keep-in", tmp_path / "a.pth"), "is no file of gradcam-lab train")
    given = tmp_path / "given"
    assert run_all(toy, weights, given, "--threshold", 0.5, "--limit", 8).code == 0
    file = shutil.copy(weights, tmp_path / "mine.safetensors")
    refused(lab("sweep", "--run", given, "--keep-in", file), "was given, not chosen on val: run without --threshold")
