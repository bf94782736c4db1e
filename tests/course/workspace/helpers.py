"""Task 2.1 as a student solves it, verdicts recorded without judging, and what the commands print."""

import io
import shutil
from pathlib import Path

import pytest

from gradcam_lab.course.judging.verdicts import Status, Verdict
from gradcam_lab.course.workspace import upgrade
from gradcam_lab.course.workspace.status import status
from gradcam_lab.course.workspace.workspace import Workspace
from gradcam_lab.errors import LabError
from tests.students import step_of

FILE = "step2_gradcam.py"
ANSWER = "return gradients.mean(dim=(2, 3))"
TODO = 'raise NotImplementedError("task 2.1: channel_weights")'
MINE = "return gradients.flatten(2).mean(-1)  # größer"


def replace(file, old=TODO, new=MINE):
    """Change a student's file, by default by solving task 2.1."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8", newline="\n")


def record(root, statuses, chain=None):
    """Record verdicts on the text of one step as if its checks had come out like this.

    Args:
        root: the workspace.
        statuses: by task.
        chain: the status of the chain, or None if it has not run.
    """
    step = step_of(next(iter(statuses)))
    rows = [
        Verdict(check.name, check.task, check.points, statuses[check.task], "four", "five", "a slip")
        for check in step.checks
        if check.task in statuses
    ]
    if chain:
        rows.append(Verdict(step.chain.name, str(step.number), 0, chain, "four", "five", "a slip"))
    workspace = Workspace(root)
    workspace.record(step, rows, workspace.code(step)[0])


def judged(workspace, task="2.1", outcome=Status.passed):
    """Record one outcome of one task."""
    record(workspace.root, {task: outcome})


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


def said(capsys):
    """Return what was printed since the last call."""
    return capsys.readouterr().out


def status_lines(capsys, json=False):
    """Return the lines of `gradcam-lab status`."""
    status(json)
    return said(capsys).splitlines()


def row(lines, task):
    """Return the cells of a task's row, by its number or as "all together", without the command to look at it."""
    (line,) = [line for line in lines if line.strip().startswith(f"{task}  ")]
    cells = [cell.strip() for cell in line.strip().split("  ") if cell]
    return [cell for cell in cells if not cell.startswith("gradcam-lab look ")]


def refusal(action, *arguments, **named):
    """Return the sentence with which a command refuses."""
    with pytest.raises(LabError) as error:
        action(*arguments, **named)
    return str(error.value)


def snapshot(workspace, backups=True):
    """Return the bytes of all files but the recorded state, by path; with the backups or without them."""
    files = [path for path in workspace.root.rglob("*") if path.is_file() and path.name != "state.json"]
    names = {path.relative_to(workspace.root).as_posix(): path.read_bytes() for path in files}
    return {name: data for name, data in names.items() if backups or "/backups/" not in name}


def interrupt_after(count, patch):
    """Press Ctrl-C when, after so many, the next file is to get its name."""
    done = iter(range(count))

    def interrupted(real):
        def act(*arguments, **named):
            if next(done, None) is None:
                raise KeyboardInterrupt
            return real(*arguments, **named)

        return act

    patch.setattr(Path, "replace", interrupted(Path.replace))
    patch.setattr(Path, "rename", interrupted(Path.rename))


def interrupted_upgrades(workspace, begun, monkeypatch):
    """Begin each time with the files of `begun`, upgrade, and press Ctrl-C one file later; yield after each.

    It ends with the first upgrade that comes to its end.
    """
    for stop in range(100):
        shutil.rmtree(workspace.state_folder / "backups", ignore_errors=True)
        for name in snapshot(workspace).keys() - begun.keys():
            (workspace.root / name).unlink()
        for name, data in begun.items():
            (workspace.root / name).write_bytes(data)
        with monkeypatch.context() as patch:
            interrupt_after(stop, patch)
            try:
                upgrade.upgrade()
            except KeyboardInterrupt:
                pass
            else:
                return
        yield
    pytest.fail("the upgrade never comes to its end")
