"""`make models`: try every classification network of torchvision and many of timm's, and write the table of them.

The table is read by `gradcam-lab models`. Each network runs in a process of its own, with a limit of time and memory; a
second run goes on where the first was interrupted.
"""

import csv
import multiprocessing
import sys
import time
from pathlib import Path
from typing import Any

from gradcam_lab.models.catalogue import COLUMNS, TABLE
from tests.models.layers.builds import names
from tests.models.layers.one_network import one

PARTIAL = TABLE.with_suffix(".partial.csv")
MINUTES = 30


def main() -> int:
    """Try what is not yet in the partial table, then put it in the place of the table; 1 if a network failed."""
    rows = {row["name"]: row for row in _read(PARTIAL)}
    todo = [name for name in names() if name not in rows]
    print(f"{len(rows)} networks are done, {len(todo)} are left; each is tried alone.", flush=True)
    processes = _processes()
    for name in todo:
        rows[name] = _tried(processes, name)
        print(f"{name}: {rows[name]['layer'] or '-'} {rows[name]['grid']} {rows[name]['result']}", flush=True)
        _write(PARTIAL, list(rows.values()))
    _write(PARTIAL, [rows[name] for name in names()])
    PARTIAL.replace(TABLE)
    failed = [row["name"] for row in rows.values() if row["result"] != "ok"]
    print(f"{len(rows) - len(failed)} of {len(rows)} networks are as they should be: {TABLE}")
    return int(bool(failed))


def _processes() -> Any:
    """Return where processes come from: forked from one that has imported everything, where there is such a thing."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.models.layers.one_network"])
    return context


def _tried(processes: Any, name: str) -> dict[str, str]:
    """Try one network in another process; one that is killed, or takes too long, has a row too."""
    start = time.monotonic()
    receiver, sender = processes.Pipe(duplex=False)
    process = processes.Process(target=one, args=(name, sender))
    process.start()
    sender.close()
    row = dict.fromkeys(COLUMNS, "")
    try:
        in_time = receiver.poll(60 * MINUTES)
        row |= receiver.recv() if in_time else {"result": f"not done within {MINUTES} minutes"}
    except EOFError:
        row["result"] = "the process ended without a word, as for want of memory"
    process.kill()
    process.join()
    return row | {"name": name, "seconds": f"{time.monotonic() - start:.0f}"}


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


if __name__ == "__main__":
    sys.exit(main())
