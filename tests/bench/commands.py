"""How long do commands take? Each in a process of its own, as a user waits for it."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.claims import Claim, Value
from tests.bench.locate import draw_photos

OURS = "gradcam-lab"
GOALS = {
    "gradcam-lab --help": 0.5,
    "gradcam-lab status": 0.3,
    "gradcam-lab hint 1.1": 0.3,
    "gradcam-lab check 1.1": 2.0,
    "gradcam-lab explain PHOTO --model embedded": 3.0,
}
"""The commands, and seconds that each is to take at most."""

RUNS = {
    "gradcam-lab run-all --no-pdf": 60.0,
    "gradcam-lab run-all --quick --no-pdf": 15.0,
}
"""On ToyVOC, from nothing."""


def seconds(words: Sequence[str], folder: Path) -> float:
    """Run Python with these words in a folder; return how long the process took."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, cwd=folder)
    if done.returncode not in (0, 1):  # 1: `check` in a workspace in which nothing is written yet
        raise subprocess.CalledProcessError(done.returncode, words)
    return time.perf_counter() - start


def command(line: str) -> list[str]:
    """Return what Python is to be given to run a command line that begins with `gradcam-lab`."""
    return ["-m", "gradcam_lab", *line.split()[1:]]


def measure(rounds: int) -> Claim:
    """Time the short commands by turns, in a fresh workspace."""
    values = []
    with tempfile.TemporaryDirectory() as name:
        workspace = Path(name) / "workspace"
        seconds([*command("gradcam-lab start"), str(workspace)], Path(name))
        (photo,) = draw_photos(Path(name), 1)
        for turn in range(-1, rounds):  # the first is not counted
            for line in GOALS:
                took = seconds([word.replace("PHOTO", str(photo)) for word in command(line)], workspace)
                values += [Value(line, OURS, turn, took)] if turn >= 0 else []
    return Claim("commands", "A command answers soon", "seconds", OURS, values, GOALS)


def measure_runs(rounds: int) -> Claim:
    """Time whole runs."""
    values = []
    for turn in range(rounds):
        for line in RUNS:
            with tempfile.TemporaryDirectory() as name:
                values.append(Value(line, OURS, turn, seconds([*command(line), "--out", f"{name}/run"], Path(name))))
    return Claim("runs", "A run on ToyVOC is soon done", "seconds", OURS, values, RUNS)
