"""What a file changes around itself at its top or leaves behind: put back and named, or the process is replaced."""

import builtins
import math
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from gradcam_lab.course.authoring import cut
from gradcam_lab.course.judging.judge import of_step
from gradcam_lab.course.judging.surroundings import Surroundings, may_replace
from gradcam_lab.course.judging.verdicts import Status, remarks
from gradcam_lab.lessons.checks import checking
from gradcam_lab.own_modules import OwnModule
from tests.students import step_of

STEP = step_of("3")
FILE = Path("Käse & Hündchen") / STEP.file

SETTINGS = {
    "torch's default device": "torch.set_default_device('meta')",
    "torch's default dtype": "torch.set_default_dtype(torch.float64)",
    "gradients on or off": "torch.set_grad_enabled(False)",
    "torch's global random seed": "torch.manual_seed(0)",
    "torch's deterministic algorithms": "torch.use_deterministic_algorithms(True)",
    "torch's number of threads": "torch.set_num_threads(2)",
    "torch's search for anomalies": "torch.autograd.set_detect_anomaly(True)",
    "torch's autocast": "torch.set_autocast_enabled('cpu', True)",
    "torch's precision": "torch.set_float32_matmul_precision('medium')",
    "torch's flush_denormal": "torch.set_flush_denormal(True)",
    "torch.backends.mkldnn": "torch.backends.mkldnn.enabled = False",
    "torch.backends.cudnn": "torch.backends.cudnn.benchmark = True",
    "numpy's global random seed": "np.random.seed(0)",
    "np.seterr)": "np.seterr(all='raise')",
    "np.seterrcall": "np.seterrcall(print)",
    "how numpy prints": "np.set_printoptions(precision=1, threshold=2)",
    "OpenCV's number of threads": "cv2.setNumThreads(3 if cv2.getNumThreads() != 3 else 2)",
    "OpenCV's optimised code": "cv2.setUseOptimized(False)",
    "Python's global random seed": "random.seed(0)",
    "the current folder": "os.chdir('/')",
    "os.environ": "os.environ['OMP_NUM_THREADS'] = 'many'; del os.environ['PATH']",
    "filters of warnings": "warnings.simplefilter('error')",
    "recursion limit": "sys.setrecursionlimit(150)",
    "changed sys.path,": "sys.path.insert(0, '/nowhere')",
    "sys.meta_path": "sys.meta_path.pop()",
    "trace or a profile": "sys.setprofile(lambda *_: None)",
    "sys.excepthook": "sys.excepthook = print",
    "sys.argv": "sys.argv.append('--all')",
    "garbage collector,": "gc.disable()",
    "collector's thresholds": "gc.set_threshold(1)",
    "switch interval": "sys.setswitchinterval(1)",
    "decimal numbers": "decimal.getcontext().prec = 3",
    "Python's logging": "logging.basicConfig(level=10); logging.disable(50)",
    "os.umask": "os.umask(0o777)",
    "at a signal": "signal.signal(signal.SIGINT, print)",
}
"""Words of what is said, and the line at the top of a file."""

POSIX = {
    "alarm": "signal.alarm(1)",
    "(RLIMIT_NOFILE)": "resource.setrlimit(resource.RLIMIT_NOFILE, (3, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))",
}

IMPORTS = "import decimal, gc, logging, os, random, signal, sys, warnings\nimport cv2, numpy as np, torch\n"


def verdicts_of(judge, top, tasks=None):
    checks = [check for check in STEP.checks if tasks is None or check.task in tasks]
    return list(judge.judge(STEP, top + STEP.source, FILE, checks=checks))


def with_line(task, line):
    """The step with one more line at the beginning of a right body."""
    rows = STEP.source.splitlines()
    region = next(region for region in cut.regions(STEP.source) if region.task == task)
    return "\n".join([*rows[: region.first], region.indent + line, *rows[region.first :]]) + "\n"


def test_every_setting_is_put_back_before_each_check_and_named_once(judge):
    lines = [*SETTINGS.values(), *(POSIX.values() if hasattr(__import__("signal"), "alarm") else ())]
    top = IMPORTS + ("import resource\n" if len(lines) > len(SETTINGS) else "") + "\n".join(lines) + "\n"
    verdicts = verdicts_of(judge, top)
    assert judge.worker  # it is not replaced, also where torch puts wrappers around its functions, as it does here
    assert {verdict.check for verdict in verdicts} == {check.name for check in STEP.checks}
    assert {verdict.status for verdict in verdicts} == {Status.passed}, verdicts[0]
    (said,) = remarks({STEP.file: verdicts})
    assert said.startswith(f"{STEP.file} changed torch's default device, ")
    assert said.endswith(": every check begins without this, and it costs no points")
    words = [*SETTINGS, *(POSIX if len(lines) > len(SETTINGS) else ())]
    assert [word for word in words if said.count(word) != 1] == []
    (after,) = verdicts_of(judge, "", {"3.1"})
    assert (after.status, after.changed) == (Status.passed, [])


def test_an_exception_after_a_change_leaves_nothing_behind(judge):
    first, *_ = verdicts_of(judge, "import torch\ntorch.set_default_device('meta')\n1 / 0\n")
    assert (first.status, first.changed) == (Status.error, ["changed torch's default device"])
    assert {verdict.status for verdict in verdicts_of(judge, "", {"3.1"})} == {Status.passed}


def test_a_library_taken_from_the_table_is_all_that_is_named(judge):
    """Most settings cannot even be read without it."""
    source = f"{STEP.source}\nimport sys\nsys.modules['numpy'] = None\n"
    for verdict in judge.judge(STEP, source, FILE, checks=STEP.checks_of("3.1")):
        assert (verdict.status, verdict.changed) == (Status.passed, ["took sys.modules['numpy'] away"])


