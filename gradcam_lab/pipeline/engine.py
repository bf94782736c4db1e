"""Stages that know when they have nothing to do.

A stage is a function that writes one artifact (and perhaps pictures beside it). `stages.json` keeps, for each, the
hash of everything that went in and of every file that came out. If both still hold, the stage is skipped.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gradcam_lab.console import say
from gradcam_lab.errors import LabError
from gradcam_lab.files import digest, read_json, require_writable, sha256, write_json

Make = Callable[[Path], Sequence[Path] | None]
"""Writes the artifact at this path, and returns what else it wrote."""


class Stages:
    """The stages of one output folder.

    Args:
        folder: where the artifacts lie; made if need be.
    """

    def __init__(self, folder: Path) -> None:
        require_writable(folder)
        self.folder = folder
        self.record_file = folder / "stages.json"
        self.records: dict[str, Any] = self._read()
        self.seconds: dict[str, float] = {}

    def run(self, name: str, file: str, inputs: Any, make: Make) -> Path:
        """Run one stage, or say that it is unchanged.

        Args:
            name: the stage, as the user reads it.
            file: its artifact, relative to the folder.
            inputs: anything JSON-able that decides what comes out: hashes, parameters, the code's hash.
            make: does the work.

        Returns:
            The artifact's path.
        """
        path, key = self.folder / file, digest(name, inputs)
        reason = self._reason_to_run(name, key)
        if not reason:
            say(f"  {name:<11} unchanged  {file}")
            return path
        start = time.perf_counter()
        extra = make(path) or ()
        seconds = time.perf_counter() - start
        written = [path, *extra]
        hashes = {item.relative_to(self.folder).as_posix(): sha256(item) for item in written}
        self.records[name] = {"inputs": key, "files": hashes}
        write_json(self.record_file, self.records)
        say(f"  {name:<11} {seconds:7.1f} s  {file}  ({reason})")
        return path

    def output(self, name: str) -> dict[str, str]:
        """The hashes of what a stage wrote: the inputs of the stages after it."""
        return self.records[name]["files"]

    def _reason_to_run(self, name: str, key: str) -> str:
        record = self.records.get(name)
        if record is None:
            return "not there yet"
        if record["inputs"] != key:
            return "its inputs changed"
        for file, expected in record["files"].items():
            path = self.folder / file
            if not path.is_file():
                return f"{file} was missing"
            if sha256(path) != expected:
                return f"{file} was changed"
        return ""

    def _read(self) -> dict[str, Any]:
        """Read the records; a damaged one is as good as none, because its stage only runs again."""
        if not self.record_file.is_file():
            return {}
        try:
            records = read_json(self.record_file)
        except LabError:
            return {}
        if not isinstance(records, dict):
            return {}
        return {name: record for name, record in records.items() if _is_whole(record)}


def _is_whole(record: Any) -> bool:
    return isinstance(record, dict) and "inputs" in record and isinstance(record.get("files"), dict)
