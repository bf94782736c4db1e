"""The judge: everything that code can do by accident loses its point, is named, and leaves the next check alone."""

import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import gradcam_lab
from gradcam_lab.course.authoring import cut, manifest
from gradcam_lab.course.authoring.manifest import Step
from gradcam_lab.course.judging.judge import Judge, Limits
from gradcam_lab.course.judging.verdicts import Status, summarise
from gradcam_lab.course.workspace.folder import StudentFolder
from gradcam_lab.errors import LabError
from gradcam_lab.own_modules import OwnModule
from tests.students import step_of

FILE = Path("Käse & Hündchen") / "step2_gradcam.py"

RIGHT = "return gradients.mean(dim=(2, 3))"

BEHAVIOURS = {
    "sys.exit": ("import sys\nsys.exit(0)", Status.error, "called sys.exit"),
    "pytest.skip": ("import pytest\npytest.skip('no')", Status.error, "called pytest.skip"),
    "pytest.exit": ("import pytest\npytest.exit('bye', returncode=0)", Status.error, "called pytest.exit"),
    "interrupt": ("raise KeyboardInterrupt", Status.error, "KeyboardInterrupt"),
    "stdin": (f"input()\n{RIGHT}", Status.error, "stdin"),
    "always equal": (
        "class Same:\n    shape = (3, 4)\n    def __eq__(self, other):\n        return True\nreturn Same()",
        Status.failed,
        "type Same",
    ),
    "own tensor": (
        "class Same(Tensor):\n    def __eq__(self, other):\n        return True\n"
        "return gradients.mean(dim=(2, 3)).as_subclass(Same)",
        Status.failed,
        "type Same",
    ),
    "nothing": ("gradients.mean(dim=(2, 3))", Status.failed, "return"),
    "NaN": ("return gradients.mean(dim=(2, 3)) / 0 * 0", Status.failed, "NaN"),
    "replaced function": (f"torch.mean = lambda *a: 0\n{RIGHT}", Status.failed, "replaced torch.mean"),
    "replaced method": (f"torch.Tensor.mean = torch.Tensor.sum\n{RIGHT}", Status.failed, "replaced Tensor.mean"),
    "replaced numpy": (
        f"import numpy as np\nnp.isclose = lambda *a, **k: True\n{RIGHT}",
        Status.failed,
        "numpy.isclose",
    ),
    "replaced builtins": (
        f"import builtins\nbuiltins.all = builtins.map = any\n{RIGHT}",
        Status.failed,
        "replaced builtins.all",
    ),
    "torch seed": (f"torch.manual_seed(3)\n{RIGHT}", Status.failed, "torch's global random seed"),
    "numpy seed": (f"import numpy as np\nnp.random.seed(3)\n{RIGHT}", Status.failed, "numpy's global random seed"),
    "python seed": (f"import random\nrandom.seed(3)\n{RIGHT}", Status.failed, "Python's global random seed"),
    "default dtype": (f"torch.set_default_dtype(torch.float64)\n{RIGHT}", Status.failed, "default dtype"),
    "gradients off": (f"torch.set_grad_enabled(False)\n{RIGHT}", Status.failed, "gradients"),
    "mutated input": ("return gradients.mul_(2).mean(dim=(2, 3)) / 2", Status.failed, "changed its input"),
    "recursion": ("return channel_weights(gradients)", Status.error, "calls itself"),
    "exception": ("return gradients.nothing", Status.error, "AttributeError"),
}
"""A body for task 2.1, what becomes of it, and words of the verdict."""

DEADLY = {
    "os._exit": ("import os\nos._exit(0)", Status.crashed, "exit code 0"),
    "segmentation fault": ("import ctypes\nctypes.string_at(0)", Status.crashed, "segmentation fault"),
    "memory": ("hog = []\nwhile True:\n    hog.append(torch.ones(10_000_000))", Status.crashed, "memory"),
    "100 MB": (f"print('x' * 100_000_000)\n{RIGHT}", Status.crashed, "your code printed"),
    "endless output": ("while True:\n    print('x' * 1_000_000)", Status.crashed, "printed"),
}
"""These end the process, or may have to be ended."""


