"""A whole grading of strangers' work: the two attacks, Ctrl-C, and submissions that can only be read."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest

from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.grading import grade as grading
from gradcam_lab.course.grading.exports import Exports
from gradcam_lab.course.judging.processes.sandbox import Sandbox
from gradcam_lab.errors import LabError
from tests.course.grading.submitted import graded, put

NO_WALL = Sandbox(walled=True).problem()
needs_a_wall = pytest.mark.skipif(bool(NO_WALL), reason=NO_WALL)
linux = pytest.mark.skipif(sys.platform != "linux", reason="the attacks read /proc")
WALLS = [pytest.param("bwrap", marks=needs_a_wall), "none"]

STEP = all_steps()[2]
POINTS = sum(task.points for task in STEP.coded)

ATTACK = """
import os, pathlib
for process in [name for name in os.listdir("/proc") if name.isdigit()]:
    try:
        words = pathlib.Path("/proc", process, "cmdline").read_bytes().decode().split("\\0")
        values = pathlib.Path("/proc", process, "environ").read_bytes().decode().split("\\0")
    except OSError:
        continue
    for word in words:
        if word.endswith("hand ins"):
            for file in pathlib.Path(word).glob("*/*.py"):
                file.write_text("")
    for value in values:
        if value.startswith("GRADCAM_LAB_STATE="):
            for file in pathlib.Path(value.partition("=")[2]).glob("grades/*/*.json"):
                file.write_text(file.read_text().replace('"not started"', '"passed"').replace('"error"', '"passed"'))
"""
"""Finds the other submissions by the command line of whoever grades and empties them; rewrites kept verdicts."""


def grade_command(folder, *words):
    """The command line that grades a folder, as a teacher types it."""
    return [sys.executable, "-m", "gradcam_lab", "grade", str(folder), "--seed", "3", *map(str, words)]


def by_name(table):
    """The rows of a grading that was printed as JSON."""
    return {row["name"]: row for row in json.loads(table)["students"]}


@linux
@pytest.mark.parametrize("wall", WALLS)
def test_a_submission_can_neither_empty_the_others_nor_rewrite_a_kept_verdict(tmp_path, state, wall):
    """Without a wall the others are lost, and so are kept verdicts; but none that was rewritten is believed."""
    folder = tmp_path / "hand ins"
    put(folder / "anna", {STEP.file: "x = 1\n"})
    put(folder / "mallory", {STEP.file: f"{STEP.source}\n{ATTACK}"})
    put(folder / "zoe", {STEP.file: STEP.source})
    command = grade_command(folder, "--json", "--sandbox", wall)
    first, second = (by_name(subprocess.run(command, capture_output=True, check=True).stdout) for _ in range(2))
    safe = wall == "bwrap"
    assert (folder / "anna" / STEP.file).read_text() == ("x = 1\n" if safe else "")
    assert (folder / "zoe" / STEP.file).read_text() == (STEP.source if safe else "")
    assert first["zoe"]["points"] == second["zoe"]["points"] == (POINTS if safe else 0)
    assert first["anna"]["points"] == second["anna"]["points"] == 0
    assert second["anna"]["unchanged"] == safe


@linux
@pytest.mark.parametrize("wall", WALLS)
def test_ctrl_c_ends_it_within_a_second_and_leaves_no_process(tmp_path, state, wall):
    orphan = "if not os.fork():\n    os.setsid()\n    if os.fork(): os._exit(0)\n    time.sleep(300)\n"
    loop = f"import os, time\nos.nice(19)\n{orphan}while True: pass\n"  # nice: others work on this machine
    for name in ("ada", "bob"):
        put(tmp_path / "hand ins" / name, {STEP.file: loop})
    words = ("--sandbox", wall, "--jobs", 2, "--seconds", 60)
    running = subprocess.Popen(grade_command(tmp_path / "hand ins", *words), stderr=subprocess.PIPE, text=True)
    ours = psutil.Process(running.pid)
    servers = 6 if wall == "bwrap" else 2  # a wall is two processes more
    while len(family := ours.children(recursive=True)) < servers + 4:  # a worker and an orphan each
        assert running.poll() is None
        time.sleep(0.05)
    start = time.monotonic()
    running.send_signal(signal.SIGINT)
    said = running.communicate(timeout=20)[1]
    assert time.monotonic() - start < 1
    assert (running.returncode, said) == (130, "Interrupted. The same command goes on from here.\n")
    _, alive = psutil.wait_procs(family, timeout=0.5)
    assert [process for process in alive if runs(process)] == []


def runs(process):
    """Whether it is more than an entry that its new parent, the system's first process, has not looked at yet."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_pipes_and_sockets_among_the_submissions_are_no_submissions(handed_in, capsys, quick, monkeypatch):
    for name in ("fifo", "fifo.zip", "anna/pipe.zip", "carl/answers.md", "dora/helpers.py"):
        (handed_in / name).unlink(missing_ok=True)
        os.mkfifo(handed_in / name)
    put(handed_in / "emil", {all_steps()[1].file: "import helpers"})
    (handed_in / "hans").mkdir()
    os.mkfifo(handed_in / "hans" / "lab.zip")
    with socket.socket(socket.AF_UNIX) as endpoint:
        monkeypatch.chdir(handed_in)  # the name of a socket may not be long
        endpoint.bind("socket")
        _, rows = graded(handed_in, capsys)
    for name in ("fifo", "fifo.zip", "hans", "socket"):
        assert "is a pipe, a socket or a device" in rows[name]["problem"]
    assert rows["bob"]["problem"] == rows["anna"]["problem"] == ""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no such permissions")
