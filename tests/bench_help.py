"""How fast is `gradcam-lab --help`? `python -m tests.bench_help`: beside the bare import of typer and rich.

Both are processes of their own and take turns, so that whatever else the machine is doing slows both alike; the
median of the ratios of the rounds is what counts. It should be at most 2.
"""

import argparse
import subprocess
import sys
import time
from statistics import median

COMMANDS = {
    "import typer, rich": ["-c", "import typer, rich"],
    "gradcam-lab --help": ["-m", "gradcam_lab", "--help"],
}


def seconds(words: list[str]) -> float:
    """Run Python with these words; return how long the process took."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def main() -> None:
    """Print the median of each, and of the ratio."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench_help", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="timed rounds, after one that is not (default: 15)")
    rounds = max(1, parser.parse_args().rounds)
    times = [[seconds(words) for words in COMMANDS.values()] for _ in range(rounds + 1)][1:]
    for name, column in zip(COMMANDS, zip(*times, strict=True), strict=True):
        print(f"{name:<20}{1000 * median(column):>8.0f} ms")
    print(f"{'ratio':<20}{median(own / bare for bare, own in times):>8.2f}")


if __name__ == "__main__":
    main()
