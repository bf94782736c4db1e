"""How late a submission is by the platform's own time, and what that costs."""

import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from gradcam_lab.errors import LabError

UNITS = {"day": timedelta(days=1), "hour": timedelta(hours=1)}

_RULE = re.compile(r"(?P<amount>\d+(?:\.\d+)?)(?P<percent>%?)/(?P<unit>day|hour)")


@dataclass(frozen=True)
class Rule:
    """What each day or hour that has begun after the deadline costs.

    Attributes:
        amount: points, or percent of the points that are possible, as in Canvas.
        percent: whether it is in percent.
        unit: a key of `UNITS`.
    """

    amount: float
    percent: bool
    unit: str = "day"

    @classmethod
    def parse(cls, text: str) -> "Rule":
        """Read a rule such as 10%/day or 0.5/hour.

        Raises:
            LabError: it is none.
        """
        match = _RULE.fullmatch("".join(text.split()).lower())
        if not match:
            raise LabError(f"'{text}' is no rule for late work: write it as 10%/day, 2/day or 1%/hour.")
        return cls(float(match["amount"]), bool(match["percent"]), match["unit"])

    def deducted(self, units: int, points: float, possible: float) -> float:
        """The points that are lost, never more than there are."""
        each = self.amount / 100 * possible if self.percent else self.amount
        return round(min(each * units, points), 2)


@dataclass(frozen=True)
class Lateness:
    """How late one submission is.

    Attributes:
        units: days or hours that have begun after the deadline; 0 if it is in time or nobody knows.
        deducted: the points that this costs.
        remark: what a teacher should know of it, or "".
    """

    units: int = 0
    deducted: float = 0
    remark: str = ""


@dataclass(frozen=True)
class Deadline:
    """When submissions are due, and what it costs to be late.

    Attributes:
        due: with a time zone.
        rule: what it costs, or None for nothing.
    """

    due: datetime
    rule: Rule | None = None

    @property
    def unit(self) -> str:
        """What lateness is counted in: "day" or "hour"."""
        return self.rule.unit if self.rule else "day"

    @classmethod
    def parse(cls, due: str | None, late: str | None) -> "Deadline | None":
        """Read a deadline, such as 2026-12-01T23:59 in this computer's time zone, and a rule.

        Raises:
            LabError: one of them cannot be read, or there is a rule and no deadline.
        """
        if due is None:
            if late is not None:
                raise LabError("--late needs --due: say when the submissions are due, such as --due 2026-12-01T23:59.")
            return None
        try:
            moment = datetime.fromisoformat(due.strip())
        except ValueError as error:
            raise LabError(f"'{due}' is no time: write it as 2026-12-01T23:59, or with a zone, +01:00.") from error
        return cls(moment.astimezone(), None if late is None else Rule.parse(late))

    def lateness(self, handed_in: datetime | None, marked: bool, points: float, possible: float) -> Lateness:
        """How late a submission is, and what it costs.

        Args:
            handed_in: the platform's time, or None.
            marked: whether the platform says that it is late.
            points: those of the submission.
            possible: all points.
        """
        if handed_in is None:
            known = "the platform marks it as late, without a time" if marked else "the time of hand-in is not known"
            return Lateness(remark=f"{known}: nothing is deducted")
        units = max(0, math.ceil((handed_in - self.due) / UNITS[self.unit]))
        if not units:
            return Lateness()
        deducted = self.rule.deducted(units, points, possible) if self.rule else 0.0
        late = f"{units} {self.unit}{'s' if units > 1 else ''} late"
        costs = f": {points:g} points before, {points - deducted:g} after" if self.rule else ""
        return Lateness(units, deducted, late + costs)
