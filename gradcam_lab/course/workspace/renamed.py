"""Names that an older gradcam-lab gave to files and modules; its workspaces and submissions still have them.

Nothing but these tables knows the old names; `upgrade` renames what they list.
"""

import re
from pathlib import Path, PurePosixPath

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

_WORDS = {**STEMS, **MODULES}
_WORD = re.compile(rf"\b({'|'.join(map(re.escape, _WORDS))})\b")


def with_new_names(text: str) -> str:
    """Replace every old name in a text."""
    return _WORD.sub(lambda match: _WORDS[match[1]], text)


def other_name(path: str) -> str | None:
    """The path under the other of a file's two names, old or new; None if the file was never renamed."""
    place = PurePosixPath(path)
    other = {**FILES, **OLD_NAMES}.get(place.name)
    return str(place.with_name(other)) if other else None


def to_rename(folder: Path) -> dict[str, str]:
    """The files of a folder that still have an old name, with their new names; none whose new name is taken."""
    return {old: new for old, new in FILES.items() if (folder / old).is_file() and not (folder / new).exists()}
