"""VOC's XML: what is written is read again, and sizes and flags that are missing."""

import numpy as np

from gradcam_lab.data.box_files.voc_xml import annotation_text
from gradcam_lab.data.layouts.repair import Repairs
from gradcam_lab.data.layouts.voc_xml import read_annotation
from tests.saved_files import written


def test_what_is_written_is_read_again(tmp_path):
    boxes, flags = np.array([[1, 2, 30, 20], [2.25, 3, 4, 5]]), {"truncated": np.array([False, True])}
    scores = np.array([0.75, 1e-9])
    text = annotation_text("x", "a&b.jpg", (30, 20), ["dog", "<cat> & größer"], boxes, scores=scores, flags=flags)
    found = read_annotation(written(tmp_path / "a.xml", text), Repairs())
    assert (found.file, found.size, found.names) == ("a&b.jpg", (30, 20), ("dog", "<cat> & größer"))
    assert np.array_equal(found.boxes, boxes)
    assert found.scores is not None
    assert found.scores.tolist() == scores.tolist()
    assert {flag: values.tolist() for flag, values in found.flags.items()} == {
        "truncated": [False, True],
        "difficult": [False, False],
    }


def test_nothing_but_a_root(tmp_path):
    found = read_annotation(written(tmp_path / "a.xml", "<annotation/>"), Repairs())
    assert (found.file, found.size, found.names, found.scores) == ("", (0, 0), (), None)
    assert found.boxes.shape == (0, 4)
