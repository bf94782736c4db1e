"""The maps of a data set: in order, by several methods at once, and never computed twice."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.errors import LabError
from gradcam_lab.localise.experiment import Experiment
from gradcam_lab.localise.make_maps import BATCH, make_maps
from gradcam_lab.localise.methods import METHODS
from gradcam_lab.models import zoo
from gradcam_lab.models.classifier import weights_hash


@pytest.fixture(scope="module")
def splits(toy):
    return {name: read_split(toy, name).samples for name in ("val", "test")}


@pytest.fixture
def experiment(weights, lessons):
    return Experiment(zoo.load("embedded", str(weights)), lessons, "dog")


@pytest.fixture(scope="module")
def whole(weights, lessons, splits):
    """An uninterrupted run."""
    return plain(Experiment(zoo.load("embedded", str(weights)), lessons, "dog"), splits)


def plain(experiment, splits, **more):
    return make_maps(experiment, splits, **more)["gradcam"]


class Counter:
    """Counts the images that a network is given, and is interrupted at one batch if told so."""

    def __init__(self, experiment):
        self.count, self.interrupt_at = 0, 0
        experiment.classifier.folded.network.register_forward_pre_hook(self)

    def __call__(self, network, given):
        self.count += len(given[0])
        if self.count > BATCH * self.interrupt_at > 0:
            raise KeyboardInterrupt


def equal(a, b):
    return all(np.array_equal(first, second) for first, second in zip(a, b, strict=True))


def test_both_splits_raw_and_in_order(whole, splits, experiment):
    samples = [*splits["val"], *splits["test"]]
    assert whole.ids.tolist() == [sample.id for sample in samples]
    assert whole.splits.tolist() == ["val"] * 16 + ["test"] * 24
    assert whole.sizes.tolist() == [list(sample.size) for sample in samples]
    assert whole.classes.tolist() == list(experiment.classifier.class_names)
    assert whole.maps.shape == (40, 7, 7)
    assert whole.maps.min() >= 0
    assert len(set(whole.maps.max(axis=(1, 2)).tolist())) > 30  # not normalised
    column = experiment.classifier.class_names.index("dog")
    assert np.array_equal(whole.probabilities, whole.class_probabilities[:, column])
    assert whole.of("test").ids.tolist() == [sample.id for sample in splits["test"]]


def test_methods_of_one_recipe_share_one_array(experiment, splits):
    names = ("cam", "gradcam", "otsu", "watershed")
    maps = make_maps(experiment, {"val": splits["val"][:4]}, {name: METHODS[name].recipe for name in names})
    assert maps["gradcam"].maps is maps["otsu"].maps
    assert maps["gradcam"].maps is maps["watershed"].maps
    assert maps["cam"].maps is not maps["gradcam"].maps


def test_the_classifier_is_left_as_it_was(experiment, splits):
    network = experiment.classifier.network
    before = weights_hash(network)
    hooks = [len(module._forward_hooks) for module in network.modules()]
    plain(experiment, {"val": splits["val"][:2]})
    assert weights_hash(network) == before
    assert [len(module._forward_hooks) for module in network.modules()] == hooks
    assert not any(module.training for module in network.modules())
    assert all(p.grad is None and not p.requires_grad for p in network.parameters())


class TestInterrupted:
    @pytest.fixture
    def artifact(self, tmp_path):
        return tmp_path / "heatmaps.npz"

    @pytest.fixture
    def counter(self, experiment, splits, artifact):
        """Of a run that was interrupted in its second batch."""
        counter = Counter(experiment)
        counter.interrupt_at = 1
        with pytest.raises(KeyboardInterrupt):
            plain(experiment, splits, artifact=artifact)
        counter.interrupt_at = counter.count = 0
        return counter

    def left(self, artifact):
        return sorted(path.name for path in artifact.parent.iterdir())

    def test_leaves_the_first_batch_in_a_hidden_file(self, counter, artifact):
        (name,) = self.left(artifact)
        assert name.startswith(".heatmaps-")
        with np.load(artifact.with_name(name)) as arrays:
            assert {len(arrays[field]) for field in arrays.files} == {BATCH}

    def test_goes_on_there_and_ends_as_if_nothing_had_happened(self, counter, artifact, whole, experiment, splits):
        assert equal(plain(experiment, splits, artifact=artifact), whole)
        assert counter.count == 40 - BATCH
        assert self.left(artifact) == []

    def test_can_be_interrupted_again(self, counter, artifact, whole, experiment, splits):
        counter.interrupt_at = 1  # the third batch in all
        with pytest.raises(KeyboardInterrupt):
            plain(experiment, splits, artifact=artifact)
        counter.interrupt_at = 0
        assert equal(plain(experiment, splits, artifact=artifact), whole)

    @pytest.mark.parametrize("change", [{"target": "cat"}, {"precision": "bf16"}])
    def test_is_not_used_for_another_target_or_precision(self, counter, artifact, experiment, splits, change):
        plain(replace(experiment, **change), splits, artifact=artifact)
        assert counter.count == 40

    def test_is_not_used_for_other_methods(self, counter, artifact, experiment, splits):
        make_maps(experiment, splits, {"layercam": METHODS["layercam"].recipe}, artifact=artifact)
        assert counter.count == 40

    def test_is_not_used_for_other_images(self, counter, artifact, experiment, splits):
        plain(experiment, {"val": splits["test"][:16], "test": splits["val"]}, artifact=artifact)
        assert counter.count == 32

    def test_is_not_used_for_other_weights(self, counter, artifact, experiment, splits):
        network = experiment.classifier.network
        network.get_parameter("fc.weight").neg_()
        other = replace(experiment, classifier=replace(experiment.classifier, sha256=weights_hash(network)))
        counter = Counter(other)
        plain(other, splits, artifact=artifact)
        assert counter.count == 40

    @pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and then nothing", b"no archive"])
    def test_a_damaged_half_is_done_again(self, counter, artifact, experiment, splits, whole, content):
        (name,) = self.left(artifact)
        artifact.with_name(name).write_bytes(content)
        assert equal(plain(experiment, splits, artifact=artifact), whole)
        assert counter.count == 40

    def test_before_the_first_batch_nothing_is_left(self, artifact, experiment, splits):
        def interrupt(*_):
            raise KeyboardInterrupt

        experiment.classifier.network.register_forward_pre_hook(interrupt)
        with pytest.raises(KeyboardInterrupt):
            plain(experiment, splits, artifact=artifact)
        assert self.left(artifact) == []


class TestNotFinite:
    @pytest.fixture
    def broken(self, experiment):
        experiment.classifier.network.layer4[0].conv2.weight[0, 0, 0, 0] = torch.nan
        return experiment

    def test_weights_that_give_nan_are_named(self, tmp_path, broken, splits):
        with pytest.raises(LabError, match=r"The heatmap of '.*' or a neighbour is not finite: check the weights\."):
            plain(broken, {"val": splits["val"][:2]}, artifact=tmp_path / "h.npz")
        assert list(tmp_path.iterdir()) == []

    def test_of_several_methods_those_are_named(self, broken, splits):
        recipes = {name: METHODS[name].recipe for name in ("gradcam", "watershed", "gradcam++")}
        sentence = r"not finite by the method gradcam and watershed and gradcam\+\+: check the weights, or use --quick"
        with pytest.raises(LabError, match=sentence):
            make_maps(broken, {"val": splits["val"][:2]}, recipes)
