"""pytest in a workspace: the same verdicts as `gradcam-lab check`, and the points on the last line."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.judging.verdicts import Status
from gradcam_lab.course.workspace import pytest_plugin
from gradcam_lab.course.workspace.upgrade import is_newer
from gradcam_lab.course.workspace.workspace import Workspace
from tests.students import line_with, step_of, write, write_answers

WRONG = "return gradients.sum(dim=(2, 3))"
RIGHT = "return gradients.mean(dim=(2, 3))"
STEP_2 = "test_step2_gradcam.py"
"""What is asked for where one step is enough: to collect all six takes longer than a check."""


@pytest.fixture
def run(run_pytest):
    return run_pytest


def outside(*words, cwd: Path):
    """Run pytest as a student does, in a process of its own."""
    command = [sys.executable, "-m", "pytest", *words]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, encoding="utf-8")
    return done.returncode, (done.stdout + done.stderr).rstrip("\n").splitlines()


def counts(lines):
    """How many tests ended in which way: pytest's own last line."""
    (line,) = [line for line in lines if re.search(r" in \d[\d.]*s", line)]
    found = {word: int(number) for number, word in re.findall(r"(\d+) ([a-z ]+?)(?:,| in )", line)}
    return {word: number for word, number in found.items() if not word.startswith(("warning", "deselected"))}


def checks(*numbers):
    return sum(len(step.checks) for step in all_steps() if not numbers or step.number in numbers)


class TestOutcomes:
    def test_a_fresh_workspace(self, run, root):
        code, lines = run()
        assert code == pytest.ExitCode.TESTS_FAILED
        assert counts(lines) == {"not started": checks() - 6, "waiting": 6}
        line = line_with(root / "step1_cam.py", "task 1.1:")
        assert lines[-6:] == [
            "Step 1: 0/7 points.",
            "Step 2: 0/12 points.",
            "Step 3: 0/10 points.",
            "Step 4: 0/12 points.",
            "Step 5: 0/8 points.",
            f"Step 6: 0/9 points. Next: task 1.1, step1_cam.py line {line}. Stuck? gradcam-lab hint 1.1",
        ]

    def test_the_reference_passes_and_is_remembered(self, run, root):
        for step in all_steps():
            (root / step.file).write_text(step.source, encoding="utf-8")
        write_answers(root)
        code, lines = run()
        assert code == 0
        assert counts(lines) == {"passed": checks()}
        assert lines[-1] == "Step 6: 9/9 points. Next: gradcam-lab run-all, which makes the report with your code."
        assert all(Workspace(root).result(step).code_passed for step in all_steps())

    def test_a_wrong_body_in_three_lines(self, run, root):
        path = write(root, 2, "", {"2.1": WRONG})
        code, lines = run(STEP_2)
        assert code == 1
        assert counts(lines) == {"failed": 1, "not started": checks(2) - 2, "waiting": 1}
        place = f"step2_gradcam.py line {line_with(path, 'def channel_weights(')}"
        begin = lines.index(f"Task 2.1: failed, {place}")
        assert [line.split()[0] for line in lines[begin + 1 : begin + 5]] == ["asks", "expected", "got", "likely"]
        assert lines[-1] == f"Step 2: 0/12 points. Next: task 2.1, {place}. Stuck? gradcam-lab hint 2.1"
        assert Workspace(root).result(step_of("2")).tasks[0].status is Status.failed

    def test_words_choose_and_the_rest_is_remembered(self, run, root):
        write(root, 2, "2.1 2.2")
        code, lines = run("-k", "weights")
        assert (code, counts(lines)["passed"]) == (0, 1)
        assert lines[-1] == "Step 2: 1/12 points, changed since the last check. Next: gradcam-lab check 2"
        code, lines = run("test_step2_gradcam.py::test_weighted_map_sums_the_channels_then_cuts_at_zero")
        assert (code, counts(lines)) == (0, {"passed": 1})
        assert lines[-1].startswith("Step 2: 2/12 points. Next: task 2.3, step2_gradcam.py line ")

    def test_the_chain_waits_for_every_task(self, run, root):
        write(root, 2, "2.1 2.2 2.3 2.4")
        code, lines = run("-v", "test_step2_gradcam.py")
        assert code == 1
        (chain,) = [line for line in lines if "::test_step_2_from_end_to_end" in line]
        assert "WAITING" in chain
        write(root, 2, "all")
        code, lines = run("test_step2_gradcam.py::test_step_2_from_end_to_end")
        assert counts(lines) == {"waiting": 1}, "nobody knows whether the tasks pass in this text"
        assert code == 1

    def test_the_end_of_the_program_costs_one_check(self, run, root):
        write(root, 2, "2.2", {"2.1": "import os\nos._exit(0)"})
        code, lines = run(STEP_2)
        assert code == 1
        assert counts(lines)["passed"] == 1
        assert counts(lines)["failed"] == 1
        assert any(line.startswith("Task 2.1: crashed") for line in lines)
        assert lines[-1].startswith("Step 2: 1/12 points. Next: task 2.1")

    @pytest.mark.parametrize("body", ["import pytest\npytest.skip('later')", "import pytest\npytest.exit('bye', 0)"])
    def test_pytest_cannot_be_talked_round(self, run, root, body):
        write(root, 2, "", {"2.1": body})
        code, lines = run(STEP_2, "-k", "channel_weights")
        assert (code, counts(lines)["failed"]) == (1, 1)
        assert "Step 2: 0/12 points" in lines[-1]

    def test_nothing_is_kept_of_a_file_saved_meanwhile(self, root, judge):
        path = write(root, 2, "2.1")
        step, workspace = step_of("2"), Workspace(root)
        asked = pytest_plugin.StepVerdicts(workspace, step, judge, [*step.checks])
        verdict = asked.verdict(step.checks[0])
        assert verdict
        assert verdict.status is Status.passed
        path.write_text("# all gone\n", encoding="utf-8")
        asked.record()
        assert workspace.verdicts(step) == []