def test_submissions_that_can_only_be_read_are_graded(handed_in, tmp_path, capsys, quick):
    for folder in (*handed_in.iterdir(), handed_in):
        folder.chmod(0o555)
    try:
        requested = Exports(csv=tmp_path / "out" / "grades.csv")
        grading.grade(handed_in, wall="none", requested=requested)
    finally:
        for folder in (handed_in, *handed_in.iterdir()):
            folder.chmod(0o755)
    assert "anna" in (tmp_path / "out" / "grades.csv").read_text(encoding="utf-8")
    assert "Verdicts cannot be kept" not in capsys.readouterr().err


class TestTheWallThatIsAskedFor:
    def test_where_there_can_be_none_it_says_so_once(self, handed_in, capsys, quick, monkeypatch):
        monkeypatch.setattr(Sandbox, "problem", lambda self: "bubblewrap is not installed")
        grading.grade(handed_in)
        printed = capsys.readouterr()
        assert printed.err.count("No wall stands around the submissions: bubblewrap is not installed.") == 1
        assert "No wall stood around the submissions, which ran with your rights." in printed.out
        with pytest.raises(LabError, match=r"can be no wall around the submissions: bubblewrap is not installed\."):
            grading.grade(handed_in, wall="bwrap")
        grading.grade(handed_in, wall="none")
        assert capsys.readouterr().err == ""

    def test_a_verdict_from_without_the_wall_is_judged_again_behind_it(self, handed_in, capsys, quick, monkeypatch):
        monkeypatch.setattr(Sandbox, "problem", lambda self: "")
        for wall, judged in (("none", 5), ("auto", 5), ("bwrap", 0)):
            table, _ = graded(handed_in, capsys, wall=wall)
            assert (table["walled"], quick.students()) == (wall != "none", judged)


class TestWhoIsJudged:
    def test_only_those_who_are_named(self, handed_in, capsys, quick):
        _, rows = graded(handed_in, capsys, only=["bob", "dora"])
        assert list(rows) == ["bob", "dora"]
        assert quick.students() == 2
        with pytest.raises(LabError, match=r"There is no submission of 'dor': do you mean 'dora'\?"):
            graded(handed_in, capsys, only=["bob", "dor"])

    def test_retry_judges_those_again_whose_checks_had_an_accident_or_who_are_named(self, handed_in, capsys, quick):
        put(handed_in / "carl", {STEP.file: f"# crashed {STEP.coded[0].id}"})
        put(handed_in / "emil", {STEP.file: f"# timed out {STEP.coded[0].id}"})
        graded(handed_in, capsys)
        quick.students()
        assert [name for name, row in graded(handed_in, capsys, retry=True)[1].items() if not row["unchanged"]] == [
            "carl",
            "emil",
        ]
        _, rows = graded(handed_in, capsys, retry=True, only=["anna"])
        assert (list(rows), rows["anna"]["unchanged"]) == (["anna"], False)
        assert graded(handed_in, capsys, only=["carl"])[1]["carl"]["unchanged"]  # without --retry it counts
