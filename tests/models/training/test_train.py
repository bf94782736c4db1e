"""`train` as a whole: data in, a folder out from which it goes on after any end, and a file that the zoo can load."""

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from gradcam_lab.data.layouts.voc import read_split, voc_hash
from gradcam_lab.errors import LabError
from gradcam_lab.models import zoo
from gradcam_lab.models.classifier import Preprocessing, weights_hash
from gradcam_lab.models.model_choice import ModelChoice
from gradcam_lab.models.training import logbook
from gradcam_lab.models.training.config_file import settings_of
from gradcam_lab.models.training.evaluate_classifier import as_table, evaluate_classifier
from gradcam_lab.models.training.train import train_network
from tests.commands import lab, refused
from tests.trainings import draw_labelled, log_of, settings, state_of

FILES = ["best.safetensors", "curves.png", "last.safetensors", "log.csv", "state.pt"]


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(autouse=True)
def _undrawn(monkeypatch):
    """Drawing takes longer than the small trainings; the one in a fixture of TestLabelledFolders is drawn."""
    monkeypatch.setattr(logbook, "draw", lambda path, rows: None)


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> Path:
    """Red and blue pictures, in a folder for each."""
    root = tmp_path_factory.mktemp("labelled") / "Röd och blå"
    draw_labelled(root)
    return root


class TestToyNet:
    """The training of the shipped network, by the same command as ever."""

    def test_one_file_is_written_that_the_zoo_loads(self, toy, tmp_path):
        out = tmp_path / "new folder" / "mine.safetensors"
        done = lab("train", "--data", toy, "--out", out, "--epochs", 2, "--seed", 5)
        assert (done.code, done.err) == (0, "")
        assert done.out.splitlines()[-1] == str(out)
        assert "24 images, 7 classes, 2 epochs" in done.out
        assert [line.split(":")[0] for line in done.out.splitlines() if "epoch " in line] == [
            "  epoch  1 of 2",
            "  epoch  2 of 2",
        ]
        assert list(out.parent.iterdir()) == [out]
        assert out.stat().st_size < 2_000_000  # in half precision, so that it can be shipped
        classifier = zoo.load("embedded", str(out))
        assert classifier.class_names == ("bird", "boat", "car", "cat", "dog", "horse", "person")
        assert (classifier.preprocessing, classifier.activation) == (Preprocessing(), "sigmoid")
        assert classifier.sha256 == weights_hash(classifier.network)
        recipe, scores = classifier.metadata["recipe"], classifier.metadata["scores"]
        assert recipe["epochs"] == [[112, 1], [224, 1]]
        assert (recipe["seed"], recipe["images"], recipe["data"]) == (5, 24, "toy voc")
        assert recipe["data_sha256"] == voc_hash(read_split(toy, "train"))
        assert set(scores) == {"val", "test"}
        for name, score in scores.items():
            assert 0 < score["map"] <= 1
            assert score["map"] == pytest.approx(sum(score["classes"].values()) / len(score["classes"]))
            assert f"mAP on {name}: {100 * score['map']:.1f}" in done.out
        # The scores are those of the file, whose weights have lost half of their digits.
        assert evaluate_classifier(ModelChoice(str(out)), str(toy))["map"] == scores["test"]["map"]

    def test_a_file_of_another_training_is_kept_and_the_same_training_replaces_its_own(self, toy, tmp_path):
        out = tmp_path / "mine.safetensors"

        def train(*more):
            return lab("train", "--data", toy, "--limit", 4, "--epochs", 1, "--out", out, *more)

        assert train().code == 0
        before = out.read_bytes()
        refused(train("--learning-rate", 0.1), "another training: its learning rate is 0.003 and not 0.1", "--out")
        refused(train("--arch", "cam_net"), "another training: its arch is", "--out", "--fresh")
        assert out.read_bytes() == before
        assert [path.name for path in tmp_path.iterdir()] == ["mine.safetensors"]
        assert train().code == 0
        out.write_bytes(b"something else")
        refused(train(), "mine.safetensors' is truncated or not a safetensors file", "replaced, so give another --out")
        assert train("--fresh").code == 0
        assert zoo.load_file(out).class_names

    def test_the_recipe_is_still_that_of_the_shipped_file(self):
        recipe, shipped = settings_of({}).recipe(), zoo.load().metadata["recipe"]
        now = json.loads(json.dumps(vars(recipe)))
        assert {name: now[name] for name in now if name in shipped} == {n: shipped[n] for n in shipped if n in now}
        assert (recipe.optimizer, recipe.scheduler) == ("adamw", "onecycle")


