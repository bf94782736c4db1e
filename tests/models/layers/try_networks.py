"""`make models`: try every classification network of torchvision and many of timm's, and write the table of them.

The table is read by `gradcam-lab models`. Each network runs in a process of its own, with a limit of time and memory; a
second run goes on where the first was interrupted.
"""

import csv
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from gradcam_lab.models.catalogue import COLUMNS, TABLE

PARTIAL = TABLE.with_suffix(".partial.csv")
MINUTES = 15
MEMORY_GB = 16


def main() -> int:
    """Try what is not yet in the partial table, then put it in the place of the table; 1 if a network failed."""
    from tests.models.layers.builds import names

    rows = {row["name"]: row for row in _read(PARTIAL)}
    todo = [name for name in names() if name not in rows]
    print(f"{len(rows)} networks are done, {len(todo)} are left; each is tried alone.", flush=True)
    for name in todo:
        rows[name] = _tried(name)
        print(f"{name}: {rows[name]['layer'] or '-'} {rows[name]['grid']} {rows[name]['result']}", flush=True)
        _write(PARTIAL, list(rows.values()))
    _write(PARTIAL, [rows[name] for name in names()])
    PARTIAL.replace(TABLE)
    failed = [row["name"] for row in rows.values() if row["result"] != "ok"]
    print(f"{len(rows) - len(failed)} of {len(rows)} networks are as they should be. {TABLE}")
    return int(bool(failed))


def _tried(name: str) -> dict[str, str]:
    """Try one network in another process."""
    command = [sys.executable, "-m", "tests.models.layers.try_networks", name]
    start, row = time.monotonic(), dict.fromkeys(COLUMNS, "")
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60 * MINUTES, encoding="utf-8")
        lines = done.stdout.splitlines()
        row |= json.loads(lines[-1]) if lines and done.returncode == 0 else {"result": _last_line(done.stderr)}
    except subprocess.TimeoutExpired:
        row["result"] = f"not done within {MINUTES} minutes"
    return row | {"name": name, "seconds": f"{time.monotonic() - start:.0f}"}


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip()[:200] if lines else "ended without a word"


def _read(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def one(name: str) -> dict[str, str]:
    """Try a network in this process; a failure of the trial is a row too."""
    import torch

    from tests.models.layers.builds import build, enliven, family
    from tests.models.layers.trial import try_network

    _limit_memory()
    torch.set_num_threads(1)
    network, size = build(name)
    row = {"family": family(name), "size": str(size)}
    row["parameters"] = str(sum(weight.numel() for weight in network.parameters()))
    enliven(network, size)
    found = try_network(network, size)
    row |= {"layer": found.name, "form": found.form, "grid": str(found.grid[0])}
    return row | {"channels": str(found.channels), "prefix": str(found.prefix), "result": "ok"}


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_GB * 2**30, MEMORY_GB * 2**30))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if len(sys.argv) > 1:
        print(json.dumps(one(sys.argv[1])))
    else:
        sys.exit(main())
