"""A function beside the reference's, once it has passed."""

import re
import sys

import pytest

from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.workspace import diff as compare
from tests.course.workspace.helpers import ANSWER, FILE, MINE, judged, refusal, replace, said


def test_no_diff_before_exactly_this_text_has_passed(workspace, file, capsys):
    assert "gradcam-lab check 2.1" in refusal(compare.diff, "2.1")
    replace(file)
    judged(workspace)
    compare.diff("2.1")
    replace(file, MINE, "return gradients")
    assert f"has not passed for the text that is in {FILE} now" in refusal(compare.diff, "2.1")
    assert ANSWER not in said(capsys).rpartition("Next")[2]


def test_no_diff_of_words(workspace):
    assert "answered in words" in refusal(compare.diff, "2.8")


def test_in_a_pipe_the_two_stand_one_after_the_other(workspace, file, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "200")
    replace(file)
    judged(workspace)
    compare.diff("2.1")
    assert said(capsys) == (
        "channel_weights: yours\n"
        "  def channel_weights(gradients: Tensor) -> Tensor:\n"
        '      r"""Average the gradient over space: one weight per channel."""\n'
        f"|     {MINE}\n"
        "\n"
        "channel_weights: the reference\n"
        "  def channel_weights(gradients: Tensor) -> Tensor:\n"
        '      r"""Average the gradient over space: one weight per channel."""\n'
        f"|     {ANSWER}\n"
        "\n"
        "'|' marks lines that differ. Yours passed: another way is not a worse way.\n"
        "Next: gradcam-lab\n"
    )


@pytest.mark.parametrize(("columns", "together"), [(120, True), (90, False)])
def test_a_wide_terminal_shows_them_side_by_side(workspace, file, monkeypatch, capsys, columns, together):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    replace(file, new="return gradients.mean(dim=[2, 3])")
    judged(workspace)
    compare.diff("2.1")
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in said(capsys).splitlines()]
    beside = [line for line in lines if "[2, 3]" in line and ANSWER in line]
    assert bool(beside) == together
    assert not together or re.search(r"\[2, 3\]\) +\| +return gradients.mean\(dim=\(2, 3\)\)", beside[0])
    assert max(map(len, lines)) <= columns


def test_a_function_made_without_def_is_said_to_be_one(workspace, file, capsys):
    text = file.read_text(encoding="utf-8")
    text = text.replace(cut.unit_text(text, "channel_weights"), "channel_weights = lambda g: g.mean(dim=(2, 3))\n")
    file.write_text(text, encoding="utf-8")
    judged(workspace)
    compare.diff("2.1")
    assert f"there is no 'def' of this name in {FILE}" in said(capsys)


def test_an_excerpt_keeps_every_letter_but_the_docstrings_end():
    source = (
        "class A:\n"
        "    @property\n"
        "    def b(self):\n"
        "        '''First.\n\n        Second.'''\n"
        "# a comment at the left\n"
        "        def inner():\n"
        '            "one line"\n'
        "            return '''\n   text'''\n"
        "        return inner()\n"
        "x = 1\n"
    )
    assert compare.of_unit(source, "A.b") == [
        "@property",
        "def b(self):",
        "    '''First.'''",
        "# a comment at the left",
        "    def inner():",
        '        "one line"',
        "        return '''",
        "text'''",
        "    return inner()",
    ]
    assert compare.of_unit(source, "A.c") is None


def test_no_excerpt_of_the_reference_has_a_marker():
    for step in all_steps():
        for task in step.coded:
            for unit in task.units:
                text = "\n".join(compare.reference(step, unit))
                assert "SOLUTION" not in text
                assert text.startswith(("def ", "@"))
                assert "NotImplementedError" not in text
