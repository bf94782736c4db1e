"""The wall around a student's code: namespaces of its own, which bubblewrap makes, on Linux.

Inside there is no network and no other process; of the files only those of the system and of Python, to be read, and an
empty temporary folder. The student's texts come through a pipe. Environment variables, which may hold passwords, stay
outside.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import gradcam_lab

PACKAGE = Path(gradcam_lab.__file__).parents[1]

SYSTEM = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"),
    *("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/localtime", "/etc/fonts"),
    *("/nix/store", "/gnu/store", "/sys/devices/system/cpu"),
)
"""What of the system can be read inside; no file here is anybody's own."""

SCRATCH = ("/tmp", "/dev/shm")
"""What can be written inside: it lies in memory, and is empty at the beginning."""

SCRATCH_BYTES = 256 * 2**20

VARIABLES = ("LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "TZ")
"""Environment variables that are the same inside."""

TRIAL = 30.0
"""Seconds in which bubblewrap can show that it works."""


def search_path() -> list[str]:
    """Where a worker looks for modules: where we do, except in the folder we were started from."""
    here = Path.cwd().resolve()
    kept = [entry for entry in sys.path if entry and Path(entry).resolve() != here]
    return [*kept, *([] if str(PACKAGE) in kept else [str(PACKAGE)])]


@dataclass(frozen=True)
class Sandbox:
    """A wall, or none.

    Attributes:
        walled: whether there is one.
        hidden: folders that must not be seen, even where they lie in one that is: submissions, kept verdicts.
        shown: files that can be read beside the system's, Python's and the lab's: those of a teacher's course.
    """

    walled: bool = False
    hidden: tuple[Path, ...] = ()
    shown: tuple[Path, ...] = ()

    @contextmanager
    def command(self, words: Sequence[str]) -> Iterator[tuple[list[str], tuple[int, ...]]]:
        """Yield the command that runs some words behind the wall, and the descriptors that it needs."""
        if not self.walled:
            yield list(words), ()
            return
        with tempfile.TemporaryFile() as file:  # on the command line, anybody inside could read where things lie
            file.write("".join(f"{word}\0" for word in self._arguments()).encode())
            file.seek(0)
            yield ["bwrap", "--args", str(file.fileno()), "--", *words], (file.fileno(),)

    def scratch(self, folder: str) -> tuple[list[str], list[str]]:
        """The folders in which the code may write, and what the system has mounted in them.

        Args:
            folder: the one where there is no wall.
        """
        if not self.walled:
            return [folder], []
        return list(SCRATCH), [str(path) for path in self._visible() if path.is_relative_to(SCRATCH[0])]

    def environment(self, ours: Mapping[str, str]) -> dict[str, str]:
        """The environment variables inside."""
        if not self.walled:
            return dict(ours)
        return {"HOME": SCRATCH[0], "USER": "student", **{name: ours[name] for name in VARIABLES if name in ours}}

    def problem(self) -> str:
        """Why the wall cannot be built here; "" where it can."""
        if sys.platform != "linux":
            return "bubblewrap exists only for Linux"
        if not shutil.which("bwrap"):
            return "bubblewrap is not installed (on Debian and Ubuntu: apt install bubblewrap)"
        with self.command([sys.executable, "-I", "-c", "import sys; sys.exit(0)"]) as (command, descriptors):
            try:
                trial = subprocess.run(
                    command, env=self.environment(os.environ), pass_fds=descriptors, capture_output=True, timeout=TRIAL
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                return f"bubblewrap does not work here ({error})"
        said = trial.stderr.decode("utf-8", errors="replace").strip().split("\n")[-1]
        return f"bubblewrap does not work here ({said or f'exit code {trial.returncode}'})" if trial.returncode else ""

    def _arguments(self) -> list[str]:
        arguments = ["--unshare-all", "--die-with-parent", "--cap-drop", "ALL", "--proc", "/proc", "--dev", "/dev"]
        for folder in SCRATCH:
            arguments += [*(("--size", str(SCRATCH_BYTES)) if _knows_size() else ()), "--tmpfs", folder]
        visible = {path: ("--ro-bind", str(path), str(path)) for path in self._visible()}
        hidden = [path for path in self._hidden() if any(path.is_relative_to(other) for other in visible)]
        masks = {path: ("--tmpfs", str(path)) for path in hidden}
        for _, words in sorted({**visible, **masks}.items(), key=lambda item: len(item[0].parts)):
            arguments += words  # what lies deeper comes later, and is seen
        for path in (*map(str, hidden), "/proc", "/dev", "/"):
            arguments += ["--remount-ro", path]
        return [*arguments, "--chdir", SCRATCH[0]]

    def _hidden(self) -> list[Path]:
        return list({path.resolve() for path in self.hidden if path.is_dir()})

    def _visible(self) -> list[Path]:
        """The folders and files that can be read: the system's, Python's and the lab's."""
        prefixes = (sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix)
        found = {Path(name) for name in (*SYSTEM, *prefixes)} | {Path(sys.executable).parent, *_modules()}
        found |= set(self.shown)
        found |= {path.resolve() for path in found}
        return sorted(path for path in found if path != Path("/") and os.access(path, os.R_OK))


def _modules() -> list[Path]:
    """Where Python finds modules; of the repository, where this is one, only the folders with the lab's own code."""
    from gradcam_lab import lessons

    own = [Path(gradcam_lab.__file__).parent, Path(next(iter(lessons.__path__)))]
    return [*own, *(Path(entry) for entry in search_path() if Path(entry) != PACKAGE or Path(entry) == _site())]


def _site() -> Path:
    import sysconfig

    return Path(sysconfig.get_path("purelib"))


def _knows_size() -> bool:
    """Whether this bubblewrap can limit a temporary folder: from 0.7 on."""
    text = subprocess.run(["bwrap", "--help"], capture_output=True, check=False).stdout
    return b"--size" in text


OPEN = Sandbox()
"""No wall."""