@pytest.fixture(scope="module")
def step() -> Step:
    return manifest.read_step(manifest.lesson_folder() / "step2_gradcam.py", manifest.lesson_folder() / "checks")


@pytest.fixture(scope="module")
def impatient():
    with Judge(Limits(seconds=1.5, memory=300_000_000)) as judge:
        yield judge


def judged(judge, step, source, checks=None):
    return list(judge.judge(step, source, FILE, checks=checks))


def of_task(step, *tasks):
    return [check for check in step.checks if check.task in tasks]


def spoken(verdict):
    return f"{verdict.got} {verdict.reason}"


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_it_loses_its_own_task_is_named_and_does_not_disturb_the_next_check(name, step, judge, monkeypatch):
    body, status, words = BEHAVIOURS[name]
    workers = []
    start = judge.source.worker

    def counted():
        workers.append(start())
        return workers[-1]

    monkeypatch.setattr(judge.source, "worker", counted)
    verdicts = judged(judge, step, cut.graft(step.source, {"2.1": body}))
    assert len(workers) <= 1  # none of these costs a new process
    mine = [verdict for verdict in verdicts if verdict.task == "2.1"]
    assert {verdict.status for verdict in mine} == {status}
    assert all(words in spoken(verdict) for verdict in mine), mine
    assert all(verdict.status is Status.passed for verdict in verdicts if verdict.task != "2.1")
    assert {check.task for check in step.checks} - {verdict.task for verdict in verdicts} == {"2"}  # no chain


@pytest.mark.parametrize("name", DEADLY)
def test_it_may_kill_its_process_and_nothing_else(name, step, impatient):
    body, status, words = DEADLY[name]
    source = cut.graft(step.source, {"2.1": body})
    verdicts = judged(impatient, step, source, of_task(step, "2.1", "2.2"))
    assert {verdict.status for verdict in verdicts if verdict.task == "2.1"} == {status}
    assert all(words in spoken(verdict) for verdict in verdicts if verdict.task == "2.1"), verdicts
    assert {verdict.status for verdict in verdicts if verdict.task == "2.2"} == {Status.passed}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("with watched(self.model", "self.model.register_forward_hook(print)\nwith watched(self.model", "left a hook"),
        ("with watched(self.model", "self.model.train()\nwith watched(self.model", "mode"),
        (
            "(gradients,) = torch.autograd.grad(scores.sum(), features)",
            "scores.sum().backward()\ngradients = features.grad",
            ".grad",
        ),
        ("outputs = self.model(images)", "outputs = self.model(images.add_(1))", "changed its input"),
    ],
    ids=["hook", "train mode", "parameters' grad", "images"],
)
def test_the_model_and_the_images_must_stay_as_they_were(old, new, words, step, judge):
    region = next(region for region in cut.regions(step.source) if region.mark == "2.5")
    lines = step.source.splitlines()[region.first : region.last - 1]
    body = "\n".join(line.removeprefix(region.indent) for line in lines)
    assert old in body
    verdicts = judged(
        judge,
        step,
        cut.graft(step.source, {"2.5": body.replace(old, new.replace("\n", "\n" + _indent_of(body, old)))}),
    )
    lost = [verdict for verdict in verdicts if verdict.status is not Status.passed]
    assert {verdict.task for verdict in lost} == {"2.5"}
    assert any(words in spoken(verdict) for verdict in lost), lost


def _indent_of(body, old):
    line = next(line for line in body.splitlines() if old in line)
    return line[: len(line) - len(line.lstrip())]


