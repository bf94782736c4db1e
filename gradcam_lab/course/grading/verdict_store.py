"""The verdicts of earlier gradings: what has not changed is not judged again.

They lie in the user's state folder and not among the submissions, and each file is signed with a key that is kept
there: a verdict that somebody else has changed is judged again.
"""

import hmac
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import platformdirs

from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.grading.grades import file_name
from gradcam_lab.course.judging.verdicts import Verdict
from gradcam_lab.errors import LabError
from gradcam_lab.files import digest, make_folder, read_json, require_writable, write_json

VARIABLE = "GRADCAM_LAB_STATE"
"""The environment variable that names another state folder."""

KEY = "key"
SEED = ".seed.json"
"""Begins with a dot, as no student's file does."""

Verdicts = Mapping[str, Sequence[Verdict]]


def state_folder() -> Path:
    """Return the folder of what gradcam-lab remembers: the one that `VARIABLE` names, or the user's own."""
    chosen = os.environ.get(VARIABLE)
    return Path(chosen).expanduser() if chosen else platformdirs.user_state_path("gradcam-lab")


class VerdictStore:
    """The verdicts on disk, each under a hash of the files that it judges, the checks, the seed and the limits.

    Args:
        submissions: the folder of submissions; each has its own folder of verdicts.
        seed: given by the instructor, or None.

    Attributes:
        problem: why nothing can be kept, or "".
    """

    def __init__(self, submissions: Path, seed: int | None) -> None:
        place = submissions.resolve()
        self.root = state_folder() / "grades"
        self.folder = self.root / file_name(f"{place.name} {digest(str(place))[:10]}")
        self.problem, self.secret = "", b""
        try:
            require_writable(self.folder)
            self.secret = _secret(self.root / KEY)
        except LabError:
            self.problem = self._cannot_keep()
        self.seed = self._stored_seed() if seed is None else seed
        self._write(self.folder / SEED, {"seed": self.seed})

    def _cannot_keep(self) -> str:
        where = f"cannot be kept in '{self.root}': name another folder by the environment variable {VARIABLE}"
        return f"Verdicts {where}, and the next grading judges only what has changed."

    def _stored_seed(self) -> int:
        """The seed of the grading that began here: everybody is asked the same, also after an interruption."""
        try:
            return int(self._read(self.folder / SEED)["seed"])
        except (LookupError, TypeError, ValueError):
            return 1 + secrets.randbits(32)  # a student's own checks have seed 0

    def verdicts(self, name: str, key: str) -> Verdicts | None:
        """The verdicts that were stored under exactly this key, or None."""
        try:
            kept = self._read(self._file(name))
            if kept["key"] != key:
                return None
            return {step.name: [Verdict.from_json(row) for row in kept["verdicts"][step.name]] for step in all_steps()}
        except (LookupError, TypeError, ValueError, AttributeError):
            return None

    def write(self, name: str, key: str, verdicts: Verdicts) -> None:
        """Store the verdicts on a submission."""
        rows = {step: [asdict(verdict) for verdict in found] for step, found in verdicts.items()}
        self._write(self._file(name), {"name": name, "key": key, "seed": self.seed, "verdicts": rows})

    def _file(self, name: str) -> Path:
        return self.folder / f"{file_name(name)}.json"

    def _write(self, path: Path, content: dict[str, Any]) -> None:
        if not self.problem:
            try:
                write_json(path, {**content, "signature": self._signature(path, content)})
            except LabError:  # a full disk: the grading itself goes on
                self.problem = self._cannot_keep()

    def _read(self, path: Path) -> dict[str, Any]:
        """The content of a file, {} where it is missing, damaged or signed by somebody else."""
        if self.problem:
            return {}
        try:
            content = read_json(path)
            signature = content.pop("signature")
            right = hmac.compare_digest(signature, self._signature(path, content))
        except (LabError, LookupError, TypeError, ValueError, AttributeError):
            return {}
        return content if right else {}

    def _signature(self, path: Path, content: dict[str, Any]) -> str:
        """The file's place is signed too, so that a seed or a verdict of another grading is of no use in this one."""
        return hmac.digest(self.secret, digest(str(path), content).encode(), "sha256").hex()


def _secret(path: Path) -> bytes:
    """The key of this user, which is made once, and which nobody else can read.

    Raises:
        LabError: it cannot be written or read.
    """
    make_folder(path.parent)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    except OSError as error:
        raise LabError(f"Cannot write '{path}' ({error.strerror}): check its permissions.") from error
    else:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(secrets.token_bytes(32))
    try:
        key = path.read_bytes()
    except OSError as error:
        raise LabError(f"Cannot read '{path}' ({error.strerror}): check its permissions.") from error
    if len(key) != 32:
        raise LabError(f"'{path}' is damaged: delete it, and everything is judged again.")
    return key
