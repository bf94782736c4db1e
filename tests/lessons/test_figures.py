"""Every lesson has figures that are drawn, and worked numbers that run."""

import re
import xml.etree.ElementTree as ET
from importlib import import_module
from pathlib import Path

import pytest

from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.report.figures import lessons

NAMED = {step.name: re.findall(r"\]\(figure:(\w+)\)", step.source) for step in all_steps()}
NAMES = sorted(name for names in NAMED.values() for name in names)
FOLDER = Path(lessons.__file__).parent


@pytest.mark.parametrize("step", all_steps(), ids=lambda step: step.name)
def test_a_lesson_has_two_figures_and_a_worked_number(step):
    assert len(NAMED[step.name]) >= 2
    assert ">>>" in step.source


@pytest.mark.parametrize("step", all_steps(), ids=lambda step: step.name)
def test_no_figure_stands_in_a_question(step):
    """The question goes into `answers.md`, which shows none."""
    for task in step.tasks:
        if task.written:
            question = step.source.partition(f"# ## {task.id} ")[2].partition("# ## ")[0]
            assert "](figure:" not in question


def test_every_figure_is_shown_once():
    drawn = {path.stem for path in FOLDER.glob("*.py")} - {"__init__", "example"}
    assert sorted(drawn) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_is_an_svg_of_the_same_bytes_each_time(name, tmp_path):
    module = import_module(f"{lessons.__name__}.{name}")
    module.draw(tmp_path / "one.svg")
    module.draw(tmp_path / "two.svg")
    one = (tmp_path / "one.svg").read_bytes()
    assert one == (tmp_path / "two.svg").read_bytes()
    assert ET.fromstring(one).tag == "{http://www.w3.org/2000/svg}svg"
    assert len(one) < 300_000


@pytest.mark.parametrize("step", all_steps(), ids=lambda step: step.name)
def test_what_is_optional_is_marked_so(step):
    section = step.source.partition("# ## Optional: predict, derive, break (no points)\n")[2].partition("\n\n")[0]
    words = ("**Predict, then run.**", "**Derive.**", "**Break it.**")
    assert [section.count(word) for word in words] == [1, 1, 1]