class TestFiles:
    def test_a_test_file_without_a_check_is_an_error(self, run, root):
        (root / "test_step1_cam.py").write_text("def helper(): pass\n", encoding="utf-8")
        for words in ((), ("test_step1_cam.py",)):
            code, lines = run(*words)
            assert code == pytest.ExitCode.INTERRUPTED
            assert any("There is no check in test_step1_cam.py" in line for line in lines)

    def test_an_edited_check_earns_nothing(self, run, root):
        text = "\n\ndef test_channel_weights_average_over_space(mine, case):\n    pass\n"
        file = root / "test_step2_gradcam.py"
        file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")
        write(root, 2, "", {"2.1": WRONG})
        code, lines = run(STEP_2, "-k", "channel_weights or weighted")
        assert counts(lines)["passed"] == 1
        assert code == 1
        assert "Step 2: 0/12 points" in lines[-1]

    def test_a_test_of_the_students_own(self, run, root):
        test = "assert mine.channel_weights(case.tensor(1, 2, 3, 3)).shape == (1, 2)"
        text = f"\n\ndef test_of_mine(mine, case):\n    {test}\n"
        file = root / "test_step2_gradcam.py"
        file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")
        write(root, 2, "2.1")
        assert run(STEP_2, "-k", "of_mine")[0] == 0
        write(root, 2, "", {"2.1": "return gradients"})
        assert run(STEP_2, "-k", "of_mine")[0] == 1

    def test_a_setting_at_the_top_is_named_once(self, run, root):
        path = write(root, 2, "2.1 2.2")
        text = path.read_text(encoding="utf-8")
        path.write_text(f"import torch\ntorch.manual_seed(0)\n{text}", encoding="utf-8")
        code, lines = run(STEP_2, "-k", "weights or weighted")
        said = (
            f"{path.name} changed torch's global random seed: every check begins without this, and it costs no points."
        )
        assert (code, lines.count(said)) == (0, 1)
        assert run(STEP_2, "-k", "channel_weights", "--pdb")[0] == 0

    def test_a_conftest_is_not_run_and_costs_nothing(self, run, root):
        write(root, 2, "all")
        (root / "conftest.py").write_text("raise RuntimeError('I was run')\n", encoding="utf-8")
        code, lines = run(STEP_2)
        assert code == 0
        assert counts(lines) == {"passed": checks(2)}
        assert any(line.startswith("conftest.py is ignored, because it would change") for line in lines)
        assert not any("I was run" in line for line in lines)


