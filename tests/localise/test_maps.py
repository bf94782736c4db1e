"""Heatmaps in batches: the same as one by one, and never computed twice."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.errors import LabError
from gradcam_lab.localise import maps as heatmaps
from gradcam_lab.localise.maps import BATCH, Explainer, read_heatmaps, write_heatmaps
from gradcam_lab.models import zoo
from gradcam_lab.models.classifier import weights_hash


@pytest.fixture(scope="module")
def splits(toy):
    return {name: read_split(toy, name).samples for name in ("val", "test")}


@pytest.fixture
def classifier(weights):
    return zoo.load("embedded", str(weights))


@pytest.fixture(scope="module")
def whole(tmp_path_factory, toy, weights, splits, lessons):
    """An uninterrupted run."""
    path = tmp_path_factory.mktemp("heatmaps") / "heatmaps.npz"
    write_heatmaps(path, zoo.load("embedded", str(weights)), lessons, splits, "dog", "float32")
    return path


class Counting(Explainer):
    """Counts the images that are explained, and is interrupted in one batch if told so."""

    explained = 0
    interrupt_at = 0

    def __call__(self, samples):
        type(self).explained += len(samples)
        if type(self).explained > BATCH * type(self).interrupt_at > 0:
            raise KeyboardInterrupt
        return super().__call__(samples)


@pytest.fixture
def counting(monkeypatch):
    monkeypatch.setattr(Counting, "explained", 0)
    monkeypatch.setattr(heatmaps, "Explainer", Counting)
    return Counting


def equal(a, b):
    return all(np.array_equal(first, second) for first, second in zip(read_heatmaps(a), read_heatmaps(b), strict=True))


def test_batched_equals_one_by_one(classifier, lessons, splits):
    explain = Explainer(classifier, lessons, "dog", "float32")
    samples = splits["val"][:5]
    maps, probabilities = explain(samples)
    assert maps.dtype == probabilities.dtype == np.float32
    assert maps.shape == (5, 7, 7)
    assert probabilities.shape == (5, len(classifier.class_names))
    for index, sample in enumerate(samples):
        single_map, single_probabilities = explain([sample])
        assert np.allclose(single_map[0], maps[index], rtol=1e-4, atol=1e-5 * maps.max())
        assert np.allclose(single_probabilities[0], probabilities[index], atol=1e-6)


def test_one_pass_gives_what_the_lesson_and_the_network_give(classifier, lessons, splits):
    samples = splits["val"][:3]
    maps, probabilities = Explainer(classifier, lessons, "cat", "float32")(samples)
    inputs = torch.stack([classifier.preprocessing(sample.image) for sample in samples])
    column = classifier.class_names.index("cat")
    expected = lessons.gradcam.GradCAM(classifier.network, "layer4")(inputs, column)
    assert np.allclose(maps, expected.numpy(), rtol=1e-4, atol=1e-5 * maps.max())
    assert np.allclose(probabilities, classifier.network(inputs).sigmoid().numpy(), atol=1e-6)


def test_the_file_holds_both_splits_raw_and_in_order(whole, splits, classifier):
    found = read_heatmaps(whole)
    samples = [*splits["val"], *splits["test"]]
    assert found.ids.tolist() == [sample.id for sample in samples]
    assert found.splits.tolist() == ["val"] * 16 + ["test"] * 24
    assert found.sizes.tolist() == [list(sample.size) for sample in samples]
    assert found.classes.tolist() == list(classifier.class_names)
    assert found.maps.shape == (40, 7, 7)
    assert found.maps.min() >= 0
    assert len(set(found.maps.max(axis=(1, 2)).tolist())) > 30  # not normalised
    assert np.array_equal(found.probabilities, found.class_probabilities[:, classifier.class_names.index("dog")])
    assert found.of("test").ids.tolist() == [sample.id for sample in splits["test"]]


def test_bf16_is_close_to_float32(tmp_path, whole, classifier, lessons, splits):
    samples = splits["val"][:4]
    maps, probabilities = Explainer(classifier, lessons, "dog", "bf16")(samples)
    exact = read_heatmaps(whole)
    assert not np.array_equal(maps, exact.maps[:4])  # else it would not have been bf16
    assert np.isfinite(maps).all()
    for half, full in zip(maps, exact.maps, strict=False):
        cosine = (half * full).sum() / np.linalg.norm(half) / np.linalg.norm(full)
        assert cosine > 0.99
    assert np.allclose(probabilities, exact.class_probabilities[:4], atol=0.02)


def test_the_classifier_is_left_as_it_was(tmp_path, classifier, lessons, splits):
    before = weights_hash(classifier.network)
    hooks = [len(module._forward_hooks) for module in classifier.network.modules()]
    write_heatmaps(tmp_path / "h.npz", classifier, lessons, {"val": splits["val"][:2]}, "dog", "float32")
    assert weights_hash(classifier.network) == before
    assert [len(module._forward_hooks) for module in classifier.network.modules()] == hooks
    assert not any(module.training for module in classifier.network.modules())
    assert all(p.grad is None and not p.requires_grad for p in classifier.network.parameters())


class TestInterrupted:
    @pytest.fixture
    def half(self, tmp_path, monkeypatch, counting, classifier, lessons, splits):
        """The folder of a run that was interrupted in its second batch."""
        monkeypatch.setattr(Counting, "interrupt_at", 1)
        with pytest.raises(KeyboardInterrupt):
            write_heatmaps(tmp_path / "heatmaps.npz", classifier, lessons, splits, "dog", "float32")
        monkeypatch.setattr(Counting, "interrupt_at", 0)
        monkeypatch.setattr(Counting, "explained", 0)
        return tmp_path

    def unfinished(self, folder):
        return sorted(path.name for path in folder.iterdir())

    def test_leaves_the_first_batch_and_no_artifact(self, half):
        (name,) = self.unfinished(half)
        assert name.startswith(".heatmaps-")
        with np.load(half / name) as arrays:
            assert len(arrays["maps"]) == len(arrays["probabilities"]) == BATCH

    def test_goes_on_there_and_ends_as_if_nothing_had_happened(self, half, whole, classifier, lessons, splits):
        write_heatmaps(half / "heatmaps.npz", classifier, lessons, splits, "dog", "float32")
        assert Counting.explained == 40 - BATCH
        assert equal(half / "heatmaps.npz", whole)
        assert self.unfinished(half) == ["heatmaps.npz"]

    def test_can_be_interrupted_again(self, half, monkeypatch, whole, classifier, lessons, splits):
        monkeypatch.setattr(Counting, "interrupt_at", 1)  # the third batch in all
        with pytest.raises(KeyboardInterrupt):
            write_heatmaps(half / "heatmaps.npz", classifier, lessons, splits, "dog", "float32")
        monkeypatch.setattr(Counting, "interrupt_at", 0)
        write_heatmaps(half / "heatmaps.npz", classifier, lessons, splits, "dog", "float32")
        assert equal(half / "heatmaps.npz", whole)

    @pytest.mark.parametrize(("target", "precision"), [("cat", "float32"), ("dog", "bf16")])
    def test_is_not_used_for_another_target_or_precision(self, half, classifier, lessons, splits, target, precision):
        write_heatmaps(half / "heatmaps.npz", classifier, lessons, splits, target, precision)
        assert Counting.explained == 40

    def test_is_not_used_for_other_images(self, half, classifier, lessons, splits):
        others = {"val": splits["test"][:16], "test": splits["val"]}
        write_heatmaps(half / "heatmaps.npz", classifier, lessons, others, "dog", "float32")
        assert Counting.explained == 32

    def test_is_not_used_for_other_weights(self, half, weights, tmp_path, lessons, splits):
        other = zoo.load("embedded", str(weights))
        other.network.get_parameter("fc.weight").neg_()
        write_heatmaps(
            half / "heatmaps.npz", replace(other, sha256=weights_hash(other.network)), lessons, splits, "dog", "float32"
        )
        assert Counting.explained == 40

    @pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and then nothing", b"no archive"])
    def test_a_damaged_half_is_done_again(self, half, classifier, lessons, splits, whole, content):
        (name,) = self.unfinished(half)
        (half / name).write_bytes(content)
        write_heatmaps(half / "heatmaps.npz", classifier, lessons, splits, "dog", "float32")
        assert Counting.explained == 40
        assert equal(half / "heatmaps.npz", whole)

    def test_before_the_first_batch_nothing_is_left(self, tmp_path, monkeypatch, counting, classifier, lessons, splits):
        def interrupt(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr(Counting, "__call__", interrupt)
        with pytest.raises(KeyboardInterrupt):
            write_heatmaps(tmp_path / "heatmaps.npz", classifier, lessons, splits, "dog", "float32")
        assert self.unfinished(tmp_path) == []


def test_weights_that_give_nan_are_named(tmp_path, classifier, lessons, splits):
    classifier.network.layer4[0].conv2.weight[0, 0, 0, 0] = torch.nan
    with pytest.raises(LabError, match=r"The heatmap of '.*' or a neighbour is not finite: check the weights\."):
        write_heatmaps(tmp_path / "h.npz", classifier, lessons, {"val": splits["val"][:2]}, "dog", "float32")
    assert list(tmp_path.iterdir()) == []
