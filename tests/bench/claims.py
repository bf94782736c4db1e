"""A claim about speed: all measured values, what they are to be at most, a file, a figure, and where it fails."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import NamedTuple

from gradcam_lab.files import write_text
from gradcam_lab.report.figures.style import BLUE, INK, MUTED, OURS, svg_figure


class Value(NamedTuple):
    """One measurement: of which part of the claim, in which way, in which round, and the value; lower is better."""

    part: str
    way: str
    round: int
    value: float


@dataclass(frozen=True)
class Claim:
    """Values that are measured by turns.

    Attributes:
        name: of its files.
        title: what is claimed, a sentence without its end.
        unit: of the values.
        ours: the way that is the lab's own, as it runs by default.
        values: all of them.
        goals: by part, what the median of ours is to be at most.
        reference: the way that the values are relative to; nothing is lost to it.
    """

    name: str
    title: str
    unit: str
    ours: str
    values: Sequence[Value]
    goals: Mapping[str, float] = field(default_factory=dict)
    reference: str = ""

    @property
    def parts(self) -> list[str]:
        """Its parts, in order."""
        return list(dict.fromkeys(value.part for value in self.values))

    def ways(self, part: str) -> list[str]:
        """The ways that were measured of a part, in order."""
        return list(dict.fromkeys(value.way for value in self.values if value.part == part))

    def of(self, part: str, way: str) -> list[float]:
        """The values of a way, round by round."""
        return [value.value for value in self.values if (value.part, value.way) == (part, way)]

    def median(self, part: str, way: str) -> float:
        """The middle one of them."""
        return median(self.of(part, way))

    def losses(self) -> list[str]:
        """Say where a goal is missed, and which other way is quicker than ours."""
        lines = []
        for part in self.parts:
            own = self.median(part, self.ours)
            if own > self.goals.get(part, own):
                lines.append(f"{self.title}, {part}: {own:.2f} {self.unit}, and the goal is {self.goals[part]:.2f}.")
            for way in self.ways(part):
                if way not in (self.ours, self.reference) and self.median(part, way) < own:
                    other = self.median(part, way)
                    lines.append(f"{self.title}, {part}: {way} takes {other:.2f} and ours {own:.2f} {self.unit}.")
        return lines

    def table(self) -> str:
        """The medians in Markdown, a line a way."""
        ways = list(dict.fromkeys(way for part in self.parts for way in self.ways(part)))
        rows = [["", *self.parts], ["---"] * (len(self.parts) + 1)]
        for way in ways:
            medians = [f"{self.median(part, way):.2f}" if self.of(part, way) else "" for part in self.parts]
            rows.append([f"**{way}**" if way == self.ours else way, *medians])
        if self.goals:
            goals = [f"{self.goals[part]:.2f}" if part in self.goals else "" for part in self.parts]
            rows.append(["to be at most", *goals])
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)

    def write(self, folder: Path) -> None:
        """Write `NAME.csv` with all values, and `NAME.svg` with a dot for each."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["part", "way", "round", self.unit])
        writer.writerows([part, way, turn, f"{value:.6g}"] for part, way, turn, value in self.values)
        write_text(folder / f"{self.name}.csv", text.getvalue())
        self._draw(folder / f"{self.name}.svg")

    def _draw(self, path: Path) -> None:
        heights = [len(self.ways(part)) for part in self.parts]
        with svg_figure(path, 7.2, 0.6 + sum(0.2 * height + 0.35 for height in heights)) as drawing:
            axes = drawing.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
            for axis, part in zip(axes, self.parts, strict=True):
                ways = self.ways(part)
                for row, way in enumerate(ways):
                    values = self.of(part, way)
                    colour = OURS if way == self.ours else BLUE
                    axis.plot(values, [row] * len(values), "o", ms=3.5, color=colour, alpha=0.5, mew=0)
                    axis.plot([self.median(part, way)], [row], "|", ms=11, mew=1.6, color=colour)
                if part in self.goals:
                    axis.axvline(self.goals[part], color=INK, lw=0.8, ls="--")
                axis.set_yticks(range(len(ways)), ways)
                axis.set_ylim(len(ways) - 0.5, -0.5)
                axis.set_title(part, loc="left", color=MUTED)
            axes[-1].set_xlim(0, 1.05 * max(value.value for value in self.values))  # of all, for the axis is shared
            axes[-1].set_xlabel(self.unit)
            drawing.tight_layout()
