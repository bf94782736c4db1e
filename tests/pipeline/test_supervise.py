"""A student's code in a process of its own: what ends it, and the sentence that says so."""

import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from gradcam_lab import console
from gradcam_lab.course.authoring import cut
from gradcam_lab.errors import LabError
from gradcam_lab.lesson_modules import StudentsFile, load_lessons, reference_text
from gradcam_lab.pipeline.students_errors import Doing, explain, traceback_of
from gradcam_lab.pipeline.supervise import enter, supervise

FOLDER = Path("My Übung") / "of mine"
FILES = {step: FOLDER / f"{step}.py" for step in ("step2_gradcam", "step3_boxes")}
DOING = Doing("boxes", ("step3_boxes",))


def raised(step, source, call):
    """What a student's file raises: when it is loaded, or when a function of it is called."""
    try:
        call(load_lessons({step: StudentsFile(source, FILES[step])}))
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


class TestSentences:
    @pytest.fixture
    def log(self, tmp_path):
        return tmp_path / "out" / "error.log"

    def test_an_exception_of_the_student_names_its_line(self, log):
        source = "\n\ndef detect():\n    return [][3]\n"
        error = raised("step3_boxes", source, lambda lessons: lessons.boxes.detect())
        assert explain(error, DOING, FILES, log) == (
            "Your step3_boxes.py, line 4, in detect: IndexError: list index out of range; run 'gradcam-lab check 3'."
        )
        assert "IndexError" in log.read_text(encoding="utf-8")

    def test_below_it_may_be_a_library(self, log):
        source = "import json\n\ndef detect():\n    return json.loads('{')\n"
        error = raised("step3_boxes", source, lambda lessons: lessons.boxes.detect())
        assert explain(error, DOING, FILES, log).startswith("Your step3_boxes.py, line 4, in detect: JSONDecodeError:")

    def test_a_task_that_is_not_written(self, log):
        stub = cut.stub(reference_text("step2_gradcam"))
        error = raised("step2_gradcam", stub, lambda lessons: lessons.gradcam.channel_weights(None))
        assert explain(error, Doing("heatmaps", ("step2_gradcam",)), FILES, log) == (
            "Your step2_gradcam.py stops at task 2.1, which is not written yet: write it, or use --impl auto."
        )
        assert not log.exists()

    @pytest.mark.parametrize(
        ("source", "sentence"),
        [
            ("x = 1\nif x\n", "Your step3_boxes.py, line 2: SyntaxError: expected ':'; run 'gradcam-lab check 3'."),
            ("raise SystemExit(0)\n", "Your step3_boxes.py, line 1: SystemExit: 0; run 'gradcam-lab check 3'."),
            ("raise KeyboardInterrupt\n", "Your step3_boxes.py, line 1: KeyboardInterrupt; run 'gradcam-lab check 3'."),
            (
                "class E(Exception):\n    __str__ = None\n\n\nraise E('a')\n",
                "Your step3_boxes.py, line 5: E; run 'gradcam-lab check 3'.",
            ),
        ],
    )
    def test_a_file_that_cannot_be_loaded(self, log, source, sentence):
        assert explain(raised("step3_boxes", source, None), DOING, FILES, log) == sentence

    def test_an_exception_of_the_lab_names_the_stage_and_the_files(self, log):
        text = explain(ValueError("bad shape\n  and more."), DOING, FILES, log)
        assert text == (
            f"Stage 'boxes' failed with your step3_boxes.py: ValueError: bad shape and more; the traceback is in "
            f"'{log}'. Run 'gradcam-lab check 3', or use --impl reference."
        )
        assert "step2_gradcam.py or step3_boxes.py: ValueError" in explain(
            ValueError(), Doing("results", ()), FILES, log
        )

    def test_an_error_of_the_lab_for_the_user_stays_as_it_is(self, log):
        assert explain(LabError("Mend 'a'."), DOING, FILES, log) == "Mend 'a'."
        assert not log.exists()

    def test_a_traceback_quotes_the_students_file_alone(self, lessons, tmp_path):
        file = tmp_path / "step4_metrics.py"
        file.write_text("def iou(a, b):\n    raise ValueError('no')  # my own line\n", encoding="utf-8")
        own: dict[str, Any] = {}
        exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), own)
        try:
            lessons.boxes.nms(np.zeros((1, 4)), np.zeros(1), 0.5, own["iou"])
        except ValueError as error:
            text = traceback_of(error, {"step4_metrics": file})
        assert "step3_boxes.py" in text
        assert "overlaps = iou" not in text
        assert "# my own line" in text


