"""How much work it is to read boxes."""

import json
import sys

import pytest

from gradcam_lab.data.box_files import json_boxes
from gradcam_lab.data.box_files.json_boxes import read_detections, read_ground_truth


def calls(read, path) -> int:
    """Count the calls within the reader's file."""
    count = 0

    def counted(frame, event, argument):
        nonlocal count
        count += event == "call" and frame.f_code.co_filename == json_boxes.__file__

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        read(path)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize(
    ("read", "rows", "calls_a_row"),
    [
        (read_detections, [[1, 2, 3, 4, 0.5], [1.5, 2, 3, 4, 1]], 0),
        (read_ground_truth, [[1, 2, 3, 4], {"box": [1, 2, 3, 4.5], "difficult": 1}], 1),  # the box and its flag
    ],
)
def test_good_files_are_not_checked_row_by_row(tmp_path, read, rows, calls_a_row):
    few, many = tmp_path / "few.json", tmp_path / "many.json"
    few.write_text(json.dumps({"a": rows, "b": []}), encoding="utf-8")
    many.write_text(json.dumps({"a": rows * 500, "b": []}), encoding="utf-8")
    found = read(few)["a"]
    boxes = found[0] if read is read_ground_truth else found
    assert boxes[:, :4].tolist() == [row["box"] if isinstance(row, dict) else row[:4] for row in rows]
    assert 0 < calls(read, many) <= calls(read, few) + calls_a_row * 1000
