"""The wall: what a student's code sees of the world, and what the next one sees of it."""

import json
import os
import socket
import sys
from pathlib import Path

from gradcam_lab.course.judging.processes.sandbox import Sandbox
from tests.course.judging.processes.conftest import ORPHAN, needs_a_wall
from tests.students import step_of

pytestmark = needs_a_wall


def told(judge, body):
    """Run some code in the place of a step file, and return what it leaves in `said`."""
    step = step_of("3")
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    source = (
        f"{step.source}\nimport json, os\ndef tell():\n    said = None\n{lines}    print(json.dumps(said))\ntell()\n"
    )
    (verdict,) = judge.judge(step, source, Path("/tmp/lab/x.py"), checks=[step.checks[0]])
    return json.loads(verdict.printed or "null"), verdict


def attempts(paths, action):
    """Code that tries something with each path, and says what came of it or why it was refused."""
    tried = (
        f"    try:\n        said.append({action})\n    except OSError as error:\n        said.append(error.strerror)"
    )
    return f"said = []\nfor path in {paths!r}:\n{tried}"


def test_it_cannot_reach_the_network(walled):
    with socket.create_server(("127.0.0.1", 0)) as server:
        action = f"__import__('socket').create_connection(('127.0.0.1', {server.getsockname()[1]}), 1) and 'open'"
        assert told(walled, attempts([""], action))[0] == ["Connection refused"]


def test_it_sees_no_process_but_its_own_and_the_one_that_forked_it(walled):
    pids, _ = told(walled, "said = [int(name) for name in os.listdir('/proc') if name.isdigit()] + [os.getpid()]")
    assert sorted(pids)[:2] == [1, 2]
    assert len(set(pids)) == 3
    lines, _ = told(walled, attempts(["/proc/1/cmdline", "/proc/2/cmdline"], "open(path).read()"))
    assert not any("submissions" in line for line in lines)


def test_it_can_neither_read_the_process_that_forked_it_nor_end_others_by_it(walled):
    paths = ["/proc/2/mem", "/proc/2/environ", "/proc/2/fd/2"]
    said, _ = told(walled, attempts(paths, "open(path, 'rb').read(1)"))
    assert said == ["Permission denied"] * 3
    told(walled, "said = 'murder'\nos.kill(2, 9)")
    assert told(walled, "said = 'alive'")[0] == "alive"


def test_of_the_files_it_sees_those_of_the_system_only(walled, secrets):
    here = [str(secrets.parent), str(secrets), str(Path.home()), "/etc/passwd", "/var"]
    library, hidden, home, *others = told(walled, attempts(here, "os.listdir(path)"))[0]
    assert library == ["submissions"]
    assert hidden == []
    assert set(home) <= {".pyenv", ".local", ".venv"} or home == "No such file or directory"
    assert others == ["No such file or directory"] * 2


def test_it_writes_in_its_own_folders_only(walled, secrets):
    outside = ["/x", "/usr/x", "/dev/x", "/proc/sys/kernel/core_pattern", f"{secrets}/x", f"{sys.prefix}/x"]
    said, _ = told(walled, attempts([*outside, "/tmp/x", "/dev/shm/x", "x"], "open(path, 'a').close() or 1"))
    assert said == ["Read-only file system"] * len(outside) + [1, 1, 1]


def test_the_next_one_finds_nothing_of_it(walled):
    told(walled, "open('/tmp/x', 'w'), open('/dev/shm/x', 'w'), os.makedirs('/tmp/a/b')\nos.chmod('/tmp/a', 0)")
    told(walled, f"import time\n{ORPHAN}")
    look = "os.listdir(path) if path != '/proc' else [name for name in os.listdir(path) if name.isdigit()]"
    shm, here, tmp, pids = told(walled, attempts(["/dev/shm", "/tmp/here", "/tmp", "/proc"], look))[0]
    assert (shm, here, {"x", "a"} & set(tmp)) == ([], [], set())
    assert len(pids) == 3


def test_it_has_no_more_rights_than_it_needs(walled):
    status, _ = told(walled, "said = open('/proc/self/status').read()")
    assert "CapEff:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status


def test_environment_variables_stay_outside(walled, monkeypatch):
    names, _ = told(walled, "said = list(os.environ)")
    assert not {"GRADCAM_LAB_STATE", "GRADCAM_LAB_CACHE", "PYTEST_CURRENT_TEST"} & set(names)


def test_it_can_read_its_own_source(walled):
    assert told(walled, "import inspect\nsaid = inspect.getsource(tell).startswith('def tell')")[0] is True


def test_its_temporary_folder_has_an_end(walled):
    said, _ = told(walled, attempts(["/tmp/x"], "open(path, 'wb').write(bytes(300 * 2**20))"))
    assert said == ["No space left on device"]


def test_why_there_is_none(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "not installed" in Sandbox(walled=True).problem()
    (tmp_path / "bwrap").write_text("#!/bin/sh\necho 'bwrap: no permissions' >&2\nexit 1\n")
    (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin")
    assert Sandbox(walled=True).problem() == "bubblewrap does not work here (bwrap: no permissions)"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert Sandbox(walled=True).problem() == "bubblewrap exists only for Linux"
