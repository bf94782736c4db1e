"""`read`: the lessons as pages, in a workspace with what the student has passed and never with an answer."""

import re
import webbrowser
from itertools import pairwise
from pathlib import Path

import pytest

from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.judging.verdicts import Status
from gradcam_lab.course.workspace import hints
from gradcam_lab.report.pages import shell
from tests.commands import lab, refused
from tests.course.workspace.helpers import ANSWER, MINE, TODO, judged, replace
from tests.report.pages.made import dead_links, read
from tests.students import step_of


@pytest.fixture
def outside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def _without_drawings(monkeypatch):
    """The drawings of the lessons take seconds, and have tests of their own."""
    monkeypatch.setattr(shell, "drawn", lambda name: "data:image/svg+xml;base64,")


def squeezed(text):
    return re.sub(r"\s", "", text)


def answers():
    """The lines of all solutions that stand nowhere in a stub, by task, but for short ones, which say nothing."""
    stubs = squeezed("".join(cut.stub(step.source) for step in all_steps()))
    for step in all_steps():
        lines = step.source.splitlines()
        for region in cut.regions(step.source):
            for line in lines[region.first : region.last - 1]:
                code = squeezed(line.partition("  #")[0])
                if len(code) > 12 and code not in stubs:
                    yield region.task, code


def shown_answers(folder):
    """The lines of solutions that are in the pages of a folder."""
    pages = {path.name: squeezed(read(path).text) for path in folder.glob("*.html")}
    assert len(pages) > 7
    return [(name, task, line) for name, text in pages.items() for task, line in answers() if line in text]


def test_no_answer_is_in_the_pages_of_a_workspace(workspace, tmp_path):
    out = tmp_path / "pages"
    assert lab("read", "--all", "--no-open", "--out", out).code == 0
    assert shown_answers(out) == []
    assert f"0 of {step_of('2').points} points" in read(out / "step2_gradcam.html").text
    assert TODO in read(out / "step2_gradcam.html").text
    assert not (out / "report.html").exists()


def test_outside_of_a_workspace_the_lessons_are_shown_with_all_hints(outside):
    out = outside / "pages"
    assert lab("read", "--all", "--no-open", "--out", out).code == 0
    found = shown_answers(out)
    assert {task for _, task, _ in found} == {task for task, _ in answers()}
    text = read(out / "step2_gradcam.html").text
    assert ANSWER in text
    assert "Stuck?" not in text
    assert "NotImplementedError" not in text
    assert dead_links(out) == []
    for path in out.glob("*.html"):
        levels = read(path).headings
        assert levels.count(1) == 1, path.name
        assert all(below - above <= 1 for above, below in pairwise(levels)), path.name


def test_what_has_passed_is_shown_as_the_student_wrote_it(workspace, file, tmp_path):
    replace(file)
    judged(workspace)
    page = tmp_path / "step2_gradcam.html"
    assert lab("read", "2", "--no-open", "--out", tmp_path).out == f"{page}\n"
    text = read(page).text
    assert MINE in text
    assert TODO not in text
    assert ANSWER not in text
    assert text.count("Your code") == 1
    assert f"1 of {step_of('2').points} points" in text


def test_a_class_may_be_indented_otherwise_than_the_stub(workspace, file, tmp_path):
    (task,) = [task.id for step in all_steps() for task in step.tasks if "GradCAM.__call__" in task.units]
    replace(file, f'raise NotImplementedError("task {task}: __call__")', "return images  # mine")
    text = file.read_text(encoding="utf-8")
    narrow, found = re.subn(
        r"^class GradCAM:\n(?:    .*\n|\n)+", lambda match: match[0].replace("    ", "  "), text, flags=re.MULTILINE
    )
    assert found == 1
    file.write_text(narrow, encoding="utf-8")
    judged(workspace, task)
    assert lab("read", "2", "--no-open", "--out", tmp_path).code == 0
    assert "return images  # mine" in read(tmp_path / "step2_gradcam.html").text