@pytest.mark.parametrize(
    ("source", "status", "words"),
    [
        ("def broken(:\n", Status.error, "line 1"),
        ("import sys\nsys.exit(0)\n", Status.error, "sys.exit"),
        ("import torch\ntorch.mean = max\n", Status.failed, "torch.mean"),
        ("import pytest\npytest.skip('x', allow_module_level=True)\n", Status.error, "pytest.skip"),
        ("from utils import helper\n", Status.error, "utils"),
        ("1 / 0\n", Status.error, "ZeroDivisionError"),
        ("\0", Status.error, "null"),
    ],
)
def test_what_goes_wrong_while_the_file_is_read_is_the_verdict_of_every_check(source, status, words, step, judge):
    verdicts = judged(judge, step, source + step.source[step.source.index("from collections") :])
    assert len(verdicts) == len(step.checks)
    assert {verdict.status for verdict in verdicts} == {status}
    assert all(words in spoken(verdict) for verdict in verdicts), verdicts[0]
    assert all(v.status is Status.passed for v in judged(judge, step, step.source))


def test_an_endless_loop_at_import_is_waited_for_once(step, impatient):
    verdicts = judged(impatient, step, "while True:\n    pass\n")
    assert len(verdicts) == len(step.checks)
    assert {verdict.status for verdict in verdicts} == {Status.timed_out}


def test_an_endless_loop_says_its_line_and_is_waited_for_once(impatient):
    """Task 4.2 has three checks: the second and the third have a fifth of the time, or a second; 4.3 has all of it."""
    step = step_of("4")
    body = "count = 0\nwhile count >= 0:\n    count += 1"
    source = cut.graft(step.source, {"4.2": body})
    line = next(n for n, row in enumerate(source.splitlines(), 1) if row.strip() == "while count >= 0:")
    verdicts = list(impatient.judge(step, source, Path(step.file), checks=of_task(step, "4.2", "4.3")))
    assert {verdict.status for verdict in verdicts if verdict.task == "4.3"} == {Status.passed}
    hung = [verdict for verdict in verdicts if verdict.status is Status.timed_out]
    assert len(hung) >= 2
    assert [verdict.got for verdict in hung] == ["no result after 1.5 s"] + ["no result after 1 s"] * (len(hung) - 1)
    for verdict in hung:
        assert verdict.line in (line, line + 1)
        assert f"it was at step4_metrics.py, line {verdict.line}" in verdict.reason
        assert verdict.code[1].strip() in ("while count >= 0:", "count += 1")
        assert "endless loop" in verdict.reason
    assert any(f"in the loop that begins at line {line}" in v.reason for v in hung if v.line > line) or all(
        v.line == line for v in hung
    )


def test_a_loop_that_only_the_own_code_around_it_enters_is_not_waited_for(step, impatient):
    """A failure is judged again with the student's code around it, which may hang: the failure stays."""
    source = cut.graft(step.source, {"2.1": "while True:\n    pass", "2.5": "channel_weights(images)\nreturn images"})
    verdicts = judged(impatient, step, source, of_task(step, "2.5"))
    assert Status.timed_out not in {verdict.status for verdict in verdicts}


def test_what_the_code_prints_and_saves_is_told_also_where_it_passes(step, judge, tmp_path):
    body = f"import pathlib\nfor i in range(3000): print(i)\npathlib.Path('a b.txt').write_text('x')\n{RIGHT}"
    source = cut.graft(step.source, {"2.1": body})
    for folder, expected in ((tmp_path, [str(tmp_path / "2.1" / "a b.txt")]), (None, [])):
        first, second = judge.judge(step, source, FILE, checks=of_task(step, "2.1", "2.2")[:2], saved=folder)
        assert (first.status, first.printed_lines, first.saved) == (Status.passed, 3000, expected)
        assert first.printed.startswith("0\n1\n")
        assert len(first.printed) <= 2000
        assert (second.printed, second.printed_lines, second.saved) == ("", 0, [])
    assert (tmp_path / "2.1" / "a b.txt").read_text() == "x"


