"""Measure every claim about speed, and write what came out: `python -m tests.bench` or `make bench`.

Into `report/bench/` go, for each claim, all measured values (CSV) and a figure of them, and `README.md` with the
medians and with what is slower than it should be or than something else. Run it on a machine that does nothing else.
"""

import argparse
import os
import platform
from collections.abc import Callable
from pathlib import Path

import torch

from gradcam_lab.console import say
from gradcam_lab.files import write_text
from tests.bench import commands, gradcam, locate, scoring
from tests.bench.claims import Claim

FOLDER = Path(__file__).parents[2] / "report" / "bench"


def measures(rounds: int, batch: int) -> dict[str, Callable[[], Claim]]:
    """The claims by their names, in the order in which they are measured."""
    return {
        "gradcam": lambda: gradcam.measure(rounds, batch),
        "locate": lambda: locate.measure(rounds, batches=4),
        "commands": lambda: commands.measure(rounds),
        "runs": lambda: commands.measure_runs(max(1, rounds // 3)),
        "scoring": lambda: scoring.measure(max(1, rounds // 2)),
    }


def summary(claims: list[Claim], rounds: int, batch: int) -> str:
    """The page that says what was measured, in Markdown."""
    machine = (
        f"{os.cpu_count()} cores ({platform.machine()}), torch {torch.__version__}, Python {platform.python_version()}"
    )
    lines = [
        "# How fast it is",
        f"`make bench` wrote this page: medians of {rounds} rounds (runs and scoring fewer), {batch} images of 224 "
        f"x 224 a batch, on {machine}. Lower is better; all values are in the CSV files beside the figures.",
        "In the figures a dot is a round, a stroke the median, and dashed is what ours is to be at most.",
    ]
    for claim in claims:
        lines += [f"## {claim.title}", f"In {claim.unit}.", claim.table(), f"![All values]({claim.name}.svg)"]
    losses = [line for claim in claims for line in claim.losses()]
    lines += ["## Where we lose", "\n".join(f"- {line}" for line in losses) or "Nowhere, in this run."]
    return "\n\n".join(lines) + "\n"


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="timed rounds (default: 7)")
    parser.add_argument("--batch", type=int, default=16, help="images a batch (default: 16)")
    parser.add_argument("--only", nargs="+", choices=measures(1, 1), help="print these claims, and write nothing")
    options = parser.parse_args()
    if options.rounds < 1 or options.batch < 1:
        parser.error("--rounds and --batch must be at least 1")
    claims = []
    for name, measure in measures(options.rounds, options.batch).items():
        if not options.only or name in options.only:
            claims.append(measure())
            say(f"\n{claims[-1].title}, in {claims[-1].unit}\n\n{claims[-1].table()}")
    if not options.only:
        for claim in claims:
            claim.write(FOLDER)
        write_text(FOLDER / "README.md", summary(claims, options.rounds, options.batch))
        say(f"\n{FOLDER / 'README.md'}")


if __name__ == "__main__":
    main()
