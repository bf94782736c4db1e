"""Masks on ToyVOC: scored as a plain count of pixels scores them, and only where there is something to score."""

import json

import numpy as np
import pytest
from PIL import Image

from gradcam_lab.data.voc import read_split
from gradcam_lab.errors import LabError
from gradcam_lab.pipeline import segmentation
from gradcam_lab.pipeline.heatmaps import Heatmaps

SIDE = 14


@pytest.fixture(scope="module")
def samples(toy):
    return read_split(toy, "val").samples


@pytest.fixture(scope="module")
def heatmaps(samples):
    """The true masks on a coarse grid, as a perfect network lights them; it misses one dog and sees one too many."""
    masks = [Image.fromarray((segmentation.read_mask(s, "dog") == 1).astype(np.float32)) for s in samples]
    maps = np.stack([np.asarray(mask.resize((SIDE, SIDE), Image.Resampling.BOX)) for mask in masks])
    held = np.array([bool(sample.boxes("dog")) for sample in samples])
    seen = held.copy()
    seen[maps.mean(axis=(1, 2)).argmax()], seen[np.flatnonzero(~held)[0]] = False, True
    return Heatmaps(
        ids=np.array([sample.id for sample in samples]),
        splits=np.full(len(samples), "val"),
        maps=maps,
        probabilities=np.where(seen, 0.9, 0.1),
        class_probabilities=np.zeros((len(samples), 1)),
        classes=np.array(["dog"]),
        sizes=np.array([sample.size for sample in samples]),
    )


@pytest.fixture(scope="module")
def items(steps, heatmaps, samples):
    return segmentation.items_of(steps, heatmaps, samples, "dog")


def counted(items, says) -> float:
    """The IoU of the dog over all pixels of all images, those that nobody can tell left out."""
    common = union = 0
    for item in items:
        known, true, said = item.truth != 255, item.truth == 1, says(item) & item.present
        common += (said & true & known).sum()
        union += ((said | true) & known).sum()
    return common / union


def test_a_mask_keeps_what_nobody_can_tell(samples):
    holding = next(sample for sample in samples if sample.boxes("dog"))
    with Image.open(segmentation.mask_path(holding)) as picture:
        classes = np.array(picture)
    mask = segmentation.read_mask(holding, "dog")
    assert (mask == 255).any()
    assert np.array_equal(mask == 255, classes == 255)
    assert np.array_equal(mask == 1, classes == 12)  # dog is the twelfth of VOC's classes


def test_images_with_the_dog_or_taken_for_one_are_scored(items, samples):
    held = {sample.id for sample in samples if sample.boxes("dog")}
    found = {item.sample.id: item.present for item in items}
    assert held < set(found)
    assert len(found) == len(held) + 1
    assert sorted(found.values()).count(False) == 1


def test_the_rows_are_what_counting_pixels_gives(steps, items):
    choices = segmentation.Choices(threshold=0.3, sure_foreground=0.7, sure_background=0.05)
    scores = segmentation.segment_split(steps, items, choices, seed=0)
    rows = {row["method"]: row for row in scores["rows"]}
    expected = counted(
        items, lambda item: item.heatmap >= 0.3 * item.heatmap.max() if item.heatmap.max() > 0 else False
    )
    assert rows["thresholded map"]["iou"] == pytest.approx(expected)
    assert rows["refined mask"]["iou"] > rows["centre box, s = 0.3"]["iou"]
    for row in scores["rows"]:
        assert 0 <= row["iou_low"] <= row["iou"] <= row["iou_high"] <= 1
    at = scores["curve"]["fractions"].index(0.3)
    assert scores["curve"]["iou"][at] == pytest.approx(expected)
    json.dumps(scores, allow_nan=False)


def test_without_masks_or_for_another_class_there_is_nothing_to_score(steps, heatmaps, samples, tmp_path):
    assert segmentation.items_of(steps, heatmaps, samples, "dragon") == []
    assert segmentation.segment_data(steps, heatmaps, samples, [], "dog", 0) is None


def test_a_mask_of_another_size_is_named(samples, monkeypatch, tmp_path):
    path = tmp_path / "mask.png"
    monkeypatch.setattr(segmentation, "mask_path", lambda sample: path)
    Image.new("P", (3, 4)).save(path)
    with pytest.raises(LabError, match="at its image's size"):
        segmentation.read_mask(samples[0], "dog")
    path.write_bytes(b"no picture")
    with pytest.raises(LabError, match="Cannot read the mask"):
        segmentation.read_mask(samples[0], "dog")