class TestBeforeAnythingIsTrained:
    """The data are not there: they would be missed if they were read first."""

    def test_an_unwritable_folder_is_refused(self, tmp_path):
        (tmp_path / "file").write_text("in the way", encoding="utf-8")
        with pytest.raises(LabError, match=r"Cannot make the folder '.*file'"):
            train_network(settings(tmp_path / "nowhere", tmp_path / "file" / "mine"))
        assert (tmp_path / "file").read_text(encoding="utf-8") == "in the way"

    def test_a_folder_is_no_file_and_a_file_no_folder(self, tmp_path):
        (tmp_path / "a.safetensors").mkdir()
        with pytest.raises(LabError, match="is a folder: give --out the name of a file"):
            train_network(settings(tmp_path / "nowhere", tmp_path / "a.safetensors"))
        (tmp_path / "b").write_text("text", encoding="utf-8")
        with pytest.raises(LabError, match=r"b' is a file: give --out a folder"):
            train_network(settings(tmp_path / "nowhere", tmp_path / "b"))

    def test_fp16_needs_a_gpu(self, tmp_path):
        if torch.cuda.is_available():
            pytest.skip("there is one")
        with pytest.raises(LabError, match="fp16 needs a GPU"):
            train_network(settings(tmp_path / "nowhere", tmp_path / "x", precision="fp16"))


class TestData:
    def test_no_such_data(self, tmp_path):
        with pytest.raises(LabError, match=r"no data folder '.*nowhere'"):
            train_network(settings(tmp_path / "nowhere", tmp_path / "mine"))
        assert list(tmp_path.iterdir()) == []

    def test_another_number_of_classes(self, folders, tmp_path):
        with pytest.raises(LabError, match=r"'Röd och blå' has 2 classes \(blue, red\) and not 10: mend num_classes"):
            train_network(settings(folders, tmp_path / "x", num_classes=10))

    def test_a_network_that_cannot_say_no(self, toy, tmp_path):
        with pytest.raises(LabError, match="squeezenet1_1 ends in a ReLU"):
            train_network(settings(toy, tmp_path / "x", arch="squeezenet1_1"))


