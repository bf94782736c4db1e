"""How late a submission is, and what that costs."""

from datetime import UTC, datetime, timedelta

import pytest

from gradcam_lab.course.grading.lateness import Deadline, Rule
from gradcam_lab.errors import LabError
from tests.course.grading.submitted import graded, put, solved

DUE = datetime(2026, 12, 1, 23, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("10%/day", Rule(10, True, "day")),
        ("2.5/day", Rule(2.5, False, "day")),
        (" 1 % / Hour ", Rule(1, True, "hour")),
    ],
)
def test_rules_are_read(text, rule):
    assert Rule.parse(text) == rule


@pytest.mark.parametrize("text", ["", "10%", "ten/day", "-1/day", "10%/week", "1e3/day", "nan/day"])
def test_what_is_no_rule_is_refused(text):
    with pytest.raises(LabError, match="is no rule for late work: write it as 10%/day"):
        Rule.parse(text)


@pytest.mark.parametrize(
    ("after", "units", "deducted"),
    [
        (timedelta(seconds=-1), 0, 0),
        (timedelta(0), 0, 0),
        (timedelta(seconds=1), 1, 4.6),
        (timedelta(days=1), 1, 4.6),
        (timedelta(days=1, seconds=1), 2, 9.2),
        (timedelta(days=30), 30, 40),
    ],
)
def test_each_day_that_has_begun_costs_a_share_of_the_possible_points(after, units, deducted):
    late = Deadline(DUE, Rule(10, True)).lateness(DUE + after, False, 40, 46)
    assert (late.units, late.deducted) == (units, deducted)
    assert (late.remark == "") == (units == 0)


def test_the_remark_says_the_points_before_and_after():
    late = Deadline(DUE, Rule(2, False, "hour")).lateness(DUE + timedelta(minutes=61), False, 40, 46)
    assert late.remark == "2 hours late: 40 points before, 36 after"
    late = Deadline(DUE).lateness(DUE + timedelta(minutes=61), False, 40, 46)
    assert (late.remark, late.deducted) == ("1 day late", 0)


@pytest.mark.parametrize(("marked", "words"), [(True, "marks it as late"), (False, "is not known")])
def test_without_a_time_nothing_is_deducted_and_that_is_said(marked, words):
    late = Deadline(DUE, Rule(10, True)).lateness(None, marked, 40, 46)
    assert (late.units, late.deducted) == (0, 0)
    assert words in late.remark


def test_a_deadline_without_a_zone_is_in_this_computers():
    assert Deadline.parse("2026-12-01T23:59", None) == Deadline(datetime(2026, 12, 1, 23, 59).astimezone())
    given = Deadline.parse("2026-12-02T00:59+01:00", "10%/day")
    assert given == Deadline(DUE, Rule(10, True))
    assert Deadline.parse(None, None) is None


@pytest.mark.parametrize(("due", "late", "words"), [(None, "10%/day", "needs --due"), ("soon", None, "is no time")])
def test_a_deadline_that_cannot_be_read_is_one_sentence(due, late, words):
    with pytest.raises(LabError, match=words):
        Deadline.parse(due, late)


def test_the_platforms_time_counts_and_stands_in_every_output(tmp_path, capsys, quick):
    people = [("submission_1", "Ada", "2026-12-01T20:00:00Z"), ("submission_2", "Bob", "2026-12-03T12:00:00Z")]
    text = "".join(f"{name}:\n  :submitters:\n  - :name: {who}\n  :created_at: {when}\n" for name, who, when in people)
    put(tmp_path, {"submission_metadata.yml": text})
    for name in ("submission_1", "submission_2", "cem"):
        put(tmp_path / name, solved())
    _, rows = graded(tmp_path, capsys, deadline=Deadline(DUE, Rule(10, True)))
    assert {name: (row["points"], row["counted"], row["late"]) for name, row in rows.items()} == {
        "Ada": (46, 46, 0),
        "Bob": (46, 34.4, 2),
        "cem": (46, 46, 0),
    }
    assert "2 days late: 46 points before, 34.4 after" in rows["Bob"]["notes"]
    assert "the time of hand-in is not known: nothing is deducted" in rows["cem"]["notes"]
