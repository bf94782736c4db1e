"""Batches explained by one recipe or by several: the same maps as one by one, and each view looked at once."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.localise import explainer as module
from gradcam_lab.localise.experiment import ALL, Experiment
from gradcam_lab.localise.explainer import Explainer
from gradcam_lab.localise.map_recipe import PLAIN_RECIPE, MapRecipe
from gradcam_lab.localise.methods import METHODS
from gradcam_lab.localise.test_time_augmentation import MIRRORED, UNCHANGED, View, averaged
from gradcam_lab.models import zoo
from tests.localise.classifiers import classifier_of
from tests.networks import hooks_of, images

SEVERAL = [METHODS[name].recipe for name in ("cam", "gradcam", "pair+shared+bagcams+watershed")]


@pytest.fixture(scope="module")
def samples(toy):
    return read_split(toy, "val").samples


@pytest.fixture(scope="module")
def experiment(weights, lessons):
    return Experiment(zoo.load("embedded", str(weights)), lessons, "dog")


def explained(experiment, samples, recipes=(PLAIN_RECIPE,)):
    explainer = Explainer(experiment, recipes)
    return explainer(explainer.inputs(samples))


class TestPlain:
    def test_batched_equals_one_by_one(self, experiment, samples):
        (batch,) = explained(experiment, samples[:5]).values()
        assert batch.maps.dtype == batch.class_probabilities.dtype == np.float32
        assert batch.maps.shape == (5, 7, 7)
        assert batch.class_probabilities.shape == (5, len(experiment.classifier.class_names))
        for index, sample in enumerate(samples[:5]):
            (single,) = explained(experiment, [sample]).values()
            assert np.allclose(single.maps[0], batch.maps[index], rtol=1e-4, atol=1e-5 * batch.maps.max())
            assert np.allclose(single.class_probabilities[0], batch.class_probabilities[index], atol=1e-6)

    def test_one_pass_gives_what_the_lesson_and_the_network_give(self, experiment, samples, lessons):
        classifier = experiment.classifier
        (found,) = explained(replace(experiment, target="cat"), samples[:3]).values()
        inputs = torch.stack([classifier.preprocessing(sample.image) for sample in samples[:3]])
        column = classifier.class_names.index("cat")
        expected = lessons.gradcam.GradCAM(classifier.network, "layer4")(inputs, column)
        assert np.allclose(found.maps, expected.numpy(), rtol=1e-4, atol=1e-5 * found.maps.max())
        assert np.allclose(found.class_probabilities, classifier.network(inputs).sigmoid().numpy(), atol=1e-6)
        assert np.array_equal(found.probabilities, found.class_probabilities[:, column])

    def test_all_classes_are_the_classes_one_by_one(self, experiment, samples):
        (every,) = explained(replace(experiment, target=ALL), samples[:3]).values()
        for column, name in enumerate(experiment.classifier.class_names):
            (one,) = explained(replace(experiment, target=name), samples[:3]).values()
            assert np.allclose(every.maps[:, column], one.maps, rtol=1e-4, atol=1e-5 * every.maps.max())
            assert np.allclose(every.class_probabilities[:, column], one.probabilities, atol=1e-6)

    def test_bf16_is_close_to_float32(self, experiment, samples):
        (exact,) = explained(experiment, samples[:4]).values()
        (rough,) = explained(replace(experiment, precision="bf16"), samples[:4]).values()
        assert not np.array_equal(rough.maps, exact.maps)  # else it would not have been bf16
        assert np.isfinite(rough.maps).all()
        for half, full in zip(rough.maps, exact.maps, strict=True):
            assert (half * full).sum() / np.linalg.norm(half) / np.linalg.norm(full) > 0.99
        assert np.allclose(rough.class_probabilities, exact.class_probabilities, atol=0.02)


class TestSeveral:
    @pytest.mark.parametrize("precision", ["float32", "bf16"])
    def test_plain_maps_are_those_of_plain_grad_cam_alone(self, experiment, samples, precision):
        experiment = replace(experiment, precision=precision)
        (alone,) = explained(experiment, samples).values()
        among = explained(experiment, samples, SEVERAL)[PLAIN_RECIPE]
        rough = precision == "bf16"
        assert alone.maps.max() > 0
        assert np.allclose(among.maps, alone.maps, rtol=0.02 if rough else 1e-5, atol=1e-2 * alone.maps.max() * rough)
        assert np.allclose(among.probabilities, alone.probabilities, atol=1e-6)
        assert np.allclose(among.class_probabilities, alone.class_probabilities, atol=1e-6)

    def test_each_view_is_looked_at_once(self, experiment):
        sizes = []
        explainer = Explainer(experiment, [method.recipe for method in METHODS.values()])
        hook = explainer.classifier.network.register_forward_pre_hook(
            lambda network, given: sizes.append((len(given[0]), given[0].shape[2]))
        )
        explainer(images(6, 112, 112))
        hook.remove()
        plain, small, larger = 112, 96, 129  # the sides: scaled to the next multiple of 32, and a pixel more
        assert sorted(sizes) == sorted([(6, plain), (6, plain), (6, small), (4, larger), (2, larger)])

    def test_enlarged_images_are_seen_in_parts_to_the_same_effect(self, experiment, monkeypatch):
        recipe = MapRecipe(views=(View(1.5),), shared=True)
        (parts,) = Explainer(experiment, [recipe])(images(6, 112, 112)).values()
        monkeypatch.setattr(module, "ENLARGED_BATCH", 99)
        (whole,) = Explainer(experiment, [recipe])(images(6, 112, 112)).values()
        assert parts.maps.shape == (6, 14, 14)  # the earlier layer's grid in the unchanged view
        assert np.allclose(parts.maps, whole.maps, atol=1e-4)
        assert np.allclose(parts.probabilities, whole.probabilities, atol=1e-6)

    def test_the_mean_over_views(self, experiment):
        x = images(3, 112, 112)
        recipes = [MapRecipe(views=views) for views in ((UNCHANGED,), (MIRRORED,), (UNCHANGED, MIRRORED))]
        found = Explainer(experiment, recipes)(x)
        plain, mirrored, both = (found[recipe] for recipe in recipes)
        assert np.allclose(both.probabilities, (plain.probabilities + mirrored.probabilities) / 2, atol=1e-6)
        upright = averaged({UNCHANGED: torch.from_numpy(plain.maps)})
        expected = (upright + torch.from_numpy(mirrored.maps)) / 2  # a single mirrored view is turned back too
        assert np.allclose(both.maps, expected, atol=1e-5)

    def test_it_leaves_no_hooks(self, lessons):
        classifier = classifier_of("resnet18")
        before = hooks_of(classifier.network)
        Explainer(Experiment(classifier, lessons, "class 1"), SEVERAL)(images(2, 96, 96))
        assert hooks_of(classifier.network) == before