class TestLabelledFolders:
    @pytest.fixture(scope="class")
    @classmethod
    def trained(cls, folders, tmp_path_factory):
        out = tmp_path_factory.mktemp("labels") / "my training"
        train_network(settings(folders, out, epochs=4, residual=True, learning_rate=0.01, log_every=2))
        return out

    def test_the_folder_holds_all_and_nothing_else(self, trained):
        assert sorted(path.name for path in trained.iterdir()) == FILES

    def test_the_log_has_a_row_for_each_epoch(self, trained):
        with (trained / "log.csv").open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        columns = ["epoch", "learning_rate", "train_loss", "val_loss", "val_accuracy", "seconds"]
        assert [list(row) for row in rows] == [columns] * 4
        assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
        assert float(rows[-1]["train_loss"]) < float(rows[0]["train_loss"])

    def test_the_curves_are_a_picture(self, trained):
        picture = cv2.imdecode(np.frombuffer((trained / "curves.png").read_bytes(), np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        assert picture.std() > 10

    def test_the_best_epoch_is_kept_with_its_scores(self, trained, folders):
        classifier = zoo.load_file(trained / "best.safetensors")
        assert (classifier.name, classifier.activation, classifier.layer) == ("cam_net", "softmax", "features")
        assert classifier.class_names == ("blue", "red")
        rows = [(float(row["val_accuracy"]), -float(row["val_loss"]), -int(row["epoch"])) for row in log_of(trained)]
        recipe, scores = classifier.metadata["recipe"], classifier.metadata["scores"]
        assert scores["val"]["accuracy"] == max(rows)[0] > 0.9  # red and blue are easy
        assert recipe["epoch"] == -max(rows)[2]
        found = evaluate_classifier(ModelChoice(str(trained / "best.safetensors")), str(folders), "val")
        assert {name: found[name] for name in ("map", "classes", "accuracy")} == scores["val"]
        assert (found["images"], found["arch"]) == (12, "cam_net")
        assert f"accuracy on val: {100 * found['accuracy']:.1f}" in as_table(found)

    def test_a_labelled_folder_has_no_test(self, trained, folders):
        with pytest.raises(LabError, match="has labelled folders and no split 'test': choose train or val"):
            evaluate_classifier(ModelChoice(str(trained / "best.safetensors")), str(folders), "test")

    def test_other_classes_cannot_be_asked_for(self, trained, toy, folders, tmp_path):
        with pytest.raises(LabError, match="None of the images shows one of the classes blue, red"):
            evaluate_classifier(ModelChoice(str(trained / "best.safetensors")), str(toy), "test")
        for name in ("blue", "green"):
            (tmp_path / "train" / name).mkdir(parents=True)
            picture = (folders / "train" / "blue" / "0.png").read_bytes()
            (tmp_path / "train" / name / "0.png").write_bytes(picture)
        with pytest.raises(LabError, match="does not know the class 'green'"):
            evaluate_classifier(ModelChoice(str(trained / "best.safetensors")), str(tmp_path), "train")

    def test_a_limit_takes_images_of_all_classes(self, folders, tmp_path):
        best = train_network(settings(folders, tmp_path / "x", epochs=1, limit=4))
        assert zoo.load_file(best).metadata["recipe"]["images"] == 4
        assert len(zoo.load_file(best).metadata["scores"]["val"]["classes"]) == 2

    def test_a_finished_training_is_not_done_again(self, trained, folders, capsys):
        names = ("state.pt", "log.csv", "last.safetensors")  # the last epoch's, with the seconds that it took
        before, files = state_of(trained / "best.safetensors"), [(trained / name).read_bytes() for name in names]
        train_network(settings(folders, trained, epochs=4, residual=True, learning_rate=0.01, resume=True))
        assert "going on after epoch 4 of 4" in capsys.readouterr().out
        after = state_of(trained / "best.safetensors")
        assert all(torch.equal(before[name], after[name]) for name in before)
        assert [(trained / name).read_bytes() for name in names] == files


class TestEnds:
    def test_it_stops_when_val_no_longer_improves(self, folders, tmp_path):
        train_network(settings(folders, tmp_path / "x", epochs=40, patience=2, optimizer="sgd", scheduler="constant"))
        rows = [(float(row["val_accuracy"]), -float(row["val_loss"])) for row in log_of(tmp_path / "x")]
        best = rows.index(max(rows)) + 1
        assert len(rows) == best + 2 < 40
        assert zoo.load_file(tmp_path / "x" / "best.safetensors").metadata["recipe"]["epoch"] == best

    def test_a_training_that_diverges_says_so(self, folders, tmp_path):
        with pytest.raises(LabError, match=r"diverged in epoch 1, its loss is nan: give a lower --learning-rate"):
            train_network(
                settings(folders, tmp_path / "x", epochs=2, learning_rate=1e30, optimizer="sgd", scheduler="constant")
            )


class TestStartingFromWeights:
    @pytest.fixture(scope="class")
    @classmethod
    def first(cls, toy, tmp_path_factory):
        return train_network(settings(toy, tmp_path_factory.mktemp("first") / "run", epochs=1))

    def test_frozen_features_stay_and_the_head_learns(self, first, toy, tmp_path):
        best = train_network(
            settings(toy, tmp_path / "run", weights=str(first), freeze_features=True, epochs=3, learning_rate=0.1)
        )
        before, after = state_of(first), state_of(best)
        same = {name for name in before if torch.equal(before[name], after[name])}
        assert same == {name for name in before if name.startswith("features.")}
        assert [row["epoch"] for row in log_of(tmp_path / "run")] == ["1", "2", "3"]
        assert zoo.load_file(best).metadata["recipe"]["start"] == "best.safetensors"
        scores = zoo.load_file(best).metadata["scores"]
        assert evaluate_classifier(ModelChoice(str(best)), str(toy))["map"] == pytest.approx(scores["test"]["map"])