WORK = """
import os, signal, time
from pathlib import Path
from gradcam_lab import console
from gradcam_lab.errors import LabError
from gradcam_lab.pipeline.supervise import enter

FILE = Path("My Übung") / "of mine" / "step3_boxes.py"
BOXES = ("step3_boxes",)

def leave(path):
    enter("boxes", BOXES)
    os._exit(0)

def crash(path):
    enter("scores", ("step2_gradcam", "step3_boxes"))
    os.kill(os.getpid(), signal.SIGSEGV)

def refuse(path):
    enter("boxes", BOXES)
    raise LabError("Mend 'a' [b].")

def work_long(path):
    enter("boxes", BOXES)
    with console.progress("long", 5) as advance:
        for _ in range(5):
            time.sleep(0.3)
            advance()
    for _ in range(5):
        time.sleep(0.3)
        console.say("said by the child")
    enter("report")
    time.sleep(1.5)
    Path(path).write_text("all of it")

def interrupt(path):
    enter("boxes", BOXES)
    try:
        os.kill(os.getppid(), signal.SIGINT)
        time.sleep(30)
    finally:
        time.sleep(1.5)
        Path(path).write_text("saved")

def pretend(path):
    enter("boxes", BOXES)
    raise KeyboardInterrupt

def threads(path):
    import threading
    enter("boxes", BOXES)
    threading.Thread(target=time.sleep, args=(60,)).start()

def prints(path):
    enter("boxes", BOXES)
    for i in range(5000):
        print("row", i)
    console.say("said by the lab")
    enter("scores", BOXES)
    print("one line")

def loop_in_a_file(path):
    source = "def detect():\\n    while True:\\n        pass\\n"
    own = {}
    exec(compile(source, str(FILE), "exec"), own)
    enter("boxes", BOXES)
    own["detect"]()

def loop(path):
    enter("boxes", BOXES)
    Path(path).write_text(str(os.getpid()))
    while True:
        pass
"""


class TestSupervise:
    @pytest.fixture
    def do(self, tmp_path, monkeypatch):
        """Do one of these functions in a process of its own, from a folder that holds a file with a library's name."""
        (tmp_path / "code").mkdir()
        (tmp_path / "code" / "some_work.py").write_text(WORK, encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path / "code")
        monkeypatch.delitem(sys.modules, "some_work", raising=False)
        (tmp_path / "random.py").write_text("raise SystemExit('a stray was imported')\n", encoding="utf-8")
        (tmp_path / "struct.py").write_text("raise SystemExit('a stray was imported')\n", encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        module = import_module("some_work")

        def run(name, stall=30.0):
            supervise(
                getattr(module, name), str(tmp_path / "done"), files=FILES, stall=stall, log=tmp_path / "error.log"
            )
            return tmp_path / "done"

        return run

    def test_a_loop_is_ended(self, do, tmp_path):
        with pytest.raises(LabError) as caught:
            do("loop", stall=1.0)
        assert str(caught.value) == (
            "Stage 'boxes' made no progress for 1 s while your step3_boxes.py ran: an endless loop? "
            "Run 'gradcam-lab check 3', or use --impl reference."
        )
        assert not psutil.pid_exists(int((tmp_path / "done").read_text()))

    def test_a_loop_in_a_students_file_says_its_line(self, do):
        with pytest.raises(LabError, match=r"step3_boxes\.py ran \(line [23], in detect\): an endless loop\?"):
            do("loop_in_a_file", stall=1.5)

    def test_a_print_in_a_loop_is_cut_short_and_counted(self, do, capfd):
        do("prints")
        said = [f"row {i}" for i in range(10)]
        assert capfd.readouterr().out.splitlines() == [
            *said,
            "said by the lab",
            "  ... your code printed 4,990 more lines in stage 'boxes'",
            "one line",
        ]

    def test_every_tick_and_line_is_a_sign_of_life_and_the_labs_own_work_has_no_limit(self, do, capfd):
        assert do("work_long", stall=1.0).read_text() == "all of it"
        assert capfd.readouterr().out == "said by the child\n" * 5

    def test_a_child_that_leaves(self, do):
        with pytest.raises(LabError) as caught:
            do("leave")
        assert str(caught.value) == (
            "Your step3_boxes.py ended the whole program in stage 'boxes' (exit code 0): os._exit, or a library that "
            "gave up? Run 'gradcam-lab check 3', or use --impl reference."
        )

    @pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
    def test_a_child_that_crashes(self, do):
        with pytest.raises(LabError) as caught:
            do("crash")
        assert "crashed in stage 'scores' while your step2_gradcam.py or step3_boxes.py ran (SIGSEGV)" in str(
            caught.value
        )
        assert "Run 'gradcam-lab check 2 3'" in str(caught.value)

    def test_the_labs_sentence_crosses_unchanged(self, do):
        with pytest.raises(LabError, match=re.escape("Mend 'a' [b].") + "$"):
            do("refuse")

    def test_only_ctrl_c_is_an_interruption(self, do):
        with pytest.raises(LabError, match=r"^Stage 'boxes' failed with your step3_boxes\.py: KeyboardInterrupt;"):
            do("pretend")

    def test_threads_that_stay_behind_keep_nobody(self, do):
        do("threads")

    @pytest.mark.skipif(sys.platform == "win32", reason="a console sends Ctrl-C to both by itself")
    def test_ctrl_c_leaves_time_to_save(self, do, tmp_path):
        with pytest.raises(KeyboardInterrupt):
            do("interrupt")
        assert (tmp_path / "done").read_text() == "saved"

    def test_in_a_process_that_nobody_watches_nothing_happens(self):
        enter("boxes", ("step3_boxes",))
        console.heartbeat()
