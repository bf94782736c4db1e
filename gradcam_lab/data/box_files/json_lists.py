"""A JSON object whose last lists are written item by item, a line each, because they may not fit into the memory."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO


class JsonLists:
    """Writes `{...facts, "name": [items], ...}` or, of one list without a name, `[items]`.

    Args:
        path: the file.
        facts: the keys before the lists.
        names: of the lists, in their order; the items of the first go straight to the file, those of the others wait in
            a temporary one.
    """

    def __init__(self, path: Path, facts: dict[str, Any], *names: str) -> None:
        self._names, self._file = names, path.open("w", encoding="utf-8", newline="\n")
        self._lists: dict[str, TextIO] = {names[0]: self._file}
        self._counts = dict.fromkeys(names, 0)
        text = json.dumps(facts, indent=1, ensure_ascii=False, allow_nan=False)
        self._file.write(f'{text[:-2]},\n "{names[0]}": [' if names[0] else "[")

    def add(self, name: str, item: Any) -> None:
        """Add an item to a list."""
        self.add_texts(name, [json.dumps(item, ensure_ascii=False, allow_nan=False)])

    def add_texts(self, name: str, texts: Sequence[str]) -> None:
        """Add items that are JSON already."""
        if not texts:
            return
        if name not in self._lists:
            self._lists[name] = tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n")  # noqa: SIM115
        self._lists[name].write(",\n  " if self._counts[name] else "\n  ")
        self._lists[name].write(",\n  ".join(texts))
        self._counts[name] += len(texts)

    def close(self) -> None:
        """End the lists and the file."""
        for place, name in enumerate(self._names):
            if place:
                self._file.write(f',\n "{name}": [')
                if waiting := self._lists.get(name):
                    waiting.seek(0)
                    self._file.writelines(waiting)
                    waiting.close()
            self._file.write("\n ]" if self._counts[name] and name else "\n]" if self._counts[name] else "]")
        self._file.write("\n}\n" if self._names[0] else "\n")
        self._file.close()
