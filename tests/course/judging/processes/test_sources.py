"""Processes that fork: each step fresh, each limit kept for all processes together, and nothing that can hang."""

import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from gradcam_lab.course.judging.judge import Judge, Limits
from gradcam_lab.course.judging.processes import client, sources
from gradcam_lab.course.judging.processes.sources import ForkServer, Interpreters
from gradcam_lab.course.judging.verdicts import Status
from gradcam_lab.errors import LabError
from tests.course.judging.processes.conftest import LIMITS, ORPHAN
from tests.students import step_of


def judged(judge, body, checks=1):
    step = step_of("3")
    source = f"{step.source}\nimport os, sys, time\n{body}\n"
    return list(judge.judge(step, source, Path(step.file), checks=step.checks[:checks]))


pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot fork")


class TestFreshness:
    def test_what_a_step_leaves_in_the_libraries_the_next_does_not_find(self, unwalled):
        for number in (1, 2):
            body = f"import numpy\nassert getattr(numpy, 'mine', {number}) == {number}\nnumpy.mine = {number}"
            assert [v.status for v in judged(unwalled, body)] == [Status.passed]

    def test_a_worker_that_asks_for_it_is_replaced(self, unwalled, monkeypatch):
        pids = []
        ask = client.Worker.ask

        def asked(worker, request):
            pids.append(worker.family()[0].pid)
            return {**ask(worker, request), "replace": True}

        monkeypatch.setattr(client.Worker, "ask", asked)
        verdicts = judged(unwalled, "", checks=2)
        assert [v.status for v in verdicts] == [Status.passed] * 2
        assert len(set(pids)) == len(pids) == 3  # one read the file, two ran a check

    def test_a_copy_that_the_code_has_forked_answers_nothing(self, unwalled):
        (verdict,) = judged(unwalled, "os.fork()")
        assert verdict.status is Status.passed


class TestNothingHangs:
    def test_an_orphan_that_holds_the_channels_is_waited_for_by_nobody_and_ended(self, either):
        start = time.monotonic()
        (verdict,) = judged(either, f"{ORPHAN}os._exit(3)")
        assert (verdict.status, "exit code 3" in verdict.got) == (Status.crashed, True)
        assert time.monotonic() - start < 5
        assert [member.pid for member in either.source.members() if member.pid not in either.source.own] == []

    def test_one_that_stops_itself_is_ended(self, either):
        (verdict,) = judged(either, "import signal\nos.kill(os.getpid(), signal.SIGSTOP)")
        assert verdict.status is Status.timed_out
        assert "computed for 0.0 s" in verdict.got

    def test_what_is_written_on_the_channel_by_force_is_no_answer(self, unwalled):
        flood = (
            "for number in range(3, 20):\n    try:\n        os.set_blocking(number, False)\n"
            "        os.write(number, b'[1]\\n{}\\nnonsense\\n{\"token\": 1}\\n')\n    except OSError:\n        pass\n"
            "    try:\n        os.set_blocking(number, True)\n    except OSError:\n        pass"
        )
        assert [v.status for v in judged(unwalled, flood)] == [Status.passed]

    def test_a_flood_on_the_channel_ends_with_the_time(self, unwalled):
        write = (
            "    try:\n        os.set_blocking(n, True)\n        os.write(n, b'{}\\n' * 1000)\n    except OSError:\n"
        )
        flood = f"for n in range(3, 20):\n  while True:\n{write}        break"
        before = threading.enumerate()
        (verdict,) = judged(unwalled, flood)
        assert verdict.status is Status.timed_out
        for thread in set(threading.enumerate()) - set(before):
            thread.join(5)
            assert not thread.is_alive()


class TestLimits:
    def test_who_waits_does_not_compute(self, unwalled):
        (verdict,) = judged(unwalled, f"time.sleep({LIMITS.seconds * 1.5})")
        assert verdict.status is Status.passed

    def test_a_timeout_is_tried_once_more_before_it_counts(self, unwalled, tmp_path):
        slow_once = f"if not os.path.exists({str(tmp_path / 'seen')!r}):\n    open({str(tmp_path / 'seen')!r}, 'w')\n"
        slow_once += "    while True: pass"
        with Judge(LIMITS, unwalled.source, tries=2) as judge:
            assert [v.status for v in judged(judge, slow_once)] == [Status.passed]

    def test_memory_is_that_of_all_processes(self, either):
        hog = "for _ in range(3):\n    if not os.fork():\n        x = b'x' * (120 * 2**20)\n        time.sleep(60)\n"
        (verdict,) = judged(either, f"{hog}time.sleep(60)")
        assert (verdict.status, "GiB of memory" in verdict.got) == (Status.crashed, True)

    def test_processes_are_counted(self, either):
        (verdict,) = judged(either, "while True:\n    if not os.fork():\n        time.sleep(60)\n    time.sleep(0.005)")
        assert (verdict.status, "processes, more than 8" in verdict.got) == (Status.crashed, True)

    def test_open_files_are_counted(self, either):
        (verdict,) = judged(either, "held = [open(os.devnull) for _ in range(100)]")
        assert (verdict.status, "Too many open files" in verdict.got) == (Status.error, True)


class TestInterpreters:
    """Where the system cannot fork."""

    def test_it_judges_and_is_replaced_when_it_dies(self):
        source = Interpreters(Limits(seconds=5))
        with Judge(source.limits, source) as judge:
            assert [v.status for v in judged(judge, "os._exit(0)")] == [Status.crashed]
            assert [v.status for v in judged(judge, "")] == [Status.passed]


@pytest.mark.parametrize("source", [ForkServer, Interpreters])
def test_a_process_that_does_not_start_is_one_sentence(monkeypatch, source):
    monkeypatch.setattr(sources, "search_path", lambda: [])
    with (
        closing(source(LIMITS)) as broken,
        Judge(LIMITS, broken) as judge,
        pytest.raises(LabError, match=r"does not start .*No module named.*see doctor"),
    ):
        judged(judge, "")
