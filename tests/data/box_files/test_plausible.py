"""Boxes that can hardly be what they claim are doubted, and boxes that only look odd are not."""

from pathlib import Path

import numpy as np
import pytest

from gradcam_lab.data.box_files.ground_truth import ClassGroundTruth
from gradcam_lab.data.box_files.plausible import doubts

SIZE = np.array([500, 375, 500, 375])
IMAGES = [f"{number:06}" for number in range(60)]


@pytest.fixture
def objects():
    """One or two objects in each of sixty images, anywhere."""
    rng = np.random.default_rng(4)
    corners = [np.sort(rng.uniform(1, SIZE[:2], (2 * rng.integers(1, 3), 2)).reshape(-1, 2, 2), axis=1) for _ in IMAGES]
    return {image: rows.reshape(-1, 4).round() for image, rows in zip(IMAGES, corners, strict=True)}


def said(found, objects, *, sizes=True):
    """What is said of the boxes of each image."""
    truth = ClassGroundTruth(
        {image: (rows, np.zeros(len(rows), bool)) for image, rows in objects.items()},
        {},
        sizes=dict.fromkeys(objects, (500, 375)) if sizes else {},
    )
    rows = {image: np.column_stack([boxes, np.ones(len(boxes))]) for image, boxes in found.items()}
    return list(doubts(rows, truth, (Path("D.json"), Path("G.json"))))


def clipped(boxes):
    return boxes.clip(1, SIZE)


@pytest.mark.parametrize(
    "change",
    [
        lambda boxes: boxes,
        lambda boxes: boxes + np.array([-40, -40, 40, 40]),  # not clipped to the image
        lambda boxes: clipped(boxes + np.random.default_rng(1).normal(0, 30, boxes.shape)),
        lambda boxes: np.hstack([boxes[:, :2], (2 * boxes[:, :2] + boxes[:, 2:]) / 3]),  # always the same corner
        lambda boxes: SIZE[None] * [0.226, 0.226, 0.774, 0.774],  # the baseline in the centre
        lambda boxes: SIZE[None] * [0.342, 0.342, 0.658, 0.658],  # and a smaller one
        lambda boxes: np.array([[1.0, 1, 500, 375]]),
        lambda boxes: 0.9 * boxes,  # the last pixels are reached by many objects, and by no box
        lambda boxes: boxes[:1] if boxes[0, 0] < 100 else boxes[:0],
        lambda boxes: np.vstack([boxes, boxes[:, [0, 1, 0, 1]]]),  # some points among them
    ],
)
@pytest.mark.parametrize("sizes", [True, False])
def test_odd_boxes_are_not_doubted(objects, change, sizes):
    assert said({image: change(boxes) for image, boxes in objects.items()}, objects, sizes=sizes) == []


def test_one_odd_box_outside_is_not_doubted_among_others(objects):
    outside = np.array([[900.0, 1, 990, 9]])
    assert said({**objects, IMAGES[0]: outside}, objects) == []


@pytest.mark.parametrize("boxes", [np.zeros((0, 4)), None])
def test_no_box(objects, boxes):
    found = {} if boxes is None else dict.fromkeys(IMAGES, boxes)
    assert said(found, objects) == ["'D.json' holds no box: nothing is found."]


def test_boxes_outside_of_their_images(objects):
    twice = {image: 2 * boxes for image, boxes in objects.items()}
    (doubt,) = said(twice, objects)
    assert "have their centre outside of their image: were the images of another size?" in doubt
    assert said(twice, objects, sizes=False) == []


@pytest.mark.parametrize("sizes", [True, False])
def test_boxes_of_images_that_were_made_smaller(objects, sizes):
    squares = {image: boxes * 224 / SIZE for image, boxes in objects.items()}
    (doubt,) = said(squares, objects, sizes=sizes)
    assert "reaches beyond" in doubt
    assert "were the images of another size?" in doubt
    few = {image: np.vstack([squares[image], [[1, 1, 9, 9]]]) for image in IMAGES[:2]}
    assert said(few, objects, sizes=sizes) == []  # that may be chance


@pytest.mark.parametrize("columns", [[0, 1, 0, 1], [0, 1, 0, 3], [0, 1, 2, 1]])
def test_boxes_of_one_pixel(objects, columns):
    points = {image: boxes[:, columns] for image, boxes in objects.items()}
    (doubt,) = said(points, objects)
    assert doubt == "The boxes of 'D.json' are all one pixel wide or high: are they [xmin, ymin, xmax, ymax] in pixels?"
    (doubt,) = said(objects, points)
    assert "'G.json'" in doubt
    assert said(points, points) == []
    assert said({IMAGES[0]: points[IMAGES[0]][:1]}, objects) == []  # one may be so


def test_coordinates_beyond_all_images_do_not_overflow(objects):
    huge = np.array([[-1e308, -1e308, 1.7e308, 1.7e308]])
    assert len(said({IMAGES[0]: huge}, objects)) == 1


def test_objects_outside_of_their_own_image(objects):
    far = {image: boxes + 1000 for image, boxes in objects.items()}
    count = sum(map(len, far.values()))
    first, *_ = said(objects, far)
    assert first == f"{count} of the {count} objects of 'G.json' have their centre outside of their own image."
    assert said(objects, objects) == []
