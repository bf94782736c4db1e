"""Val's choice, kept in the network's own file."""

import shutil
from pathlib import Path

from gradcam_lab.files import read_json
from gradcam_lab.models import zoo
from tests.commands import lab, refused


def test_the_file_says_it_and_is_the_same_network(quick_run, weights, tmp_path):
    file = shutil.copy(weights, tmp_path / "mine.safetensors")
    before = zoo.load_file(file)
    done = lab("sweep", "--run", quick_run, "--keep-in", file)
    chosen = read_json(quick_run / "threshold.json")["chosen"]
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"'{file}' now says: method gradcam, threshold {chosen:g}, as val chose them for dog of")
    after = zoo.load_file(file)
    assert after.metadata["localisation"]["method"] == "gradcam"
    assert after.metadata["localisation"]["threshold"] == chosen
    assert (after.sha256, after.class_names, after.preprocessing) == (
        before.sha256, before.class_names, before.preprocessing,
    )  # fmt: skip
    assert after.metadata["recipe"] == before.metadata["recipe"]
    assert lab("sweep", "--run", quick_run, "--keep-in", file).code == 0  # again, in place of itself


def test_locate_cuts_as_the_file_says(quick_run, toy, weights, tmp_path):
    file = shutil.copy(weights, tmp_path / "mine.safetensors")
    photo = next((toy / "JPEGImages").iterdir())
    plain = ("--align", "off", "--no-page", "--no-pictures")
    words = ("locate", photo, "--model", file, "--class", "dog", *plain, "--out")
    chosen = read_json(quick_run / "threshold.json")["chosen"]
    assert lab(*words, tmp_path / "before").code == 0
    assert lab("sweep", "--run", quick_run, "--keep-in", file).code == 0
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


def test_another_network_and_another_kind_of_file_are_refused(quick_run, tmp_path):
    other = Path(shutil.copy(zoo.EMBEDDED_FILE, tmp_path / "other.safetensors"))
    before = other.read_bytes()
    done = lab("sweep", "--run", quick_run, "--keep-in", other)
    refused(done, "is of another network than", "make a run of this one")
    assert other.read_bytes() == before
    (tmp_path / "a.pth").write_bytes(b"x")
    refused(lab("sweep", "--run", quick_run, "--keep-in", tmp_path / "a.pth"), "is no file of gradcam-lab train")
