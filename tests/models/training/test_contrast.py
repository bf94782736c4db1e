"""Labels that tell no images apart are refused before a training, and said where they are scored."""

import re
import shutil

import cv2
import numpy as np
import pytest
import torch

from gradcam_lab.data.image_files import read_image
from gradcam_lab.errors import LabError
from gradcam_lab.models.model_choice import ModelChoice
from gradcam_lab.models.training.dataset import read_training_data, require_contrast, unlearnable, unscorable
from gradcam_lab.models.training.evaluate_classifier import evaluate_classifier
from gradcam_lab.models.training.train import train_network
from tests import folders
from tests.trainings import draw_labelled, settings

NAN = float("nan")


@pytest.fixture
def voc(tmp_path):
    """One dog in every image."""
    folders.voc(tmp_path / "voc", ("train", "val", "test"))
    return tmp_path / "voc"


class TestFolders:
    def test_one_class_alone(self, tmp_path):
        folders.imagenette(tmp_path / "one", {"train": {"cat": 6}})
        with pytest.raises(
            LabError, match=r"one class alone in the split 'train' of '.*one', 'cat', and a network of o"
        ):
            train_network(settings(tmp_path / "one", tmp_path / "out", epochs=1))
        assert not (tmp_path / "out").exists()

    @pytest.mark.parametrize(("split", "limit"), [("train", 1), ("val", None)])
    def test_a_split_of_one_class(self, tmp_path, split, limit):
        folders.imagenette(tmp_path / "two", {"train": {"cat": 6, "dog": 6}, "val": {"cat": 3}})
        message = rf"Every image of the split '{split}' of .* shows the same \(cat\), .*: add images of other classes\."
        with pytest.raises(LabError, match=message):
            read_training_data(settings(tmp_path / "two", tmp_path / "out", limit=limit))

    def test_a_class_that_is_left_without_images_is_said(self, tmp_path, capsys):
        folders.imagenette(tmp_path / "three", {"train": {"a": 5, "b": 5, "c": 5}})
        read_training_data(settings(tmp_path / "three", tmp_path / "out", limit=2))
        found = re.findall(
            r"note: No image of the split 'train' of .* shows (\w): that cannot be learned", capsys.readouterr().err
        )
        assert len(found) == 1

    def test_scores_on_one_class_are_doubted(self, tmp_path, capsys):
        draw_labelled(tmp_path / "data")
        best = train_network(settings(tmp_path / "data", tmp_path / "out", epochs=1))
        assert capsys.readouterr().err == ""
        for path in (tmp_path / "data" / "val" / "red").iterdir():
            path.unlink()
        assert evaluate_classifier(ModelChoice(str(best)), str(tmp_path / "data"))["map"] == 1
        assert "shows blue: the AP is 100 there whatever a network says." in capsys.readouterr().err


class TestBoxes:
    def test_one_class_in_every_image(self, voc, tmp_path):
        message = (
            r"Every image of the split 'train' of '.*voc' shows the same \(dog\), .*whose annotations have no object\."
        )
        with pytest.raises(LabError, match=message):
            train_network(settings(voc, tmp_path / "out", epochs=1))
        folders.add_negative(voc, "train", "000011")
        with pytest.raises(LabError, match="Every image of the split 'val'"):
            train_network(settings(voc, tmp_path / "out", epochs=1))

    @pytest.mark.parametrize("skip_bad", [False, True])
    def test_negative_images_are_learned_from(self, voc, tmp_path, capsys, skip_bad):
        folders.add_negative(voc, "train", "000011")
        folders.add_negative(voc, "val", "000012")
        data = read_training_data(settings(voc, tmp_path / "out", skip_bad=skip_bad))
        assert data.classes == ("dog",)
        assert [data.splits[name].labels.tolist() for name in ("train", "val", "test")] == [[[1], [0]]] * 2 + [
            [[1], [1]]
        ]
        assert "note: Every image of the split 'test' of" in capsys.readouterr().err
        assert train_network(settings(voc, tmp_path / "out", epochs=1, skip_bad=skip_bad)).is_file()

    def test_no_object_anywhere(self, voc, tmp_path):
        for path in (voc / "Annotations").iterdir():
            path.write_text(folders.NEGATIVE, encoding="utf-8")
        with pytest.raises(LabError, match=r"No image of the split 'train' of .* shows an object: there is no class"):
            read_training_data(settings(voc, tmp_path / "out"))


def test_data_of_12_bits_are_learned_as_those_of_8(tmp_path, capsys):
    """The same pictures in 8 bits, and in a PNG of 16 bits that holds 12: the same training, to the digit."""
    draw_labelled(tmp_path / "eight")
    shutil.copytree(tmp_path / "eight", tmp_path / "twelve")
    for path in (tmp_path / "twelve").rglob("*.png"):
        pixels = read_image(path)[..., ::-1].astype(np.uint16)
        path.write_bytes(cv2.imencode(".png", pixels * 16 + pixels // 16)[1].tobytes())
    read = {
        name: [
            sample.image
            for sample in read_training_data(settings(tmp_path / name, tmp_path / "out")).splits["train"].samples
        ]
        for name in ("eight", "twelve")
    }
    for eight, twelve in zip(*read.values(), strict=True):
        np.testing.assert_array_equal(eight, twelve)
    assert capsys.readouterr().err == (
        "  note: The images of 16 bits hold data of 12: they are scaled so that 4095 is white.\n"
    )


class TestContrast:
    def test_labels_that_do_not_count(self):
        labels = torch.tensor([[1, NAN, 0], [1, NAN, 1]])
        require_contrast(labels, ("a", "b", "c"), "all")
        assert unlearnable(labels, ("a", "b", "c"), "all") == [
            "Every image of all shows a: that cannot be learned.",
            "No image of all shows b: that cannot be learned.",
        ]
        assert unscorable(labels, ("a", "b", "c"), "all") == [
            "Every image of all shows a: the AP is 100 there whatever a network says."
        ]

    def test_images_that_show_nothing(self):
        with pytest.raises(LabError, match=r"shows none of the classes, .*: add images that do"):
            require_contrast(torch.zeros(3, 2), ("a", "b"), "all")

    def test_two_classes(self):
        labels = torch.tensor([0, 1])
        require_contrast(labels, ("a", "b"), "all")
        assert unlearnable(labels, ("a", "b"), "all") == unscorable(labels, ("a", "b"), "all") == []