def test_files_that_are_too_large_are_not_kept(step, judge, tmp_path, monkeypatch):
    monkeypatch.setattr("gradcam_lab.course.judging.processes.client.SAVED", 3)
    source = cut.graft(step.source, {"2.1": f"open('a', 'w').write('xxx')\nopen('b', 'w').write('x')\n{RIGHT}"})
    (verdict,) = judge.judge(step, source, FILE, checks=of_task(step, "2.1"), saved=tmp_path)
    assert verdict.saved == [str(tmp_path / "2.1" / "a")]


def test_own_modules_are_those_of_the_request(step, judge, tmp_path):
    source = cut.graft(step.source, {"2.1": "import helpers\nreturn helpers.mean(gradients)"})
    for text, status in (("dim=(2, 3)", Status.passed), ("dim=1", Status.failed), ("dim=(2, 3)", Status.passed)):
        module = OwnModule(f"def mean(x):\n    return x.mean({text})\n", str(tmp_path / "helpers.py"))
        (verdict,) = judge.judge(step, source, FILE, checks=of_task(step, "2.1"), modules={"helpers": module})
        assert verdict.status is status
    (verdict,) = judge.judge(step, source, FILE, checks=of_task(step, "2.1"))
    assert (verdict.status, "helpers" in verdict.got) == (Status.error, True)


def test_an_exception_in_an_own_module_is_quoted_from_there(step, judge, tmp_path):
    source = cut.graft(step.source, {"2.1": "import helpers\nreturn helpers.mean(gradients)"})
    module = OwnModule("def mean(x):\n    return x.nothing\n", str(tmp_path / "helpers.py"))
    (verdict,) = judge.judge(step, source, FILE, checks=of_task(step, "2.1"), modules={"helpers": module})
    assert (verdict.file, verdict.line) == ("helpers.py", 2)
    assert [row.strip() for row in verdict.code if "line" not in row and "^" not in row] == [
        "return helpers.mean(gradients)",
        "return x.nothing",
    ]


def test_another_step_that_is_not_written_is_named(step, judge, tmp_path):
    three = step_of("3")
    module = OwnModule(cut.stub(three.source), str(tmp_path / three.file))
    source = cut.graft(step.source, {"2.1": "from step3_boxes import nms\nreturn nms(None, None, 0, None)"})
    (verdict,) = judge.judge(step, source, FILE, checks=of_task(step, "2.1"), modules={"step3_boxes": module})
    assert verdict.status is Status.error
    assert re.match(r"step3_boxes.py stops at task 3.\d, which is not written yet", verdict.got)


def test_a_function_renamed_or_deleted_loses_its_own_task(step, judge):
    for source in (
        step.source.replace("channel_weights", "weights_of_channels"),
        cut.replace_unit(step.source, "channel_weights", ""),
    ):
        verdicts = judged(judge, step, source)
        lost = [verdict for verdict in verdicts if verdict.status is not Status.passed and "." in verdict.task]
        assert {verdict.task for verdict in lost} == {"2.1"}
        assert all("channel_weights" in verdict.got and "renamed" in verdict.reason for verdict in lost)


def test_a_deleted_class_loses_its_tasks_and_says_which(step, judge):
    source = step.source.partition("class GradCAM")[0]
    lost = {v.task: v for v in judged(judge, step, source) if v.status is not Status.passed}
    assert set(lost) == {"2.5", "2.6", "2.7", "2.9"}  # the file ends there
    assert "GradCAM.__call__" in lost["2.5"].got


def test_the_reference_earns_all_and_the_stub_nothing(step, judge):
    right = summarise(step, "", judged(judge, step, step.source), {"2.8": "words"})
    assert (right.points, right.possible, right.code_passed) == (step.points, step.points, True)
    empty = summarise(step, "", judged(judge, step, cut.stub(step.source)), {})
    assert (empty.points, empty.code_passed) == (0, False)
    assert {task.status for task in empty.tasks} == {Status.not_started}
    assert empty.chain.status is Status.not_started