def test_a_module_that_a_function_imports_may_change_settings_at_its_top_too(judge):
    helpers = OwnModule("import torch\ntorch.manual_seed(0)\ntorch.set_default_device('meta')\n", "helpers.py")
    source = with_line("3.2", "import helpers")
    for verdict in judge.judge(STEP, source, FILE, checks=STEP.checks_of("3.2"), modules={"helpers": helpers}):
        assert verdict.status is Status.passed
        assert verdict.changed == ["changed torch's default device", "changed torch's global random seed"]


def test_what_a_function_changes_is_put_back_after_its_check(judge):
    source = with_line("3.2", "import os; os.chdir('/'); np.seterr(all='raise')")
    verdicts = list(judge.judge(STEP, source, FILE, checks=[*STEP.checks_of("3.2"), *STEP.checks_of("3.3")]))
    by_task = {verdict.task: verdict for verdict in verdicts}
    assert by_task["3.2"].status is Status.passed
    assert "changed the current folder" in by_task["3.2"].changed
    assert (by_task["3.3"].status, by_task["3.3"].changed) == (Status.passed, [])


def test_a_library_changes_filters_and_variables_when_it_is_imported_and_that_is_not_the_students(judge):
    top = "import types, sys\nexec(compile('import w' + 'arnings as w; w.simplefilter(\"ignore\")', 'lib', 'exec'))\n"
    assert verdicts_of(judge, top, {"3.1"})[0].changed == []


REPLACED = {
    "Linear.forward": (torch.nn.Linear, "forward"),
    "torch.nn.Conv2d": (torch.nn, "Conv2d"),
    "numpy.random.default_rng": (np.random, "default_rng"),
    "builtins.sorted": (builtins, "sorted"),
    "os.listdir": (os, "listdir"),
    "math.pi": (math, "pi"),
    "Tensor.__eq__": (torch.Tensor, "__eq__"),
    "gradcam_lab.lessons.checks.checking.agree": (checking, "agree"),
}


class TestDamage:
    @pytest.fixture(scope="class")
    @classmethod
    def surroundings(cls):
        return Surroundings()

    @pytest.mark.parametrize("name", REPLACED)
    def test_a_replaced_function_or_class_of_a_library_is_named(self, name, surroundings, monkeypatch):
        monkeypatch.setattr(*REPLACED[name], print)
        assert surroundings.replaced() == f"replaced {name}"
        monkeypatch.undo()
        assert surroundings.replaced() == ""

    def test_also_one_that_is_taken_away_or_added(self, surroundings, monkeypatch):
        monkeypatch.delattr(torch.nn, "ReLU")
        assert surroundings.replaced() == "replaced torch.nn.ReLU"
        monkeypatch.undo()
        monkeypatch.setattr(builtins, "swap", print, raising=False)
        assert surroundings.replaced() == "replaced builtins.swap"

    @pytest.mark.parametrize(
        "text",
        [
            "import torch\ntorch.nn.Linear.forward = print\n",
            "from torch.nn import Linear\nsetattr(Linear, 'forward', print)\n",
            "import torch as t\nfor t.nn.Linear.forward in [print]:\n    pass\n",
            "from unittest.mock import patch\npatch('torch.nn.Linear.forward', print).start()\n",
            "import torch\nexec('torch.nn.Linear.forward = print')\n",
        ],
    )
    def test_it_is_found_whatever_the_way(self, text, surroundings, monkeypatch):
        monkeypatch.setattr(torch.nn.Linear, "forward", torch.nn.Linear.forward)  # which puts it back
        exec(text, {})
        assert (may_replace(text), surroundings.replaced()) == (True, "replaced Linear.forward")

    def test_a_text_that_can_change_no_library_is_not_suspected(self):
        assert not may_replace(
            "import torch\nclass A:\n    def __init__(self):\n        self.x = torch.ones(1)\nm.eval()\n"
        )
        assert not may_replace(STEP.source)

    def test_it_is_every_checks_verdict_and_the_next_step_has_another_process(self, judge):
        verdicts = verdicts_of(judge, "import torch\ntorch.nn.Linear.forward = lambda self, x: x\n")
        assert {(verdict.status, verdict.got) for verdict in verdicts} == {
            (Status.failed, "your code replaced Linear.forward")
        }
        assert judge.worker is None
        assert {verdict.status for verdict in verdicts_of(judge, "", {"3.1"})} == {Status.passed}

    @pytest.mark.skipif(sys.platform == "win32", reason="asks for processes as POSIX does")
    def test_what_keeps_running_or_cannot_be_put_back_costs_nothing_and_the_process_is_replaced(self, judge):
        top = (
            "import subprocess, sys, threading, time\nimport torch\n"
            "threading.Thread(target=time.sleep, args=(60,)).start()\n"
            "P = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=-1)\n"
            "C = torch.device('meta').__enter__()\nimport os\nos.fork()\n"
            "G = sys.modules.pop('numpy')\n"
        )
        request = {**of_step(STEP), "source": top + STEP.source, "file": str(FILE), "modules": {}, "seed": 0}
        answer = judge.ask({**request, "seconds": 10, "check": None, "upstream": "mine", "own": []})
        assert answer["status"] == "passed", answer
        assert {
            "left a thread running",
            "left another process running",
            "changed a setting that cannot be put back",
            "took sys.modules['numpy'] away",
        } <= {*answer["changed"]}
        assert judge.worker is None


def test_a_thread_that_ends_is_no_damage(judge):
    top = "import threading\nthreading.Thread(target=len, args=('',)).start()\n"
    assert {(v.status, *v.changed) for v in verdicts_of(judge, top, {"3.1"})} == {(Status.passed,)}
    assert judge.worker
