"""The names that detections may use for the images of a ground truth."""

from gradcam_lab.data.box_files.ground_truth import numbered


def test_numbers_that_two_images_share_name_neither():
    assert numbered(["0012", "12", "2007_000003", "dog", "5"]) == {2007000003: "2007_000003", 5: "5"}