class TestProcesses:
    def body(self, path):
        """A right body that writes down in which process it runs."""
        return f"import os, pathlib\npathlib.Path({str(path)!r}).write_text(str(os.getpid()))\n{RIGHT}"

    def test_students_code_runs_elsewhere_except_for_a_debugger(self, run, root, tmp_path):
        note = tmp_path / "pid"
        write(root, 2, "", {"2.1": self.body(note)})
        assert run(STEP_2, "-k", "channel_weights")[0] == 0
        assert int(note.read_text()) != os.getpid()
        assert run(STEP_2, "-k", "channel_weights", "--pdb")[0] == 0
        assert int(note.read_text()) == os.getpid()

    def test_a_debugger_sees_a_task_among_the_references(self, run, root, monkeypatch):
        write(root, 2, "2.5")
        code, lines = run(STEP_2, "-k", "gradcam_of_a_network_by_hand", "--pdb")
        assert (code, counts(lines)["passed"]) == (0, 1), "channel_weights and weighted_map are the reference's"

    def test_what_the_code_prints_is_shown_where_pytest_is_asked_to(self, run, root):
        write(root, 2, "", {"2.1": f"print('größer')\n{RIGHT}"})
        assert "  größer" in run(STEP_2, "-k", "channel_weights", "-rP")[1]
        assert "  größer" not in run(STEP_2, "-k", "channel_weights")[1]

    def test_own_modules_are_found_also_by_a_debugger(self, run, root):
        write(root, 2, "", {"2.1": "import helpers\nreturn helpers.mean(gradients)"})
        (root / "helpers.py").write_text("def mean(x):\n    return x.mean(dim=(2, 3))\n", encoding="utf-8")
        for words in ((), ("--pdb",)):
            assert run(STEP_2, "-k", "channel_weights", *words)[0] == 0

    def test_a_copy_without_the_hidden_folder(self, run, root, monkeypatch, capsys):
        write(root, 2, "2.1")
        other = root.parent / "other"
        shutil.copytree(root, other, ignore=shutil.ignore_patterns(".gradcam-lab"))
        monkeypatch.chdir(other)
        code, lines = run(STEP_2, "-k", "channel_weights")
        assert code == 0
        assert lines[-1].startswith("Step 2: 1/12 points.")
        assert not is_newer(Workspace(other))

    def test_from_the_parent_folder(self, run, root, monkeypatch):
        write(root, 2, "2.1")
        monkeypatch.chdir(root.parent)
        code, lines = run(f"{root.name}/test_step2_gradcam.py", "-k", "channel_weights")
        assert code == 0, lines
        assert counts(lines) == {"passed": 1}
        assert lines[-1].startswith("Step 2: 1/12 points. Next: task 2.2, step2_gradcam.py line ")

    def test_from_inside_beside_a_stray_library(self, root):
        write(root, 2, "2.1")
        (root / "torch.py").write_text("raise RuntimeError('I was run')\n", encoding="utf-8")
        code, lines = outside(STEP_2, "-k", "channel_weights", cwd=root)
        assert code == 0
        assert any(line.startswith("torch.py is ignored") for line in lines)
        assert not any("I was run" in line for line in lines)
        assert lines[-1].startswith("Step 2: 1/12 points")
