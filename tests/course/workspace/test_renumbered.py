"""A workspace of the version whose step 2 had other numbers: an upgrade brings the new ones, and no letter is lost."""

import re
from pathlib import Path

import pytest

from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import find_task
from gradcam_lab.course.judging.verdicts import Status
from gradcam_lab.course.workspace import fresh_files, renamed, status, upgrade
from tests.course.workspace.helpers import interrupted_upgrades, said, snapshot
from tests.students import step_of

BEFORE = Path(__file__).with_name("before")
"""Files of a fresh workspace as that version wrote them."""

FILES = {path.name.removesuffix(".txt"): path.read_text(encoding="utf-8") for path in BEFORE.iterdir()}

WORDS = "Die Höhe der Karte sagt, wo der Hund ist und warum. " * 3

OWN_NAMES = {"known": "seeds", "counts": "confusion"}
"""Parameters of step 5 as that version called them."""


@pytest.fixture
def old(workspace):
    """A workspace of that version that nobody has touched."""
    for folder in (workspace.root, workspace.root / upgrade.BASE):
        for name, text in FILES.items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
    workspace.state_file.write_text('{"version": "0.0.1"}', encoding="utf-8")
    return workspace


def bodies(number):
    """The reference's bodies of a step by the function that each stands in, each with a student's comment."""
    source = step_of(str(number)).source
    lines = source.splitlines()
    for region in cut.regions(source):
        text = "\n".join([region.indent + "# größer", *lines[region.first : region.last - 1]])
        if number == 5 and region.function in ("refine", "class_iou", "mean_iou"):
            for new, former in OWN_NAMES.items():
                text = re.sub(rf"\b{new}\b", former, text)
        yield region.function.rpartition(".")[2], text


def solved(name):
    """A student's file of that version, with all its functions written."""
    text = FILES[name]
    for function, body in bodies(int(name[4])):
        todo = re.search(rf' *raise NotImplementedError\("task [\d.]+: {function}"\)', text)
        assert todo
        text = text.replace(todo[0], body)
    return text


@pytest.fixture
def used(old):
    """The same after a student has written all functions of steps 2 and 5, something at the end, and an answer."""
    for name in FILES:
        if name.startswith("step"):
            (old.root / name).write_text(solved(name) + "\n\nown = 'Grüße'\n", encoding="utf-8", newline="\n")
    head, mark, rest = FILES["answers.md"].partition("## 2.6")
    rest = rest.replace("<!-- your answer -->\n", WORDS + "\n", 1)
    (old.root / "answers.md").write_text(head + mark + rest, encoding="utf-8", newline="\n")
    return old


def test_an_untouched_one_becomes_a_fresh_one(old):
    upgrade.upgrade()
    fresh = fresh_files.fresh_files()
    assert all((old.root / name).read_text(encoding="utf-8") == fresh[name] for name in FILES)


@pytest.mark.parametrize("number", [2, 5])
def test_what_the_student_wrote_stays_and_passes(used, judge, number, capsys):
    upgrade.upgrade()
    step = step_of(str(number))
    text = (used.root / step.file).read_text(encoding="utf-8")
    assert all(body in text for _, body in bodies(number))
    assert "own = 'Grüße'" in text
    assert "raise NotImplementedError" not in text
    assert f"{step.file}: brought up to date; your text is kept.\n" in said(capsys)
    assert {verdict.status for verdict in used.judge(step, judge)} == {Status.passed}


def test_the_lessons_new_order_comes_in(used):
    upgrade.upgrade()
    text = (used.root / "step2_gradcam.py").read_text(encoding="utf-8")
    wanted = [line for line in step_of("2").source.splitlines() if re.match(r" *# ## ", line)]
    assert [line for line in text.splitlines() if re.match(r" *# ## ", line)] == wanted


def test_a_stub_that_is_left_has_its_new_number(old):
    path = old.root / "step2_gradcam.py"
    text = path.read_text(encoding="utf-8").replace('raise NotImplementedError("task 2.5: input_gradient")', "return 3")
    path.write_text(text, encoding="utf-8", newline="\n")
    upgrade.upgrade()
    todo = re.findall(r'NotImplementedError\("task ([^"]+)"\)', path.read_text(encoding="utf-8"))
    assert todo == [
        *("2.1: channel_weights", "2.2: weighted_map", "2.3: hook", "2.4: select_scores", "2.5: __call__"),
        *("2.6: all_classes", "2.9: vgg_gradcam"),
    ]


def test_an_answer_counts_for_the_same_question_before_and_after(used):
    assert used.answers() == {"2.8": WORDS.strip()}
    upgrade.upgrade()
    text = (used.root / "answers.md").read_text(encoding="utf-8")
    assert text == fresh_files.fresh_files()["answers.md"].replace("<!-- your answer -->\n", WORDS + "\n", 2).replace(
        WORDS + "\n", "<!-- your answer -->\n", 1
    )
    assert used.answers() == {"2.8": WORDS.strip()}


def test_hints_and_tries_count_for_the_same_task_and_are_renumbered_once(used):
    used.update_state(hints={"2.4": 1, "2.5": 3, "2.6": 2, "3.1": 1}, tries={"2.7": ["a", "b"], "2.5": ["c"]})
    upgrade.upgrade()
    hints, tries = {"2.4": 1, "2.7": 3, "2.8": 2, "3.1": 1}, {"2.9": ["a", "b"], "2.7": ["c"]}
    assert (used.state()["hints"], used.state()["tries"]) == (hints, tries)
    (used.root / upgrade.BASE / "answers.md").unlink()
    upgrade.upgrade()
    assert (used.state()["hints"], used.state()["tries"]) == (hints, tries)


def test_a_new_workspace_is_not_renumbered(workspace):
    workspace.update_state(hints={"2.5": 1})
    assert renamed.with_new_records(workspace.state()) == {}


def test_interrupted_anywhere_the_same_command_does_the_rest(used, monkeypatch):
    begun, state = snapshot(used), used.state()
    upgrade.upgrade()
    wanted = snapshot(used, backups=False)
    for _ in interrupted_upgrades(used, begun, monkeypatch):
        assert "größer" in (used.root / "step2_gradcam.py").read_text(encoding="utf-8")
        upgrade.upgrade()
        assert snapshot(used, backups=False) == wanted
    assert state == {"version": "0.0.1"}


def test_the_table_names_what_there_is():
    for function in renamed.TASKS.values():
        number, _, name = function.partition(": ")
        assert any(unit.endswith(name) for unit in find_task(number)[1].units)
    assert all(find_task(new)[1].written for new in renamed.WRITTEN.values())
    assert not any(find_task(old)[1].written for old in renamed.WRITTEN)


def test_status_of_it_counts_the_answer(used, capsys):
    status.status(json=True)
    assert '"2.8"' in said(capsys)
