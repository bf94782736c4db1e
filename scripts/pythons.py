"""`make pythons`: run `make run` and `make test` with every Python from 3.11 on the PATH or under pyenv.

Each has its own environment `.pythons/VERSION`, report and logs beside it; a second run uses the environments again.
At the end stands a table, and the exit code is 1 if anything failed.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PLACE = ROOT / ".pythons"
OLDEST = (3, 11)
WHO = """
import importlib.util, platform, sys
print(platform.python_version(), sys.base_prefix == sys.prefix, bool(importlib.util.find_spec("ensurepip")))
"""
BUILD = "import torch; print(torch.__version__, 'CUDA ' + torch.version.cuda if torch.version.cuda else 'CPU')"


@dataclass(frozen=True)
class Result:
    """How one command went.

    Attributes:
        command: "run" or "test".
        passed: whether it ended with 0.
        seconds: how long it took.
        summary: the last line of its log that says something.
    """

    command: str
    passed: bool
    seconds: float
    summary: str


def main() -> int:
    """Run both commands with every Python found, print a table, and return 1 if one failed, 2 if there is none."""
    found = pythons(candidates(os.environ.get("PATH", ""), pyenv_root()))
    if not found:
        print("There is no Python from 3.11 on the PATH or under pyenv: install one.", file=sys.stderr)
        return 2
    print(f"Found: {', '.join(found)}. Both commands take minutes with each; logs: {PLACE.name}", flush=True)
    results = {version: [tried(version, path, name) for name in ("run", "test")] for version, path in found.items()}
    print(table(results, {version: build_of(version) for version in found}))
    return 0 if all(result.passed for both in results.values() for result in both) else 1


def pyenv_root() -> Path:
    """Return the folder of pyenv, which need not exist."""
    return Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")


def candidates(path: str, pyenv: Path) -> Iterator[Path]:
    """Yield the files that look like a Python: those on the PATH, then those of pyenv."""
    for folder in filter(None, path.split(os.pathsep)):
        for file in sorted(Path(folder).glob("python3*")):
            if re.fullmatch(r"python3(\.\d+)?(\.exe)?", file.name):
                yield file
    yield from sorted(pyenv.glob("versions/*/bin/python3"))


def pythons(files: Iterable[Path]) -> dict[str, Path]:
    """Return the new enough Pythons among the files by version, each once, without environments and shims."""
    found: dict[str, Path] = {}
    for file in files:
        try:
            done = subprocess.run([file, "-c", WHO], capture_output=True, text=True, timeout=60)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode or len(words := done.stdout.split()) != 3:
            continue
        version, itself, complete = words[0], words[1] == "True", words[2] == "True"
        if not itself or tuple(map(int, version.split(".")[:2])) < OLDEST or version in found:
            continue
        if complete:
            found[version] = file
        else:
            print(f"{file} is left out: it cannot make environments (Debian, Ubuntu: apt install python3-venv).")
    return dict(sorted(found.items(), key=lambda item: [int(n) for n in re.findall(r"\d+", item[0])]))


def tried(version: str, python: Path, command: str) -> Result:
    """Run one command of the Makefile with a Python, its output going into a log."""
    PLACE.mkdir(exist_ok=True)
    log = PLACE / f"{version}-{command}.log"
    settings = [f"PYTHON={python}", f"VENV=.pythons/{version}", f"REPORT=.pythons/{version}-report"]
    start = time.monotonic()
    with log.open("w", encoding="utf-8") as output:
        done = subprocess.run(["make", command, *settings], cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
    seconds = time.monotonic() - start
    words = last_words(log.read_text(encoding="utf-8", errors="replace"))
    result = Result(command, done.returncode == 0, seconds, words)
    print(f"{version}: make {command} {'passed' if result.passed else 'failed'} after {seconds:.0f} s", flush=True)
    return result


def last_words(log: str) -> str:
    """Return pytest's count of a log, or its last line."""
    lines = [line.strip(" =") for line in log.splitlines() if line.strip(" =") and not line.startswith("make")]
    counts = [line for line in lines if re.search(r"\d+ (passed|failed|error)", line)]
    return (counts or lines or [""])[-1]


def build_of(version: str) -> str:
    """Return the build of torch in a Python's environment."""
    try:
        done = subprocess.run([PLACE / version / "bin" / "python", "-c", BUILD], capture_output=True, text=True)
    except OSError:
        return "none"
    return done.stdout.strip() or "none"


def table(results: Mapping[str, Sequence[Result]], builds: Mapping[str, str]) -> str:
    """Return the results as lines: a row for each Python and command."""
    rows = [("Python", "torch", "command", "result", "seconds", "")]
    for version, both in results.items():
        for r in both:
            word = "passed" if r.passed else "FAILED"
            rows.append((version, builds[version], f"make {r.command}", word, f"{r.seconds:.0f}", r.summary))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "\n".join("  ".join([*map(str.ljust, row[:5], widths), row[5]]).rstrip() for row in rows)


if __name__ == "__main__":
    sys.exit(main())
