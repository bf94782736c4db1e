"""VOC's XML: what is written is read again, and sizes and flags that are missing."""

import numpy as np
import pytest

from gradcam_lab.data.box_files.voc_xml import annotation_text, read_annotation
from tests.saved_files import refused, written


def test_what_is_written_is_read_again(tmp_path):
    boxes, flags = np.array([[1, 2, 30, 20], [2.25, 3, 4, 5]]), {"truncated": np.array([False, True])}
    scores = np.array([0.75, 1e-9])
    text = annotation_text("x", "a&b.jpg", (30, 20), ["dog", "<cat> & größer"], boxes, scores=scores, flags=flags)
    found = read_annotation(written(tmp_path / "a.xml", text))
    assert (found.file, found.size, found.names) == ("a&b.jpg", (30, 20), ("dog", "<cat> & größer"))
    assert np.array_equal(found.boxes, boxes)
    assert found.scores is not None
    assert found.scores.tolist() == scores.tolist()
    assert {flag: values.tolist() for flag, values in found.flags.items()} == {
        "truncated": [False, True],
        "difficult": [False, False],
    }


@pytest.mark.parametrize(
    "size", ["", "<size><width>0</width><height>0</height></size>", "<size><width>3</width></size>"]
)
def test_no_size(tmp_path, size):
    found = read_annotation(written(tmp_path / "a.xml", f"<annotation>{size}</annotation>"))
    assert found.size is None
    assert found.boxes.shape == (0, 4)
    assert found.scores is None


def test_it_is_missing(tmp_path):
    refused("is missing", read_annotation, tmp_path / "a.xml")
