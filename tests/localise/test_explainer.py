"""Explaining batches: plain Grad-CAM, every class at once, and several methods that share forward passes."""

from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.errors import LabError
from gradcam_lab.localise.experiment import ALL, Experiment
from gradcam_lab.localise.explainer import Explainer
from gradcam_lab.localise.make_maps import make_maps
from gradcam_lab.localise.methods import GRADCAM, METHODS, PLAIN_RECIPE, MapRecipe, applicable
from gradcam_lab.localise.test_time_augmentation import MIRRORED, UNCHANGED, averaged
from gradcam_lab.models import zoo
from gradcam_lab.models.classifier import Classifier, Preprocessing
from tests import networks
from tests.networks import images

CHOSEN = {name: METHODS[name] for name in ("cam", "gradcam", "otsu", "watershed", "refined", "1.5x+shared")}


@pytest.fixture(scope="module")
def experiment(weights, lessons):
    return Experiment(zoo.load("embedded", str(weights)), lessons, "dog")


@pytest.fixture(scope="module")
def val(toy):
    return read_split(toy, "val").samples


def explained(experiment, samples, target, recipe=PLAIN_RECIPE):
    explainer = Explainer(replace(experiment, target=target), (recipe,))
    return explainer(explainer.inputs(samples))[recipe]


class TestAllClasses:
    def test_their_maps_are_those_of_each_class(self, experiment, val):
        maps = make_maps(replace(experiment, target=ALL), {"val": val})[GRADCAM]
        for name in experiment.classifier.class_names:
            single = explained(experiment, val[:3], name)
            mine = maps.of_class(name)
            np.testing.assert_allclose(mine.maps[:3], single.maps, rtol=1e-4, atol=1e-8)
            np.testing.assert_allclose(mine.probabilities[:3], single.probabilities, rtol=1e-5)

    def test_groups_of_outputs_have_a_map_each(self, lessons, val):
        mobile = Classifier(
            name="grouped",
            network=networks.zoo("mobilenet_v2"),
            output_names=tuple("abcdefghij"),
            groups={"one": (3,), "some": (0, 2, 5)},
            activation="softmax",
            layer="features",
            preprocessing=Preprocessing(size=96),
            sha256="",
        )
        experiment = Experiment(mobile, lessons, ALL)
        every = explained(experiment, val[:2], ALL)
        for index, name in enumerate(mobile.groups):
            single = explained(experiment, val[:2], name)
            np.testing.assert_allclose(every.maps[:, index], single.maps, rtol=1e-4, atol=1e-8)


class TestSeveralMethods:
    @pytest.mark.parametrize("precision", ["float32", "bf16"])
    def test_their_plain_maps_are_those_of_the_run(self, experiment, val, precision):
        in_precision = replace(experiment, precision=precision)
        theirs = make_maps(in_precision, {"val": val})[GRADCAM]
        mine = make_maps(in_precision, {"val": val}, CHOSEN)[GRADCAM]
        exact = make_maps(experiment, {"val": val}, CHOSEN)[GRADCAM]
        rough = precision == "bf16"
        assert theirs.maps.max() > 0
        assert np.allclose(mine.maps, theirs.maps, rtol=0.02 if rough else 1e-5, atol=1e-2 * theirs.maps.max() * rough)
        assert np.allclose(mine.probabilities, theirs.probabilities, atol=1e-6)
        assert np.allclose(mine.probabilities, exact.probabilities, atol=1e-6) != rough

    def test_one_recipe_has_one_array(self, experiment, val):
        maps = make_maps(experiment, {"val": val}, CHOSEN)
        assert maps["gradcam"].maps is maps["otsu"].maps
        assert maps["gradcam"].maps is maps["watershed"].maps
        assert maps["cam"].maps is not maps["gradcam"].maps

    def test_each_view_runs_once_and_enlarged_ones_in_parts(self, experiment, lessons):
        sizes = []

        @contextmanager
        def watched(network, layer):
            handle = network.register_forward_pre_hook(lambda module, given: sizes.append(tuple(given[0].shape[::2])))
            with lessons.gradcam.watched(network, layer) as stored:
                yield stored
            handle.remove()

        counting = replace(lessons, gradcam=SimpleNamespace(**{**vars(lessons.gradcam), "watched": watched}))
        recipes = [method.recipe for method in METHODS.values()]
        Explainer(replace(experiment, lessons=counting), recipes)(images(6, 112, 112))
        plain, small, larger, large, largest = 112, 96, 128, 160, 224  # the sides, to the next multiple of 32
        parts = [(count, side) for count in (4, 2) for side in (larger, large, largest)]
        assert sorted(sizes) == sorted([(6, plain), (6, plain), (6, small), *parts])

    def test_enlarged_images_are_explained_in_parts_to_the_same_effect(self, experiment):
        recipe = METHODS["1.5x+shared"].recipe
        explainer, x = Explainer(experiment, [recipe]), images(6, 112, 112)
        parts = explainer(x)[recipe]
        few = [explainer(part)[recipe] for part in x.split(3)]
        assert parts.maps.shape == (6, 14, 14)  # the earlier layer's grid in the plain view
        assert np.allclose(parts.maps, np.concatenate([part.maps for part in few]), atol=1e-4)
        assert np.allclose(parts.probabilities, np.concatenate([part.probabilities for part in few]), atol=1e-6)

    def test_the_mean_over_views(self, experiment):
        x = images(3, 112, 112)
        recipes = [MapRecipe(views=views) for views in ((UNCHANGED,), (MIRRORED,), (UNCHANGED, MIRRORED))]
        one, other, both = (Explainer(experiment, [recipe])(x)[recipe] for recipe in recipes)
        assert np.allclose(both.probabilities, (one.probabilities + other.probabilities) / 2, atol=1e-6)
        upright = averaged({UNCHANGED: torch.from_numpy(one.maps)})
        expected = (upright + torch.from_numpy(other.maps)) / 2  # a single mirrored view is turned back too
        assert np.allclose(both.maps, expected, atol=1e-5)

    def test_a_map_that_is_not_finite_names_its_method(self, experiment, lessons, val):
        """Plain Grad-CAM takes its weights from step 2, which here gives none; LayerCAM does not."""
        nothing = SimpleNamespace(
            **{**vars(lessons.gradcam), "channel_weights": lambda gradients: gradients.mean(dim=(2, 3)) * torch.nan}
        )
        methods = {name: METHODS[name] for name in ("layercam", "gradcam", "watershed")}
        broken = replace(experiment, lessons=replace(lessons, gradcam=nothing))
        with pytest.raises(LabError, match=r"is not finite by the method gradcam and watershed: check the weights, or"):
            make_maps(broken, {"val": val[:4]}, methods)


def test_methods_that_are_not_defined_are_left_out(experiment, lessons):
    assert set(applicable(experiment.classifier, lessons)) == set(METHODS)
    headless = replace(experiment.classifier, network=nn.Sequential(nn.Conv2d(3, 3, 3)), layer="0")
    left = {"gradcam", "gradcam++", "layercam", "hirescam", "otsu", "watershed", "refined"}
    left |= {"flip", "scales", "1.25x", "1.5x", "pair"}
    assert set(applicable(headless, lessons)) == left