def test_another_seed_draws_other_cases(step, judge):
    """A body that knows the student's numbers by heart."""
    learned = "known = {}\nkey = tuple(gradients.shape)\nraise ValueError(key)"
    source = cut.graft(step.source, {"2.1": learned})
    checks = of_task(step, "2.1")
    shapes = {next(judge.judge(step, source, FILE, seed=seed, checks=checks)).got for seed in range(6)}
    assert len(shapes) > 2


def test_one_mistake_costs_one_task_however_much_is_built_on_it(step, judge):
    source = cut.graft(step.source, {"2.1": "return gradients.sum(dim=(2, 3))", "2.4": "return None"})
    verdicts = judged(judge, step, source)
    assert {v.task for v in verdicts if v.status is not Status.passed} == {"2.1", "2.4"}


class TestBrokenReference:
    """The package's lesson is wrong: that must cost nobody a point, and give nobody one."""

    @pytest.fixture
    def broken(self, tmp_path, step, monkeypatch):
        """A judge whose worker finds a lesson in which every solution is wrong."""
        source = step.source
        for region in cut.regions(source):
            source = cut.graft(source, {region.mark: "return None"})
        package = Path(gradcam_lab.__file__).parent
        shutil.copytree(
            package, tmp_path / "gradcam_lab", ignore=shutil.ignore_patterns("__pycache__", "*.safetensors")
        )
        shutil.copytree(manifest.lesson_folder(), tmp_path / "gradcam_lab" / "lessons", dirs_exist_ok=True)
        (tmp_path / "gradcam_lab" / "lessons" / step.file).write_text(source, encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        with Judge(Limits(seconds=5)) as judge:
            yield judge

    def test_a_right_file_gets_everything_and_a_stub_nothing(self, step, broken):
        assert all(v.status is Status.passed for v in judged(broken, step, step.source))
        assert {v.status for v in judged(broken, step, cut.stub(step.source))} == {Status.not_started}
        lesson = (Path(sys.path[0]) / "gradcam_lab" / "lessons" / step.file).read_text(encoding="utf-8")
        assert not any(v.points for v in judged(broken, step, lesson) if v.status is Status.passed)


def test_no_check_at_all_is_an_error(step, judge):
    with pytest.raises(LabError, match="no checks"):
        judged(judge, replace(step, checks=()), step.source)
    with pytest.raises(LabError, match="no checks"):
        judged(judge, step, step.source, [])


def test_a_task_without_a_verdict_is_not_passed(step, judge):
    verdicts = judged(judge, step, step.source)
    for missing in verdicts:
        result = summarise(step, "", [v for v in verdicts if v is not missing], {})
        assert not result.code_passed
        assert result.points == step.points - 2 - missing.points


class TestFolder:
    @pytest.fixture
    def folder(self, step, tmp_path):
        root = tmp_path / "Käse & Hündchen"
        root.mkdir()
        (root / step.file).write_text(step.source, encoding="utf-8")
        return StudentFolder(root)

    @pytest.mark.parametrize("name", ["conftest.py", "torch.py", "sitecustomize.py", "numpy/__init__.py", "random.py"])
    def test_a_file_of_a_taken_name_is_ignored_with_a_word(self, name, folder, step, judge):
        stray = folder.root / name
        stray.parent.mkdir(exist_ok=True)
        stray.write_text("raise SystemExit\n", encoding="utf-8")
        checks = of_task(step, "2.1", "2.2")
        assert {v.status for v in folder.judge(step, judge, checks=checks)} == {Status.passed}
        (note,) = folder.strays()
        assert note.startswith(f"{Path(name).parts[0]} is ignored, because ")
        assert ("works: it costs no points" in note) == (stray.stem in ("conftest", "sitecustomize"))

    def test_own_helpers_and_notes_are_nobodys_business(self, folder, step, judge):
        (folder.root / "my_helpers.py").write_text("x = 1\n", encoding="utf-8")
        assert all(v.status is Status.passed for v in folder.judge(step, judge))

    def test_missing_empty_and_unreadable_files_are_named(self, folder, step, judge):
        file = folder.file(step)
        save = "save it as UTF-8"
        for content, words, remedy in (
            (b"", "empty", "reset 2"),
            (b" \n", "empty", "reset 2"),
            (None, "no file", "reset 2"),
            (
                b"# one\n# caf\xe9\n",
                "step2_gradcam.py is not UTF-8 text (line 2)",
                f"{save} in your editor",
            ),
            ("# one".encode("utf-16"), "not UTF-8 text but UTF-16", save),
        ):
            file.unlink(missing_ok=True)
            if content is not None:
                file.write_bytes(content)
            verdicts = list(folder.judge(step, judge))
            assert {v.status for v in verdicts} == {Status.error}
            assert all(words in v.got and remedy in v.reason for v in verdicts)
            assert save not in remedy or not any("reset" in v.reason for v in verdicts)

    def test_a_byte_order_mark_does_no_harm(self, folder, step, judge):
        folder.file(step).write_text(step.source, encoding="utf-8-sig")
        assert all(v.status is Status.passed for v in folder.judge(step, judge, checks=of_task(step, "2.1")))

    def test_an_answer_is_what_the_student_wrote_below_the_question(self, folder):
        words = " ".join(f"word{number}" for number in range(25))
        text = f"# Answers\n\n## 1.5 Compare\n\n> {words}\n\n<!-- your answer -->\n\n## 2.8 What\n\n> why?\n\n{words}\n"
        (folder.root / "answers.md").write_text(text, encoding="utf-8")
        assert folder.answers() == {"2.8": words.strip()}


def test_libraries_are_whole_afterwards():
    """This process never ran any of it."""
    assert torch.ones(2, 3).mean() == 1


class TestTheReferenceIsRefused:
    """Its import loses the step with one sentence, in whatever spelling, and other steps are untouched."""

    @pytest.mark.parametrize(
        ("head", "modules"),
        [
            ("from gradcam_lab.lessons.step2_gradcam import *\n", {}),
            ("import importlib\nimportlib.import_module('gradcam_lab.lessons')\n", {}),
            ("import helpers\n", {"helpers": OwnModule("import gradcam_lab.lessons", "helpers.py")}),
        ],
        ids=["star", "import_module", "own module"],
    )
    def test_by_reading(self, judge, head, modules):
        step = step_of("2")
        verdicts = list(judge.judge(step, head + step.source, FILE, modules=modules))
        assert len(verdicts) == len(step.checks)
        assert {verdict.status for verdict in verdicts} == {Status.error}
        (got,) = {verdict.got for verdict in verdicts}
        assert re.fullmatch(r"\w+\.py, line \d: this imports the reference \(gradcam_lab\.lessons\S*\)", got)
        assert "take the import away" in verdicts[0].reason
        assert verdicts[0].line > 0
        assert all(verdict.status is Status.passed for verdict in judge.judge(step, step.source, FILE))

    @pytest.mark.parametrize(
        "body",
        [
            "reference = __import__('.'.join(['gradcam_lab', 'lessons', 'step2_gradcam']), fromlist=['x'])\n"
            "return reference.channel_weights(gradients)",
            "import importlib\nname = 'snossel.bal_macdarg'[::-1]\n"
            "return importlib.import_module(f'{name}.step2_gradcam').channel_weights(gradients)",
        ],
        ids=["__import__", "import_module"],
    )
    def test_where_only_running_it_tells(self, judge, body):
        step = step_of("2")
        source = cut.graft(step.source, {"2.1": body})
        verdicts = list(judge.judge(step, source, FILE, checks=step.checks_of("2.1")))
        assert {(verdict.status, verdict.got) for verdict in verdicts} == {
            (Status.error, "your code imports the reference")
        }
        (other, *_) = judge.judge(step, source, FILE, checks=step.checks_of("2.2"))
        assert other.status is Status.passed
