"""The names that detections may use for the images of a ground truth."""

from gradcam_lab.data.box_files.ground_truth import numbered, read_folder_truth
from tests.folders import voc


def test_numbers_that_two_images_share_name_neither():
    assert numbered(["0012", "12", "2007_000003", "dog", "5"]) == {2007000003: "2007_000003", 5: "5"}


def test_the_only_class_of_a_folder_need_not_be_chosen(tmp_path):
    voc(tmp_path, ("test",))
    truth = read_folder_truth(tmp_path, "test", lambda known: None)
    assert {image: len(boxes) for image, (boxes, _) in truth.objects.items()} == {"000003": 1, "000004": 1}
