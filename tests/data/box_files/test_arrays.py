"""Rows of a file as arrays."""

import numpy as np

from gradcam_lab.data.box_files.arrays import by_image


def test_the_rows_of_an_image_keep_their_order():
    rows = np.arange(5000.0).reshape(1000, 5)
    assert np.array_equal(by_image(["b", "a"] * 500, rows)["a"], rows[1::2])
