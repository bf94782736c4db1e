"""What counts as a written answer."""

import re

import pytest

from gradcam_lab.course.authoring.manifest import all_steps, lesson_folder
from gradcam_lab.course.integrity.written import shortcoming
from gradcam_lab.course.workspace.folder import StudentFolder, questions
from tests.students import answers

OWN = (
    "The dog's head is hot in both maps, because the network has learned that heads tell a dog from a cat best of all."
)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Because.", "too short (1 of 20 words)"),
        ("bla " * 20, "no answer yet (1 different word, 10 needed)"),
        ("yes no " * 30, "no answer yet (2 different words, 10 needed)"),
        (questions()["4.6"], "no answer yet (the question copied, and 0 of 20 own words)"),
        (questions()["4.6"].upper() + "\n\nNo idea.", "no answer yet (the question copied, and 2 of 20 own words)"),
        (OWN, ""),
        (f"{questions()['4.6']}\n\n{OWN}", ""),
    ],
)
def test_what_is_an_answer(text, what):
    assert shortcoming(text, questions()["4.6"]) == what


def test_every_model_answer_is_one():
    for step in all_steps():
        text = (lesson_folder() / "checks" / f"{step.name}.answers.md").read_text(encoding="utf-8")
        (task,) = [task.id for task in step.tasks if task.written]
        assert shortcoming(re.sub("<!--.*?-->", "", text, flags=re.DOTALL), questions()[task]) == ""


def test_a_folder_counts_only_answers(tmp_path):
    (tmp_path / "answers.md").write_text(answers({"1.5": "bla " * 25, "2.8": OWN}), encoding="utf-8")
    folder = StudentFolder(tmp_path)
    assert folder.answers() == {"2.8": OWN}
    assert folder.short_answers() == {"1.5": "no answer yet (1 different word, 10 needed)"}
