"""What is worth a look in one submission, and that honest work is not flagged."""

import re
from difflib import SequenceMatcher
from pathlib import Path

import pytest

from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.integrity import look_at as looking
from gradcam_lab.course.integrity.bodies import bodies_of
from gradcam_lab.course.integrity.look_at import look_at
from gradcam_lab.course.integrity.reference import reference_import
from gradcam_lab.course.integrity.similarity import similar_pairs
from gradcam_lab.course.integrity.tricks import oddities
from gradcam_lab.course.integrity.work_record import WorkRecord
from tests.course.integrity.gallery import answers, disguised, right_ones, unmarked, written


def sentences(texts, record=None):
    return [str(finding) for finding in look_at(texts, record)]


class TestHonestWork:
    def test_the_stubs_have_nothing(self):
        assert sentences({step.file: cut.stub(step.source) for step in all_steps()}) == []

    def test_no_answer_of_the_gallery_is_flagged(self):
        """Each student writes another answer of the gallery wherever there is one."""
        students = list(answers())
        assert len(students) > 10
        assert [flags for student in students if (flags := sentences(student))] == []

    def test_a_student_who_solves_everything_otherwise_is_not_flagged(self):
        texts = {file: unmarked(text) for file, text in written(right_ones(0)).items()}
        assert sentences(texts) == []

    def test_no_other_right_answer_is_equal_to_the_reference(self):
        """What the least sizes were measured on: to large bodies the other right answers do not even come near."""
        large = 0
        for step in all_steps():
            units = {region.mark: region.unit for region in cut.regions(step.source)}
            reference = bodies_of(step.source, step)
            for answer in step.right_answers:
                unit = units[answer.mark]
                body = bodies_of(cut.graft(step.source, {answer.mark: answer.body}), step)[unit]
                assert body.text != reference[unit].text
                if reference[unit].size >= looking.LEAST:
                    mine, theirs = (re.findall(r"\w+|[^\w\s]", text) for text in (body.text, reference[unit].text))
                    assert SequenceMatcher(None, mine, theirs, autojunk=False).ratio() < 0.8
                    large += 1
        assert large > 5

    def test_one_small_equal_body_says_nothing(self):
        small = {region.mark for region in cut.regions(all_steps()[1].source) if region.task in ("2.1", "2.2")}
        lines = all_steps()[1].source.splitlines()
        bodies = {
            region.mark: "\n".join(line.strip() for line in lines[region.first : region.last - 1])
            for region in cut.regions(all_steps()[1].source)
            if region.mark in small
        }
        assert sentences({all_steps()[1].file: written(bodies)[all_steps()[1].file]}) == []


