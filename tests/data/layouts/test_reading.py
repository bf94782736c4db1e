"""How a data set is read, as options of a command line and back."""

import shlex
from pathlib import Path

import pytest

from gradcam_lab.data.layouts.reading import Reading


@pytest.mark.parametrize(
    "reading",
    [
        Reading(),
        Reading(Path("my annotations"), "zero-based", 0.25, 3),
        Reading(val_size=40, split_seed=0),
        Reading(boxes="coco"),
    ],
)
def test_a_command_line_says_it_again(reading):
    command = shlex.join(["gradcam-lab", "run-all", "--data", "x", *reading.words(), "--seed", "5"])
    assert Reading.of_command(command) == reading


def test_the_defaults():
    assert (Reading().size, Reading().seed, Reading().words()) == (0.2, 0, [])
