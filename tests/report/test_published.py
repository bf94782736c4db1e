"""What others have published: every digit against a second transcription, and against the texts where they lie."""

import json
import re
from pathlib import Path

import pytest

from gradcam_lab.report.published import PUBLISHED

TEXTS = Path(__file__).parents[3] / "shared" / "exercises"

TRANSCRIPTION = """
author's Grad-CAM   48.805799 43.845483 21.4125     58.00 54.00 34.00
A 0.3                3.868464  2.15691   0.283798   54.00 38.00 16.00
B 0.3               40.296106 22.182328  4.509091   54.00 38.00 16.00
C 0.3               50.434485 27.06006   5.821429   54.00 38.00 16.00
A 0.5                4.20689   2.199484  1.471604   60.00000 44.000000 34.000000
B 0.5               45.328972 24.49676  14.515679   60.000000 44.00000 34.000000
student 0.01        48.880971 34.132415 17.308526   62.075472 51.698113 36.226415
student 0.02        46.853608 32.152346 17.796862   61.132075 50.566038 36.792453
student 0.06        47.716435 32.736706 18.843717   61.698113 50.566038 37.547170
"""
"""Typed a second time, from the texts: AP and then recall at IoU 0.3, 0.4 and 0.5."""

TYPED = [re.findall(r"\d+\.\d+", line.split("  ", 1)[1]) for line in TRANSCRIPTION.strip().splitlines()]
ROWS = [*PUBLISHED["exercise"]["rows"], *PUBLISHED["solution"]["rows"]]


@pytest.mark.parametrize(("row", "typed"), list(zip(ROWS, TYPED, strict=True)), ids=[row["name"] for row in ROWS])
def test_every_digit_is_that_of_the_source(row, typed):
    assert [*row["ap"].values(), *row["recall"].values()] == [float(text) for text in typed]
    assert [*row["ap"]] == [*row["recall"]] == ["0.3", "0.4", "0.5"]


@pytest.mark.skipif(not TEXTS.is_dir(), reason="../shared/exercises is absent")
@pytest.mark.parametrize("typed", TYPED, ids=[row["name"] for row in ROWS])
def test_the_second_transcription_is_in_the_texts(typed):
    """In one text, AP and recall in lines of their own, in this order."""
    for numbers in (typed[:3], typed[3:]):
        pattern = re.compile(r" *\|[^|\n]*".join(re.escape(number) for number in numbers))
        assert any(pattern.search(path.read_text(encoding="utf-8")) for path in TEXTS.glob("00[012]_*.txt"))


@pytest.mark.parametrize("block", [PUBLISHED["exercise"], PUBLISHED["solution"]], ids=["exercise", "solution"])
def test_the_recalls_are_whole_numbers_of_the_dogs(block):
    """So the student's dogs are not those of the first 500 images."""
    for row in block["rows"]:
        for recall in row["recall"].values():
            found = recall / 100 * block["objects"]
            assert found == pytest.approx(round(found), abs=5e-6)


@pytest.mark.skipif(not TEXTS.is_dir(), reason="../shared/exercises is absent")
def test_the_classifiers_map_is_in_both_texts():
    low, high = PUBLISHED["classifier"]["map_low"], PUBLISHED["classifier"]["map_high"]
    for path in (next(TEXTS.glob(f"00{number}_*.txt")) for number in (0, 1)):
        assert f"~{low:g}-{high:g}% mAP" in path.read_text(encoding="utf-8")


def test_json_keeps_every_digit():
    assert json.loads(json.dumps(PUBLISHED)) == PUBLISHED