class TestTheReference:
    @pytest.mark.parametrize("step", all_steps(), ids=lambda step: step.name)
    def test_its_bodies_are_found_under_other_names_and_layout(self, step):
        (plain,) = sentences({step.file: unmarked(step.source)})
        (other,) = sentences({step.file: disguised(step.source)})
        assert plain.partition(": ")[2] == other.partition(": ")[2]
        assert plain.endswith("as in the reference but for names and layout")
        assert plain.startswith(f"{step.file}, line ")

    def test_one_change_that_matters_makes_a_body_another(self):
        step = all_steps()[3]
        whole = sentences({step.file: unmarked(step.source)})
        less = sentences({step.file: unmarked(step.source).replace("np.maximum(", "np.fmax(")})
        assert whole != less

    def test_its_markers_are_named(self):
        step = all_steps()[0]
        assert any("holds the reference's markers" in sentence for sentence in sentences({step.file: step.source}))

    def test_what_the_lab_has_shown_is_said(self):
        step = all_steps()[3]
        shown = WorkRecord(answers=tuple(task.id for task in step.coded))
        (sentence,) = sentences({step.file: unmarked(step.source)}, shown)
        assert sentence.endswith("(which the lab showed after the tries)")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("from gradcam_lab.lessons import step1_cam", "imports the reference"),
        ("import gradcam_lab.localise", "imports gradcam_lab, the lab itself"),
        ("from captum.attr import LayerGradCam", "imports captum, which is ready-made"),
        ("import pytorch_grad_cam as p", "imports pytorch_grad_cam, which is ready-made"),
        ("__import__('torchcam')", "imports torchcam, which is ready-made"),
        ("import importlib\nimportlib.import_module('zen' + 'nit')", "imports zennit, which is ready-made"),
        ("import importlib as i\ni.import_module(name)", "imports a module whose name is not written out"),
        ("import gc", "imports gc, with which code finds other code"),
        ("from inspect import stack", "imports inspect, with which code finds other code"),
        ("import sys\nsys.modules['x']", "looks at the modules that are loaded (sys.modules)"),
        ("from sys import _getframe as f\nf(1)", "looks at the frames of its callers (sys._getframe)"),
        ("def f(g):\n    return g.f_back", "looks at the frames of its callers (f_back)"),
        ("import ctypes.util", "imports ctypes, with which code finds other code"),
        ("exec('x = 1')", "runs a text as code (exec)"),
        ("eval('1')", "runs a text as code (eval)"),
        ("compile('1', '', 'eval')", "makes code of a text (compile)"),
        ("open('/usr/lib/python3/site-packages/x.py')", "names the installed package in a string ('site-packages')"),
        ("import torch\ntorch.__file__", "asks where a module lies (__file__)"),
        ("object.__subclasses__()", "searches for classes and functions of other code (__subclasses__)"),
        ("import torch\ntorch.nn.Linear.forward = None", "replaces torch.nn.Linear.forward"),
        ("import subprocess", "imports subprocess, with which code leaves its process"),
        ("import os\nos.system('ls')", "starts a process (os.system)"),
        ("x = 1\n    ### BEGIN SOLUTION 2.1\ndef (", "holds the reference's markers"),
    ],
)
def test_odd_means_are_named_with_their_line(text, what):
    found = {oddity.what: oddity.line for oddity in oddities(text)}
    assert what in found
    assert 1 <= found[what] <= len(text.splitlines())


@pytest.mark.parametrize(
    "text",
    [
        "import re\nre.compile('x')",
        "import torch\ntorch.backends.cudnn.benchmark = True\nnetwork.eval()",
        '"""Read gradcam_lab and site-packages."""\ndef f():\n    """gradcam_lab"""',
        "if __name__ == '__main__':\n    import inspect\n    exec('')",
        "open('picture.png', 'wb')",
        "from pathlib import Path\nPath(__file__).with_name('picture.png')",
        "class A:\n    pass\na = A()\na.x = 1",
        "def broken(:",
    ],
)
def test_honest_means_are_not(text):
    assert oddities(text) == []


def test_a_flaw_of_the_record_is_named():
    assert sentences({}, WorkRecord(flaw="it was edited by hand")) == [
        ".gradcam-lab/state.json: the record of hints and tries: it was edited by hand"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "def predict():\n    return " + "+".join(["x"] * 3000),
        "import torch\ntorch" + ".a" * 3000,
        "__import__(" + "+".join(["'a'"] * 3000) + ")",
        "def predict():\n    return 0x" + "f" * 10_000,
        "if " + "not " * 900 + "x:\n    pass",
        "[" * 5000,
        "\0",
    ],
    ids=["sum", "attributes", "strings", "digits", "nots", "brackets", "NUL"],
)
def test_code_that_cannot_be_walked_through_is_no_accident_of_ours(text):
    step = all_steps()[0]
    for where in (text, f"import gradcam_lab\n{text}"):
        assert all("too deep" in sentence or "gradcam_lab" in sentence for sentence in sentences({step.file: where}))
        assert reference_import(where, Path(step.file), {}) is None
        assert similar_pairs({"a": {step.file: where}, "b": {step.file: where}}) == []
