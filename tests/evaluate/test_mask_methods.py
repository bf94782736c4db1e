"""One label map of an image, by hand on drawn scenes."""

import numpy as np

from gradcam_lab.data.masks import LABELS
from gradcam_lab.evaluate.mask_methods import ScaledItem, centred, claimed, refined, thresholded

CAT, DOG = LABELS.index("cat"), LABELS.index("dog")


def scaled(*present: tuple[int, float, list[list[float]]], truth: np.ndarray | None = None) -> ScaledItem:
    """A black picture of 2 x 3 pixels in which (label, probability, map) are seen."""
    heat = np.array([heat for _, _, heat in present], np.float32).reshape(-1, 2, 3)
    labels, chances = np.array([row[0] for row in present], int), np.array([row[1] for row in present])
    truth = np.zeros((2, 3), np.uint8) if truth is None else truth
    return ScaledItem(np.zeros((2, 3, 3), np.uint8), truth, labels, chances, heat)


class TestOneLabelMap:
    def test_a_pixel_goes_to_the_highest_share_of_its_own_maximum(self, lessons):
        """The dog's map is ten times as high, but in the middle the cat's is nearer to its own maximum."""
        both = scaled((DOG, 0.9, [[10, 6, 0], [10, 0, 0]]), (CAT, 0.8, [[0, 0.8, 1], [0, 0.1, 1]]))
        assert thresholded(lessons, 0.5)(both).tolist() == [[DOG, CAT, CAT], [DOG, 0, CAT]]

    def test_only_who_claims_a_pixel_can_have_it(self, lessons):
        both = scaled((DOG, 0.9, [[10, 6, 0], [10, 0, 0]]), (CAT, 0.8, [[0, 0.8, 1], [0, 0.1, 1]]))
        claims = [np.array([[True, True, False], [False, True, False]]), np.array([[False, False, True]] * 2)]
        assert claimed(both, claims).tolist() == [[DOG, DOG, CAT], [0, DOG, CAT]]

    def test_no_evidence_draws_nothing(self, lessons):
        dark = scaled((DOG, 0.9, [[0, 0, 0], [0, 0, 0]]))
        assert not thresholded(lessons, 0.05)(dark).any()
        assert not refined(lessons, 0.7, 0.05)(dark).any()

    def test_the_centre_box_is_of_the_most_probable_class(self):
        some = np.zeros((100, 200), np.uint8)
        seen = scaled((DOG, 0.7, [[1, 1, 1]] * 2), (CAT, 0.8, [[1, 1, 1]] * 2), truth=some)
        box = centred(0.25)(seen)
        assert set(box[25:75, 50:150].ravel()) == {CAT}  # a quarter of the area: half of each side
        assert (box == CAT).sum() == 50 * 100
        assert not centred(0.25)(scaled(truth=some)).any()
