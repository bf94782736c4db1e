"""The four conventions of boxes: by hand, there and back, and what stays the same in all of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcam_lab.data.box_conventions import CONVENTIONS, Convention, from_voc, to_voc

SIZE = (20, 8)
STATED: dict[Convention, list[float]] = {
    "voc": [1, 5, 10, 8],
    "zero-based": [0, 4, 9, 7],
    "coco": [0, 4, 10, 4],
    "relative": [0.25, 0.75, 0.5, 0.5],
}
"""The pixels 1 to 10 of 20 and 5 to 8 of 8, as each convention states them."""

conventions = st.sampled_from(CONVENTIONS)


@st.composite
def boxes_and_sizes(draw: st.DrawFn, whole: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Some boxes within their images, in VOC's pixels, and each image's (width, height)."""
    count = draw(st.integers(0, 5))
    sizes = np.array([[draw(st.integers(1, 20000)) for _ in range(2)] for _ in range(count)]).reshape(-1, 2)
    number = st.integers if whole else st.floats
    ends = [[sorted(draw(number(1, int(side))) for _ in range(2)) for side in size] for size in sizes]
    boxes = np.array([[x[0], y[0], x[1], y[1]] for x, y in ends], float).reshape(-1, 4)
    return boxes, sizes


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_each_convention_states_a_box_as_its_documentation_says(convention: Convention) -> None:
    assert to_voc(np.array([STATED[convention]]), convention, SIZE).tolist() == [STATED["voc"]]
    assert from_voc(np.array([STATED["voc"]]), convention, SIZE).tolist() == [STATED[convention]]


@given(conventions, boxes_and_sizes())
def test_boxes_come_back_as_they_were(convention: Convention, given: tuple[np.ndarray, np.ndarray]) -> None:
    boxes, sizes = given
    back = to_voc(from_voc(boxes, convention, sizes), convention, sizes)
    np.testing.assert_allclose(back, boxes, rtol=0, atol=1e-9)


@given(conventions.filter(lambda convention: convention != "relative"), boxes_and_sizes(whole=True))
def test_whole_pixels_come_back_exactly(convention: Convention, given: tuple[np.ndarray, np.ndarray]) -> None:
    boxes, _ = given
    assert to_voc(from_voc(boxes, convention), convention).tolist() == boxes.tolist()


@given(conventions, boxes_and_sizes())
def test_the_input_is_left_alone(convention: Convention, given: tuple[np.ndarray, np.ndarray]) -> None:
    boxes, sizes = given
    before = boxes.copy()
    from_voc(boxes, convention, sizes)
    to_voc(boxes, convention, sizes)
    assert (boxes == before).all()


@given(boxes_and_sizes())
def test_shares_of_a_box_within_its_image_lie_between_0_and_1(given: tuple[np.ndarray, np.ndarray]) -> None:
    boxes, sizes = given
    shares = from_voc(boxes, "relative", sizes)
    assert ((shares >= 0) & (shares <= 1)).all()
    assert (shares[:, 2:] > 0).all()  # one pixel has a width


def test_relative_boxes_cannot_be_converted_without_the_size_of_their_image() -> None:
    with pytest.raises(ValueError, match="need the sizes of their images"):
        to_voc(np.zeros((1, 4)), "relative")
    with pytest.raises(ValueError, match="need the sizes of their images"):
        from_voc(np.zeros((1, 4)), "relative")
