"""Names that an older gradcam-lab gave to files and modules, and numbers that it gave to tasks.

Its workspaces and submissions still have them. Nothing but these tables knows them; `upgrade` changes what they list.
"""

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

FILES = {
    "step6_truth.py": "step6_faithfulness.py",
    "test_step6_truth.py": "test_step6_faithfulness.py",
}
"""Old and new names of a workspace's files."""

MODULES = {"gradcam_lab.course.plugin": "gradcam_lab.course.workspace.pytest_plugin"}
"""Old and new names of the modules that a workspace's files load."""

STEMS = {Path(old).stem: Path(new).stem for old, new in FILES.items()}
"""The same files without their suffix, as steps are recorded and modules are imported."""

OLD_NAMES = {new: old for old, new in FILES.items()}

NUMBERING = 2
"""Recorded in a workspace once its tasks have today's numbers; the older numbering recorded nothing."""

TASKS = {
    "2.3: __call__": "2.5: __call__",
    "2.4: all_classes": "2.6: all_classes",
    "2.5: input_gradient": "2.7: input_gradient",
    "2.7: vgg_gradcam": "2.9: vgg_gradcam",
}
"""Old and new numbers of the functions that a student writes, as a stub names them."""

WRITTEN = {"2.6": "2.8"}
"""Old and new numbers of the written tasks; no old one is the number of a written task today."""

_NUMBERS = {"2.5": "2.7", "2.6": "2.8", "2.7": "2.9"}
"""Tasks that are the same under another number; the record of the old 2.3 and 2.4 stays with those of today."""

_WORDS = {**STEMS, **MODULES}
_WORD = re.compile(rf"\b({'|'.join(map(re.escape, _WORDS))})\b")
_TODO = re.compile(r'^ *raise NotImplementedError\("task (\d+\.\d+: \w+)"\)', re.MULTILINE)
_HEADING = re.compile(r"^(## +)(\d+\.\d+)\b", re.MULTILINE)


def with_new_names(text: str) -> str:
    """Replace every old name in a text."""
    return _WORD.sub(lambda match: _WORDS[match[1]], text)


def with_new_numbers(text: str) -> str:
    """Give the stubs of a step file the new numbers of their tasks."""
    return _TODO.sub(lambda match: match[0].replace(match[1], TASKS.get(match[1], match[1])), text)


def with_new_headings(text: str) -> str:
    """Give the answers the new numbers of their tasks."""
    return _HEADING.sub(lambda match: f"{match[1]}{WRITTEN.get(match[2], match[2])}", text)


def with_new_records(state: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of a workspace's state that count by task, under the new numbers; they are changed only once."""
    if state.get("numbering") == NUMBERING:
        return {}
    counted = {name: state[name] for name in ("hints", "tries") if name in state}
    renumbered = {
        name: {_NUMBERS.get(task, task): value for task, value in entry.items()} for name, entry in counted.items()
    }
    return {"numbering": NUMBERING, **renumbered}


def other_name(path: str) -> str | None:
    """The path under the other of a file's two names, old or new; None if the file was never renamed."""
    place = PurePosixPath(path)
    other = {**FILES, **OLD_NAMES}.get(place.name)
    return str(place.with_name(other)) if other else None


def to_rename(folder: Path) -> dict[str, str]:
    """The files of a folder that still have an old name, with their new names; none whose new name is taken."""
    return {old: new for old, new in FILES.items() if (folder / old).is_file() and not (folder / new).exists()}
