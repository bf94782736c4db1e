"""The record of how a student worked: hints shown, tries, answers shown, and whether it is an exam; signed.

Whoever edits the record in an editor is told, and so is grading. It is no more than that: the key stands below, in the
package that the student has installed, so whoever reads this file can sign what they like, as the student owns the
machine. Nor does a record say what a student has read elsewhere: the reference lies in the package too, and a second
workspace outside the exam gives every hint. Use it to ask, not to judge.
"""

import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.files import digest, with_each_key_once

RECORD_FILE = ".gradcam-lab/state.json"
"""Where it lies, in a workspace."""

_KEY = b"gradcam-lab: the record of a student's work"

SIGNED = ("workspace", "exam", "hints", "tries", "answers", "flaw")
"""The entries of a workspace's state that are signed; the others follow from the files, and from judging them."""

EDITED = "it was edited by hand"
UNSIGNED = "it was without a signature: edited, or begun by an older gradcam-lab"
ANEW = "it was begun anew in the middle of the work: what was before is not known"


def signed(state: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A workspace's state with some changes, signed; a flaw that it has already stays with it.

    Args:
        state: as it was read; empty where it is missing or damaged.
        changes: the entries to change.
    """
    flaw = flaw_of(state) or ANEW * (not state)
    found = {"workspace": secrets.token_hex(8), **state, **changes}
    if flaw:
        found["flaw"] = flaw
    return {**found, "signature": _signature(found)}


def first(**entries: Any) -> dict[str, Any]:
    """The state of a new workspace, signed."""
    found = {"workspace": secrets.token_hex(8), **entries}
    return {**found, "signature": _signature(found)}


def flaw_of(state: Mapping[str, Any]) -> str:
    """What is wrong with a record, as the rest of a sentence; "" where nothing is."""
    if not state:
        return ""
    if "signature" not in state:
        return UNSIGNED
    if not hmac.compare_digest(str(state["signature"]).encode(), _signature(state).encode()):
        return EDITED
    return str(state.get("flaw", ""))


def _signature(state: Mapping[str, Any]) -> str:
    return hmac.new(_KEY, digest({name: state.get(name) for name in SIGNED}).encode(), "sha256").hexdigest()


@dataclass(frozen=True)
class WorkRecord:
    """How a student worked, as far as the record that was handed in tells.

    Attributes:
        exam: whether the workspace is one of an exam.
        hints: number of hints shown, by task; only tasks with one.
        tries: number of different texts that were judged and did not pass, by task; only tasks with one.
        answers: the tasks of which the reference's answer was shown.
        flaw: what is wrong with the record, as the rest of a sentence; "" where nothing is.
        workspace: the name that `start` gave to the workspace; a copy has the same.
    """

    exam: bool = False
    hints: Mapping[str, int] = field(default_factory=dict)
    tries: Mapping[str, int] = field(default_factory=dict)
    answers: tuple[str, ...] = ()
    flaw: str = ""
    workspace: str = ""

    @property
    def tasks(self) -> list[str]:
        """The tasks of which there is something to say, in the course's order."""
        known = [task.id for step in all_steps() for task in step.tasks]
        return [task for task in known if self.hints.get(task) or self.tries.get(task)]

    def as_json(self) -> dict[str, Any]:
        """A dictionary that JSON can hold."""
        return {
            "exam": self.exam,
            "hints": dict(self.hints),
            "tries": dict(self.tries),
            "answers_shown": list(self.answers),
            "flaw": self.flaw,
        }


def read_record(data: bytes) -> WorkRecord | None:
    """Read the record of a submission, which is untrusted; None where it is no record at all."""
    try:
        state = json.loads(data, object_pairs_hook=with_each_key_once)
    except (ValueError, RecursionError):
        return None
    if not isinstance(state, dict) or not state:
        return None
    ids = {task.id for step in all_steps() for task in step.tasks}

    def numbers(entry: str) -> dict[str, int]:
        rows = state.get(entry)
        counts = {task: _count(value) for task, value in rows.items()} if isinstance(rows, dict) else {}
        return {task: count for task, count in counts.items() if task in ids and count}

    shown = state.get("answers")
    return WorkRecord(
        exam=state.get("exam") is True,
        hints=numbers("hints"),
        tries=numbers("tries"),
        answers=tuple(task for task in shown if task in ids) if isinstance(shown, list) else (),
        flaw=flaw_of(state),
        workspace=str(state.get("workspace", ""))[:16],
    )


def _count(value: Any) -> int:
    if isinstance(value, list):
        return len(value)
    return min(value, 99) if isinstance(value, int) and value > 0 else 0
