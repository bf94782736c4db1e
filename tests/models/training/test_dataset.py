"""The labels that a classifier learns."""

import pytest

from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.models.training.dataset import box_labels


@pytest.fixture(scope="module")
def samples(toy):
    return read_split(toy, "val").samples[:7]


def test_boxes_say_which_classes_there_are(samples):
    found = box_labels(samples, ("dog", "unicorn"))
    assert found.shape == (7, 2)
    assert (found[:, 1] == 0).all()
    for row, sample in zip(found, samples, strict=True):
        flags = [o.difficult for o in sample.objects if o.name == "dog"]
        assert row[0].isnan() if flags and all(flags) else row[0] == float(bool(flags))
