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
def test_a_figure_is_a_small_svg(name, tmp_path):
    import_module(f"{lessons.__name__}.{name}").draw(tmp_path / "a.svg")
    drawn = (tmp_path / "a.svg").read_bytes()
    assert ET.fromstring(drawn).tag == "{http://www.w3.org/2000/svg}svg"
    assert 10_000 < len(drawn) < 300_000


def test_a_figure_has_the_same_bytes_each_time(tmp_path):
    for name in ("two_orders", "map_to_boxes"):
        draw = import_module(f"{lessons.__name__}.{name}").draw
        draw(tmp_path / "a.svg")
        draw(tmp_path / "b.svg")
        assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


@pytest.mark.parametrize("step", all_steps(), ids=lambda step: step.name)
def test_what_is_optional_is_marked_so(step):
    section = step.source.partition("# ## Optional: predict, derive, break (no points)\n")[2].partition("\n\n")[0]
    words = ("**Predict, then run.**", "**Derive.**", "**Break it.**")
    assert [section.count(word) for word in words] == [1, 1, 1]