@pytest.mark.parametrize("outcome", [Status.failed, Status.error, Status.timed_out])
def test_what_has_not_passed_is_the_stub(workspace, file, tmp_path, outcome):
    replace(file)
    judged(workspace, outcome=outcome)
    lab("read", "2", "--no-open", "--out", tmp_path)
    text = read(tmp_path / "step2_gradcam.html").text
    assert MINE not in text
    assert TODO in text
    assert outcome.value in text


def test_code_that_was_changed_after_it_passed_is_not_shown(workspace, file, tmp_path):
    replace(file)
    judged(workspace)
    replace(file, MINE, "return gradients.sum(dim=(2, 3))")
    lab("read", "2", "--no-open", "--out", tmp_path)
    text = read(tmp_path / "step2_gradcam.html").text
    assert "gradients.sum" not in text
    assert TODO in text


def test_a_file_that_is_no_python_leaves_the_page_whole(workspace, file, tmp_path):
    replace(file)
    judged(workspace)
    replace(file, MINE, "return (")
    assert lab("read", "2", "--no-open", "--out", tmp_path).code == 0
    assert TODO in read(tmp_path / "step2_gradcam.html").text


def test_hints_are_shown_once_they_were_taken(workspace, capsys, tmp_path):
    hints.hint("2.1")
    lab("read", "2", "--no-open", "--out", tmp_path)
    text = " ".join(read(tmp_path / "step2_gradcam.html").text.split())
    (task,) = [task for step in all_steps() for task in step.tasks if task.id == "2.1"]
    first, second, third = (hint.split()[-4:] for hint in task.hints)
    assert " ".join(first) in text
    assert " ".join(second) not in text
    assert " ".join(third) not in text
    assert "gradcam-lab hint 2.1 (1 of 3 seen)" in text


def test_without_a_word_everything_is_listed_and_nothing_written(outside):
    done = lab("read")
    assert done.code == 0
    for step in all_steps():
        assert f"gradcam-lab read {step.number}" in done.out
        assert step.title in done.out
    assert list(outside.iterdir()) == []


def test_a_step_has_its_number_or_its_files_name(outside):
    for word in ("2", "step2_gradcam", "step2_gradcam.py"):
        assert lab("read", word, "--no-open").out == f"{Path('gradcam-lab-pages') / 'step2_gradcam.html'}\n"


def test_a_task_opens_its_lesson_there(outside, monkeypatch):
    calls: list[str] = []
    monkeypatch.setattr(webbrowser, "open", calls.append)
    monkeypatch.setenv("DISPLAY", ":0")
    page = Path("gradcam-lab-pages") / "step2_gradcam.html"
    assert lab("read", "2.3").out == f"{page}\n"
    assert calls == [(outside / page).as_uri() + "#task-2.3"]
    assert 'id="task-2.3"' in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("word", ["7", "2.99", "instal", "../x", "", "x" * 300])
def test_what_there_is_not_is_said(outside, word):
    refused(lab("read", word, "--no-open"), f"There is no step or page '{word}'")
    assert list(outside.iterdir()) == []


def test_a_step_and_all_are_not_asked_for_at_once(outside):
    refused(lab("read", "2", "--all", "--no-open"), "--all writes every page")


def test_a_page_of_somebody_else_is_not_replaced(outside):
    page = outside / "step2_gradcam.html"
    page.write_text("mine", encoding="utf-8")
    refused(lab("read", "2", "--no-open", "--out", outside), "is there already and no page of gradcam-lab")
    assert page.read_text(encoding="utf-8") == "mine"
    refused(lab("read", "2", "--no-open", "--out", page), "Cannot make the folder")


@pytest.mark.parametrize(("screen", "opened"), [(True, 1), (False, 0)])
def test_the_page_is_opened_where_there_is_a_screen(outside, monkeypatch, screen, opened):
    calls: list[str] = []
    monkeypatch.setattr(webbrowser, "open", calls.append)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    if screen:
        monkeypatch.setenv("DISPLAY", ":0")
    assert lab("read", "2").code == 0
    assert calls == [(outside / "gradcam-lab-pages" / "step2_gradcam.html").as_uri()] * opened
    assert lab("read", "2", "--no-open").code == 0
    assert len(calls) == opened
