"""The work on many photos, part by part: shared by the processes of torchrun, and never done twice."""

from collections import deque
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

from gradcam_lab.console import Advance, warn
from gradcam_lab.data.picture import Source
from gradcam_lab.explain.locate.locator import Located, Locator, batched
from gradcam_lab.explain.locate.parts import Parts, key_of
from gradcam_lab.explain.locate.read_ahead import BadPhoto
from gradcam_lab.files import digest
from gradcam_lab.models import distributed

BATCHES = 4
"""Of a part: so much work a killed process may lose."""


def part_size(batch: int) -> int:
    """Return the number of photos of a part."""
    return BATCHES * batch


class Work:
    """Finds what is in photos, and leaves it in parts.

    The photos are dealt out in parts of a fixed size, of which each process takes its share, so that every batch holds
    the same photos whatever the number of processes.

    Args:
        locator: does it.
        parts: where the parts are, and those that an interrupted process has left.
    """

    def __init__(self, locator: Locator, parts: Parts) -> None:
        self.locator, self.parts = locator, parts
        self.count = 0
        """Number of photos, known when the work is done."""

    def do(self, paths: Iterator[Path] | None, advance: Advance) -> None:
        """Do this process's share; a photo that cannot be used is named on stderr.

        Args:
            paths: of the photos; None in the processes that are told by the first one.
            advance: is called for each photo that is done.

        Raises:
            LabError: the network's answer is not finite, or a part cannot be written.
        """
        todo = deque[tuple[int, str, int]]()
        results = self.locator.stream(self._batches(paths, todo, advance))
        for first in results:
            number, key, count = todo.popleft()
            found = list(chain(first, *islice(results, count - 1)))
            for photo in found:
                if isinstance(photo, BadPhoto):
                    warn(f"Skipped: {photo.problem}")
            self.parts.write(number, key, found)
            advance(len(found))
        distributed.wait()

    def _batches(
        self, paths: Iterator[Path] | None, todo: deque[tuple[int, str, int]], advance: Advance
    ) -> Iterator[list[Path]]:
        """Yield the batches that this process has to work on, and note in `todo` of which part they are."""
        for number, part in self._dealt(paths):
            if number % distributed.world() != distributed.rank():
                if distributed.leads():
                    advance(len(part))
                continue
            key = key_of(part)
            if self.parts.has(number, key):
                advance(len(part))
                continue
            batches = list(batched(part, self.locator.batch))
            todo.append((number, key, len(batches)))
            yield from batches

    def _dealt(self, paths: Iterator[Path] | None) -> Iterator[tuple[int, list[Path]]]:
        """Yield all parts with their numbers; the first process tells the others of a round of them at a time."""
        size, number = part_size(self.locator.batch), 0
        while True:
            own = [list(islice(paths, size)) for _ in range(distributed.world())] if paths is not None else []
            dealt = [part for part in distributed.gather(own) if part]
            for part in dealt:
                self.count += len(part)
                yield number, part
                number += 1
            if not dealt:
                return

    def found(self) -> Iterator[Located]:
        """Yield what came of every photo, once the work is done; a part at a time is in the memory."""
        for number in range(self._parts):
            yield from self.parts.read(number)

    @property
    def _parts(self) -> int:
        return -(-self.count // part_size(self.locator.batch))

    def photos_sha256(self) -> str:
        """A hash of all photos of the work that is done, as `hash_of` returns it."""
        return _joined(self.parts.key(number) for number in range(self._parts))


def hash_of(sources: Iterator[Source], batch: int) -> str:
    """Return a SHA-256 of files: their names, sizes and times of change; it depends on the size of a batch too."""
    return _joined(key_of(part) for part in batched(sources, part_size(batch)))


def _joined(keys: Iterator[str]) -> str:
    """Hash keys one after the other, for they may be many."""
    total = ""
    for key in keys:
        total = digest(total, key)
    return total
