"""A run's settings: the command line that says them, and the folder."""

import math
import shlex
from pathlib import Path
from typing import Any

import pytest

from gradcam_lab.errors import LabError
from gradcam_lab.pipeline.settings import Settings
from gradcam_lab.pipeline.students_work import StudentsWork


def test_every_choice_that_is_not_the_default_is_in_the_command():
    chosen: dict[str, Any] = {
        **{"data": "pets", "data_root": Path("a b"), "checkpoint": Path("c.pth"), "classifier": "vgg16"},
        **{
            "weights": "imagenet",
            "target": "cat",
            "limit": 3,
            "method": "otsu",
            "ap": "11point",
            "threshold": 0.5,
            "max_detections": 1,
            "seed": 1,
            "precision": "bf16",
        },
    }
    words = shlex.split(Settings(**chosen, quick=True, skip_bad=True, course=StudentsWork({}, {}, "mine")).command)
    assert words[:2] == ["gradcam-lab", "run-all"]
    said = dict(zip(words[2:-2:2], words[3:-2:2], strict=True))
    assert said == {f"--{name.replace('_', '-')}": str(value) for name, value in chosen.items()} | {"--impl": "mine"}
    assert words[-2:] == ["--quick", "--skip-bad"]
    assert Settings(course=StudentsWork({})).command == "gradcam-lab run-all"


@pytest.mark.parametrize(
    "named",
    [
        {},
        {"classifier": "vgg16", "weights": "my weights.pth"},
        {"checkpoint": Path("a b") / "c.pth.tar", "quick": True, "limit": 5},
    ],
)
def test_the_network_is_read_from_the_command_again(named):
    again = Settings.of_network(Settings(**named).command)
    assert again == Settings(**{name: value for name, value in named.items() if name not in ("quick", "limit")})


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
