"""A figure in a model answer is the lesson's own, or read from the sample report."""

import json
from pathlib import Path

import pytest

from gradcam_lab.course.authoring import manifest
from gradcam_lab.course.authoring.model_answers import examine_answers, sample_folder
from tests.synthetic_run import results

QUOTE = "<!-- quotes\nOf {{ failures.counts.KEY }} dogs.\n-->\nOf 81 dogs.\n<!-- /quotes -->\n"


@pytest.fixture
def sample(tmp_path) -> Path:
    content = results()
    content["failures"] = {"iou": 0.5, "counts": {"missed": 81}}
    (tmp_path / "sample").mkdir()
    (tmp_path / "sample" / "results.json").write_text(json.dumps(content), encoding="utf-8")
    return tmp_path / "sample"


@pytest.fixture
def examined(tmp_path, sample):
    """The sentences about model answers to step 3."""

    def examine(text: str, sample: Path = sample) -> list[str]:
        file = tmp_path / "step3_boxes.answers.md"
        file.write_text(text, encoding="utf-8")
        step = manifest.find_step("3")
        assert step
        return list(examine_answers(step, file, sample))

    return examine


@pytest.mark.parametrize("step", manifest.all_steps(), ids=lambda step: step.name)
def test_the_model_answers_are_in_order(step):
    file = manifest.lesson_folder() / "checks" / f"{step.name}.answers.md"
    assert sample_folder().is_dir()
    assert list(examine_answers(step, file, sample_folder())) == []


def test_a_figure_that_is_read_from_the_sample_is_in_order(examined):
    assert examined(QUOTE.replace("KEY", "missed")) == []


def test_a_figure_that_the_sample_does_not_show_is_found(examined):
    (problem,) = examined(QUOTE.replace("KEY", "missed").replace("Of 81", "Of 53"))
    assert "the quote 'Of 53 dogs.' should be 'Of 81 dogs.'" in problem
    assert problem.startswith("step3_boxes.answers.md: ")


def test_a_path_that_the_sample_does_not_have_is_found(examined):
    (problem,) = examined(QUOTE.replace("KEY", "lost"))
    assert "has no attribute 'lost'" in problem


@pytest.mark.parametrize("figure", ["81", "0.87", "-22", "4711"])
def test_a_figure_from_nowhere_is_found(examined, figure):
    (problem,) = examined(f"At IoU 0.5 of VGG-19 and of 001817, {figure}.")
    assert f"quotes the figure {figure.strip('-')}, which is neither" in problem


def test_without_a_sample_the_answers_are_read_as_they_stand(examined, tmp_path):
    assert examined(QUOTE.replace("KEY", "lost"), tmp_path / "absent") == []


def test_a_sample_without_results_is_found(examined, sample):
    (sample / "results.json").unlink()
    (problem,) = examined("Nothing.")
    assert problem.startswith("the sample cannot be read: ")


def test_missing_model_answers_are_found(sample, tmp_path):
    step = manifest.find_step("3")
    assert step
    assert list(examine_answers(step, tmp_path / "step3_boxes.answers.md", sample)) == [
        "the model answers 'step3_boxes.answers.md' cannot be read"
    ]
