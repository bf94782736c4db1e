"""What is written in one format, converted to another and back, is what it was: in every pair of formats."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gradcam_lab.data.convert.convert import READERS, convert
from gradcam_lab.data.convert.fit import Losses
from gradcam_lab.data.convert.image_boxes import Source
from gradcam_lab.data.convert.write_coco import write_coco
from gradcam_lab.data.convert.write_voc import write_voc
from gradcam_lab.data.convert.write_yolo import write_yolo
from tests.data.convert.conftest import NAMES, SIZES, box_files, image_boxes, reference

WRITERS = {"voc": write_voc, "coco": write_coco, "yolo": write_yolo}
PAIRS = [(start, end) for start in WRITERS for end in WRITERS]
KEPT = {"voc": {"difficult", "truncated"}, "coco": {"difficult", "truncated", "crowd"}, "yolo": set[str]()}
ROUNDING = 0.02
"""VOC's XML has two digits; half a pixel is promised."""

PHASES = [phase for phase in Phase if phase != Phase.shrink]

many = settings(
    max_examples=15, deadline=None, phases=PHASES, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@st.composite
def rows(draw, width, height, *, inside):
    """A class and a box of at least a pixel that reaches beyond the corner, where all would look like shares."""

    def side(length):
        low, high = (0.0, float(length)) if inside else (-3.0, length + 3.0)
        first = draw(st.floats(low, high - 3))
        return first + 1, draw(st.floats(max(first + 1, 3), high))

    (xmin, xmax), (ymin, ymax) = side(width), side(height)
    return [draw(st.integers(0, len(NAMES) - 1)), xmin, ymin, xmax, ymax]


@st.composite
def annotated(draw):
    found = []
    for file in draw(st.lists(st.sampled_from(list(SIZES)), min_size=1, max_size=4, unique=True)):
        boxes = draw(st.lists(rows(*SIZES[file], inside=True), max_size=3))
        flags = st.lists(st.booleans(), min_size=len(boxes), max_size=len(boxes))
        found.append(image_boxes(file, boxes, difficult=draw(flags), truncated=draw(flags), crowd=draw(flags)))
    return found


@st.composite
def detected(draw):
    found = []
    for file in draw(st.lists(st.sampled_from(list(SIZES)), min_size=1, max_size=4, unique=True)):
        boxes = draw(st.lists(rows(*SIZES[file], inside=False), min_size=1, max_size=3))
        scores = st.lists(st.floats(1e-9, 1), min_size=len(boxes), max_size=len(boxes))
        found.append(image_boxes(file, boxes, draw(scores)))
    return found


def read(folder, kind, source):
    """Every image by its bare name, for VOC keeps no folders: its boxes, and the names of their classes."""
    files = READERS[kind](Source(folder, **source))
    (split,) = files.splits.values()
    return {Path(image.file).name: (image, [files.names[index] for index in image.classes]) for image in split.read()}


def flags_of(image, flag):
    return image.flags.get(flag, np.zeros(len(image.boxes), bool))


def by_class(image, names):
    """The rows in an order that does not depend on the file: VOC's detections come class by class."""
    order = sorted(range(len(names)), key=lambda row: (names[row], row))
    scores = np.zeros(len(names)) if image.scores is None else image.scores
    return [names[row] for row in order], image.boxes[order], scores[order], order


def compare(before, after, flags=()):
    """All images, classes, boxes, scores and flags are as before, the boxes but for rounding."""
    for name, (image, classes) in before.items():
        then = after[name]
        (ours, boxes, scores, order), (theirs, boxes_then, scores_then, order_then) = (
            by_class(image, classes),
            by_class(*then),
        )
        assert ours == theirs
        assert np.abs(boxes - boxes_then).max(initial=0) <= ROUNDING
        assert scores_then == pytest.approx(scores, rel=1e-8)
        assert image.size == then[0].size
        for flag in flags:
            assert flags_of(image, flag)[order].tolist() == flags_of(then[0], flag)[order_then].tolist()


@pytest.mark.parametrize(("start", "end"), PAIRS)
@given(found=annotated())
@many
def test_annotations(images, start, end, found):
    with tempfile.TemporaryDirectory() as name:
        first, middle, last = (Path(name, part) for part in ("first", "middle", "last"))
        first.mkdir()
        given_ = box_files(images, found)
        WRITERS[start](first, given_, Losses())
        source: dict[str, Any] = {"images": images, "names": NAMES}
        before = read(first, start, source)
        convert(Source(first, **source), start, end, middle)
        convert(Source(middle, **source), end, start, last)
        after = read(last, start, source)
    assert set(before) == set(after)
    original = {Path(image.file).name: (image, [NAMES[index] for index in image.classes]) for image in found}
    assert set(original) == set(before)
    compare(original, before, KEPT[start] - ({"difficult"} if start == "voc" else set()))
    flags = KEPT[start] & KEPT[end] - ({"difficult"} if end == "voc" else set())  # where crowds become difficult
    compare(before, after, flags)


@pytest.mark.parametrize(("start", "end"), PAIRS)
@given(found=detected())
@many
def test_detections(images, start, end, found):
    with tempfile.TemporaryDirectory() as name:
        first, middle, last = (Path(name, part) for part in ("first", "middle", "last"))
        first.mkdir()
        given_ = box_files(images, found, scored=True, split="test")
        if start == "coco":
            write_coco(first, given_, Losses(), reference())
        else:
            WRITERS[start](first, given_, Losses())
        source: dict[str, Any] = {"reference": reference()}
        paths = {"coco": "results.json"}
        before = read(first / paths.get(start, ""), start, source)
        convert(Source(first / paths.get(start, ""), **source), start, end, middle)
        convert(Source(middle / paths.get(end, ""), **source), end, start, last)
        after = read(last / paths.get(start, ""), start, source)
    with_boxes = {name: value for name, value in before.items() if value[1]}
    original = {Path(image.file).name: (image, [NAMES[index] for index in image.classes]) for image in found}
    assert set(original) == set(with_boxes)
    compare(original, before)
    compare(with_boxes, after)
