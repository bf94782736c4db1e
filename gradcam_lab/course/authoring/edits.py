"""What a teacher's course changes in a lesson: tasks that are left out, points, hints, titles and texts."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from gradcam_lab.course.authoring import cut

Table = Mapping[str, Any]

ROW = re.compile(r"^\| (?P<task>\d+\.\d+) \| (?P<what>.*) \| (?P<points>\d+) \|$")
"""A row of the table of tasks in a lesson's docstring."""

HEADING = re.compile(r"^# ## (?P<task>\d+\.\d+) (?P<title>.*?)(?: \((?P<points>\d+) points?\))?$")
"""The heading of a task in a lesson file."""


@dataclass(frozen=True)
class Edits:
    """What is changed in one lesson.

    Attributes:
        drop: the tasks that are left out; the code of such a task is given.
        tasks: by task, what its entry in the manifest says instead.
        title: of the step; "" to keep it.
        text: a text of the teacher's below the title, in Markdown.
    """

    drop: frozenset[str] = frozenset()
    tasks: Mapping[str, Table] = field(default_factory=lambda: MappingProxyType({}))
    title: str = ""
    text: str = ""

    def of_tasks(self, entries: Mapping[str, Table]) -> dict[str, Table]:
        """The manifest's entries of the tasks that are kept, with what is changed."""
        return {task: self._of_task(task, entry) for task, entry in entries.items() if task not in self.drop}

    def _of_task(self, task: str, entry: Table) -> Table:
        changes = dict(self.tasks.get(task, {}))
        first = changes.pop("first_hints", [])
        new = {**entry, **changes}
        if "points" in changes and "rubric" in entry and "rubric" not in changes:
            halves = shared(2 * new["points"], [round(2 * row["points"]) for row in entry["rubric"]])
            rows = zip(entry["rubric"], halves, strict=True)
            new["rubric"] = [{**row, "points": number / 2} for row, number in rows]
        return {**new, "hints": [*first, *new.get("hints", ())]}

    def points(self, entries: Mapping[str, Table]) -> dict[str, int]:
        """The new points of the tasks that are worth others now."""
        return {task: entry["points"] for task, entry in entries.items() if "points" in self.tasks.get(task, {})}

    def of_lesson(self, source: str, entries: Mapping[str, Table]) -> str:
        """A lesson file with what is changed.

        Args:
            source: the lesson file.
            entries: the tasks that are kept, as `of_tasks` gives them.
        """
        if self == NONE:
            return source
        given = {region.first for region in cut.regions(source) if region.task in self.drop}
        given |= {region.last for region in cut.regions(source) if region.task in self.drop}
        lines = [line for number, line in enumerate(source.splitlines(), start=1) if number not in given]
        coded = {region.task for region in cut.regions(source)}
        return "\n".join(self._lines(lines, entries, coded)) + "\n"

    def _lines(self, lines: Sequence[str], entries: Mapping[str, Table], coded: set[str]) -> Iterator[str]:
        skipping = False
        for line in lines:
            row, heading = ROW.match(line), HEADING.match(line)
            skipping = skipping and line.startswith("#") and not line.startswith("# ## ")
            if skipping:
                continue
            if line.lstrip("r").startswith('"""# ') and (self.title or self.text):
                before, _, old = line.partition("# ")
                number = old.partition(":")[0]
                yield f"{before}# {number}: {self.title}" if self.title else line
                yield from (["", *self.text.strip().splitlines()] if self.text else ())
            elif row and row["task"] in self.drop:
                continue
            elif row and row["task"] in entries:
                yield f"| {row['task']} | {row['what']} | {entries[row['task']]['points']} |"
            elif heading and heading["task"] in self.drop:
                skipping = (
                    heading["task"] not in coded
                )  # the question goes with it; text about code that is given stays
                yield from () if skipping else (f"# ## {heading['title']}",)
            elif heading and heading["task"] in entries:
                yield _heading(heading, entries[heading["task"]], self.tasks.get(heading["task"], {}))
                if text := self.tasks.get(heading["task"], {}).get("text"):
                    yield from _comment(text)
                    skipping = heading["task"] not in coded  # a written task: it is another question
                    yield from ("#",) if skipping else ()
            else:
                yield line


def _heading(heading: re.Match[str], entry: Table, changes: Table) -> str:
    worth = f" ({entry['points']} {'point' if entry['points'] == 1 else 'points'})" if heading["points"] else ""
    return f"# ## {heading['task']} {changes.get('title', heading['title'])}{worth}"


def _comment(text: str) -> Iterator[str]:
    yield "#"
    yield from (f"# {line}".rstrip() for line in text.strip().splitlines())


def shared(points: int, weights: Sequence[int]) -> list[int]:
    """Share whole points in proportion to weights; whoever has a weight gets one at least.

    Args:
        points: to be shared.
        weights: none below 0.

    Returns:
        As many numbers as weights. Their sum is `points`, unless there are fewer points than positive weights.

    Examples:
        >>> shared(4, [1, 1, 1]), shared(10, [3, 2]), shared(5, [3, 2]), shared(2, [1, 0])
        ([2, 1, 1], [6, 4], [3, 2], [2, 0])
    """
    quotas = [points * weight / (sum(weights) or 1) for weight in weights]
    shares = [max(1, int(quota)) if quota else 0 for quota in quotas]
    places = [place for place, weight in enumerate(weights) if weight]
    while places and sum(shares) < points:
        shares[max(places, key=lambda place: quotas[place] - shares[place])] += 1
    while sum(shares) > points and max(shares, default=0) > 1:
        more = [place for place in places if shares[place] > 1]
        shares[max(more, key=lambda place: shares[place] - quotas[place])] -= 1
    return shares


NONE = Edits()
"""No change."""
