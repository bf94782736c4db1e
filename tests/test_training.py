"""`train` as a whole: a folder in, a classifier file out that the zoo can load."""

import pytest

from gradcam_lab.data.voc import read_split, voc_hash
from gradcam_lab.errors import LabError
from gradcam_lab.files import sha256
from gradcam_lab.models import training, zoo
from gradcam_lab.models.classifier import Preprocessing, weights_hash
from gradcam_lab.models.fitting import Recipe
from tests.commands import lab


@pytest.fixture
def small(monkeypatch):
    """Small inputs, in the recipe and in what becomes of it; the number of passes is still a matter of --epochs."""
    monkeypatch.setattr(training, "Preprocessing", lambda: Preprocessing(size=64))
    monkeypatch.setattr(training, "Recipe", lambda: Recipe(epochs=((32, 3), (64, 1)), batch=12))


def test_train_writes_what_the_zoo_loads(toy, tmp_path, small):
    out = tmp_path / "new folder" / "mine.safetensors"
    done = lab("train", "--data", toy, "--out", out, "--epochs", 2, "--seed", 5)
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-1] == str(out)
    assert "24 images, 7 classes, 2 epochs" in done.out
    assert [line.split(":")[0] for line in done.out.splitlines() if "epoch " in line] == [
        "  epoch  1 of 2",
        "  epoch  2 of 2",
    ]
    classifier = zoo.load("embedded", str(out))
    assert classifier.class_names == ("bird", "boat", "car", "cat", "dog", "horse", "person")
    assert classifier.preprocessing == Preprocessing(size=64)
    assert classifier.sha256 == weights_hash(classifier.network)
    recipe, scores = classifier.metadata["recipe"], classifier.metadata["scores"]
    assert recipe["epochs"] == [[32, 1], [64, 1]]
    assert (recipe["seed"], recipe["images"], recipe["data"]) == (5, 24, "toy voc")
    assert recipe["data_sha256"] == voc_hash(read_split(toy, "train"))
    assert set(scores) == {"val", "test"}
    for name, score in scores.items():
        assert 0 < score["map"] <= 1
        assert score["map"] == pytest.approx(sum(score["classes"].values()) / len(score["classes"]))
        assert f"mAP on {name}: {100 * score['map']:.1f}" in done.out
    # What was measured on the network in memory holds, but for half precision, for the network in the file.
    again = training.mean_average_precision(classifier, read_split(toy, "test"))
    assert again["map"] == pytest.approx(scores["test"]["map"], abs=0.05)


@pytest.fixture
def never(monkeypatch):
    def fail(*_, **__):
        raise AssertionError("nothing should be read or trained")

    monkeypatch.setattr(training, "read_split", fail)
    monkeypatch.setattr(training, "fit", fail)


class TestBeforeAnythingIsTrained:
    def test_an_unwritable_folder_is_refused(self, toy, tmp_path, never):
        (tmp_path / "file").write_text("in the way", encoding="utf-8")
        with pytest.raises(LabError, match=r"Cannot make the folder '.*file'"):
            training.train(str(toy), tmp_path / "file" / "mine.safetensors")
        assert (tmp_path / "file").read_text(encoding="utf-8") == "in the way"

    def test_a_folder_is_no_file(self, toy, tmp_path, never):
        with pytest.raises(LabError, match="is a folder: give --out the name of a file"):
            training.train(str(toy), tmp_path)

    def test_no_such_data(self, tmp_path, never):
        with pytest.raises(LabError, match=r"no data folder '.*nowhere'"):
            training.train(str(tmp_path / "nowhere"), tmp_path / "mine.safetensors")


def test_a_training_that_fails_leaves_the_old_file(toy, tmp_path, weights, monkeypatch, small):
    out = tmp_path / "mine.safetensors"
    out.write_bytes(weights.read_bytes())

    def fail(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "mean_average_precision", fail)
    with pytest.raises(KeyboardInterrupt):
        training.train(str(toy), out, epochs=1)
    assert sha256(out) == sha256(weights)
    assert list(tmp_path.iterdir()) == [out]
