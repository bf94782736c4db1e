"""A run's settings: the command line that says them, and the folder."""

import math
import shlex
from pathlib import Path
from typing import Any

import pytest

from gradcam_lab.data.layouts.reading import Reading
from gradcam_lab.errors import LabError
from gradcam_lab.models.model_choice import ModelChoice
from gradcam_lab.pipeline.settings import Settings
from gradcam_lab.pipeline.students_work import StudentsWork


def test_every_choice_that_is_not_the_default_is_in_the_command():
    chosen: dict[str, Any] = {
        **{"data": "pets", "data_root": Path("a b"), "target": "cat", "limit": 3, "method": "otsu", "ap": "11point"},
        **{"threshold": 0.5, "max_detections": 1, "seed": 1, "precision": "bf16"},
    }
    network: dict[str, Any] = {
        "model": "vgg16",
        "weights": "a b.pth",
        "classes": "a,b",
        "size": 96,
        "device": "cpu",
        "batch": 2,
    }
    settings = Settings(
        **chosen, model=ModelChoice(**network), quick=True, skip_bad=True, course=StudentsWork({}, {}, "mine")
    )
    words = shlex.split(settings.command)
    assert words[:2] == ["gradcam-lab", "run-all"]
    said = dict(zip(words[2:-2:2], words[3:-2:2], strict=True))
    wanted = {f"--{name.replace('_', '-')}": str(value) for name, value in {**chosen, **network}.items()}
    assert said == wanted | {"--impl": "mine"}
    assert words[-2:] == ["--quick", "--skip-bad"]
    assert Settings(course=StudentsWork({})).command == "gradcam-lab run-all"


def test_how_the_data_are_read_is_in_the_command():
    reading = Reading(Path("my annots"), "zero-based", 0.5, 3)
    settings = Settings(data="my/images", reading=reading, model=ModelChoice("vgg16"))
    assert Reading.of_command(settings.command) == reading
    assert ModelChoice.of_command(settings.command) == settings.model


@pytest.mark.parametrize(
    ("data", "annotations", "name"),
    [
        ("kangaroo/images", "kangaroo/annots", "kangaroo"),
        ("here/photos", "there/xml", "photos"),
        ("mine/images", None, "images"),
    ],
)
def test_two_folders_beside_each_other_are_called_as_that_which_holds_them(data, annotations, name):
    reading = Reading(annotations and Path(annotations))
    assert Settings(data=data, reading=reading).folder == Path("report") / name


def test_a_file_is_called_without_its_ending(tmp_path):
    (tmp_path / "instances.json").write_text("{}", encoding="utf-8")
    assert Settings(data=str(tmp_path / "instances.json")).folder == Path("report") / "instances"


def test_the_default_folder_is_named_after_the_data(tmp_path):
    assert Settings().folder == Path("report") / "toyvoc"
    assert Settings(data=str(tmp_path / "pets-mini")).folder == Path("report") / "pets-mini"
    assert Settings(data="pets", out=tmp_path).folder == tmp_path


@pytest.mark.parametrize("value", [0.0, -0.5, 1.5, math.nan, math.inf])
def test_a_threshold_that_is_no_fraction_is_refused(value):
    with pytest.raises(LabError, match=rf"--threshold {value:g} is no fraction .* give a number above 0 and up to 1"):
        Settings(threshold=value)


def test_the_whole_maximum_is_a_threshold():
    assert Settings(threshold=1).threshold == 1
