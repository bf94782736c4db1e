"""A quick judge, five submissions, and a graded class."""

import pytest

from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.grading import grade as grading
from gradcam_lab.course.grading.grades import Grade, Grading, written_tasks
from gradcam_lab.course.grading.verdict_store import VARIABLE
from gradcam_lab.course.judging.judge import Limits
from tests.course.grading.submitted import NASTY, WORDS, Quick, a_grade, answered, put, solved, stubs


@pytest.fixture(autouse=True)
def state(tmp_path_factory, monkeypatch):
    """The folder of what gradings remember, of this test alone."""
    folder = tmp_path_factory.mktemp("state")
    monkeypatch.setenv(VARIABLE, str(folder))
    return folder


@pytest.fixture
def quick(monkeypatch) -> Quick:
    quick = Quick()
    monkeypatch.setattr(grading, "Judge", lambda *_, **__: quick)
    return quick


@pytest.fixture
def handed_in(tmp_path):
    """Five submissions; two have something wrong."""
    folder = tmp_path / "hand ins"
    for name in ("anna", "bob", "carl"):
        put(folder / name, {**solved(), all_steps()[0].file: f"{all_steps()[0].source}\n# of {name}\n"})
    put(folder / "dora", {**solved(), **answered(), all_steps()[1].file: "# wrong 2.1 wrong 2.2"})
    put(folder / "emil", {**stubs(), all_steps()[1].file: "# wrong 2.2"})
    return folder


@pytest.fixture(scope="session")
def a_class() -> Grading:
    answer = {written_tasks()[0].id: f"{WORDS}\n\n<b>{NASTY}</b>"}
    grades = (
        a_grade(NASTY, answers=answer),
        a_grade("=1+1", source="wrong 2.1"),
        a_grade("Jürgen 李", source="wrong 2.1 wrong 2.2"),
        Grade("@zip", problem="=The zip cannot be opened."),
    )
    return Grading(99, Limits(), grades)
