"""What a claim says of its values."""

import csv

import pytest

from tests.bench.claims import Claim, Value


@pytest.fixture
def claim() -> Claim:
    times = {"plain": (1, 1, 1), "ours": (0.9, 0.7, 0.8), "bf16": (0.5, 0.9, 0.6), "theirs": (1.2, 1.3, 1.1)}
    values = [Value("net", way, turn, time) for way, three in times.items() for turn, time in enumerate(three)]
    return Claim(
        "speed", "It is quick", "x plain", "ours", [*values, Value("other", "ours", 0, 2.0)], {"net": 0.75}, "plain"
    )


def test_losses_name_missed_goals_and_quicker_ways(claim):
    assert claim.losses() == [
        "It is quick, net: 0.80 x plain, and the goal is 0.75.",
        "It is quick, net: bf16 takes 0.60 and ours 0.80 x plain.",
    ]


def test_the_table_has_medians_and_goals(claim):
    lines = claim.table().splitlines()
    assert lines[0] == "|  | net | other |"
    assert "| **ours** | 0.80 | 2.00 |" in lines
    assert "| theirs | 1.20 |  |" in lines
    assert lines[-1] == "| to be at most | 0.75 |  |"


def test_all_values_and_a_figure_are_written(claim, tmp_path):
    claim.write(tmp_path)
    rows = list(csv.reader((tmp_path / "speed.csv").read_text(encoding="utf-8").splitlines()))
    assert rows[0] == ["part", "way", "round", "x plain"]
    assert len(rows) == 14
    assert ["net", "theirs", "1", "1.3"] in rows
    assert (tmp_path / "speed.svg").read_text(encoding="utf-8").count("<svg") == 1
