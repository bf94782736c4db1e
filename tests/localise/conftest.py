"""Maps made by hand."""

import numpy as np
import pytest

from gradcam_lab.localise.maps import Maps


@pytest.fixture
def maps():
    """Three images of different sizes: one hot cell, two hot cells, and no evidence at all."""
    cams = np.zeros((3, 4, 4), np.float32)
    cams[0, 0, 3] = 7
    cams[1, 3, 0], cams[1, 0, 0] = 2, 1
    return Maps(
        ids=np.array(["one", "two", "none"]),
        splits=np.array(["val", "test", "test"]),
        maps=cams,
        probabilities=np.array([0.5, 0.8, 0.9], np.float32),
        class_probabilities=np.array([[0.5], [0.8], [0.9]], np.float32),
        classes=np.array(["dog"]),
        sizes=np.array([[60, 40], [40, 80], [40, 40]]),
    )
