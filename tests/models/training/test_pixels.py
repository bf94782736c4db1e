"""Pixels: from memory or from files, they are the same."""

import pytest
import torch

from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.data.sample import Sample
from gradcam_lab.errors import LabError
from gradcam_lab.models.classifier import Preprocessing
from gradcam_lab.models.training.pixels import FromFiles, InMemory, open_pixels


@pytest.fixture(scope="module")
def samples(toy):
    return read_split(toy, "val").samples[:7]


BATCHES = (torch.tensor([3, 1]), torch.tensor([], dtype=torch.long), torch.tensor([6, 0, 2]))


@pytest.mark.parametrize("workers", [0, 2])
def test_files_give_what_memory_gives(samples, workers):
    kept, files = InMemory(samples, Preprocessing(48)), FromFiles(samples, Preprocessing(48), workers)
    for batches in (BATCHES, BATCHES[2:]):  # two epochs of different length
        ours, theirs = list(kept.read(batches)), list(files.read(batches))
        assert [len(x) for x in ours] == [len(batch) for batch in batches]
        assert all(x.dtype == torch.uint8 and x.shape[1:] == (3, 48, 48) for x in ours)
        assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_many_pixels_are_not_kept(samples):
    needed = 7 * 3 * 48 * 48
    assert isinstance(open_pixels(samples, Preprocessing(48), needed), InMemory)
    assert isinstance(open_pixels(samples, Preprocessing(48), needed - 1), FromFiles)


def test_an_image_that_has_gone_is_named_in_one_sentence(samples, tmp_path):
    gone = (*samples, Sample("gone", tmp_path / "gone.jpg", (9, 9)))
    with pytest.raises(LabError) as error:
        list(FromFiles(gone, Preprocessing(48), workers=1).read([torch.tensor([0, 7])]))
    assert str(error.value).startswith(f"The image '{tmp_path / 'gone.jpg'}' is missing")
    assert "Traceback" not in str(error.value)
