"""The signed record: what it says, and that whoever edits it is told."""

import json

import pytest

from gradcam_lab.course.integrity import work_record
from gradcam_lab.course.integrity.work_record import ANEW, EDITED, UNSIGNED, read_record, signed


def recorded(state):
    record = read_record(json.dumps(state).encode())
    assert record
    return record


def used():
    return signed(work_record.first(version="1", exam=True), {"hints": {"2.1": 2}, "tries": {"2.1": ["a", "b", "c"]}})


def test_it_says_hints_tries_and_mode():
    record = recorded(used())
    assert (record.exam, record.hints, record.tries, record.flaw) == (True, {"2.1": 2}, {"2.1": 3}, "")
    assert record.tasks == ["2.1"]
    assert record.workspace


@pytest.mark.parametrize(
    "change", [{"hints": {}}, {"tries": {"2.1": ["a"]}}, {"exam": False}, {"signature": "é"}, {"flaw": "none"}]
)
def test_an_edit_is_told_and_stays_told(change):
    edited = {**used(), **change}
    assert recorded(edited).flaw == EDITED
    later = signed(edited, {"hints": {"2.1": 3}})
    assert recorded(later).flaw == EDITED


def test_without_a_signature_and_begun_anew():
    bare = {name: value for name, value in used().items() if name != "signature"}
    assert recorded(bare).flaw == UNSIGNED
    assert recorded(signed(bare, {})).flaw == UNSIGNED
    assert recorded(signed({}, {"hints": {}})).flaw == ANEW


def test_what_follows_from_judging_is_not_signed():
    assert recorded({**used(), "verdicts": {"anything": 1}}).flaw == ""


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"{}", b"\xff", b'{"a": 1, "a": 2}', b"[" * 100_000], ids=lambda data: repr(data[:8])
)
def test_what_is_no_record_is_none(data):
    assert read_record(data) is None


def test_nonsense_in_a_record_counts_as_nothing():
    wild = {"hints": {"2.1": "x", "9.9": 3, "2.2": -1, "2.3": 10**9}, "tries": [1], "answers": 3, "exam": "yes"}
    record = recorded(wild)
    assert (record.hints, record.tries, record.answers, record.exam) == ({"2.3": 99}, {}, (), False)
