"""The maps of networks more and more of whose weights are random: the cascade of Adebayo et al. (2018)."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

import numpy as np
import torch
from torch import Tensor, nn

from gradcam_lab.console import tracked
from gradcam_lab.evaluate.bootstrap import FEWEST, above_zero, mean_of
from gradcam_lab.evaluate.faithfulness.comparison import ExaminedMaps
from gradcam_lab.evaluate.faithfulness.records import BASELINES, Randomisation
from gradcam_lab.localise.experiment import Experiment
from gradcam_lab.localise.explainer import Explainer, inputs_of
from gradcam_lab.localise.make_maps import BATCH
from gradcam_lab.localise.map_recipe import PLAIN_RECIPE
from gradcam_lab.models.memory import in_parts

CASCADE_STAGES = 6
"""Stages of the cascade in which the weights become random."""

RANDOM_NETWORKS = 3
"""Random networks of each stage."""


def randomised_weights(examined: ExaminedMaps, few: Sequence[int]) -> Randomisation:
    """Measure the rank correlation of the maps with those of networks with random weights.

    Args:
        examined: the maps.
        few: the indices of the images: the network runs many times for each.
    """
    experiment = examined.experiment
    lesson, network, seed = experiment.lessons.faithfulness, experiment.classifier.network, experiment.seed
    # A map that is the same everywhere is like no other, whatever the weights: of it there is nothing to ask.
    few = [index for index in few if np.ptp(examined.cams[index]) > 0]
    few = few if len(few) >= FEWEST else []
    real, stages = examined.cams[few], cascade(network)
    correlations = np.zeros((RANDOM_NETWORKS, len(stages), len(few)))
    empty = np.zeros(len(stages))
    if few:
        inputs = inputs_of(experiment.classifier, [examined.samples[index] for index in few])
        for draw in tracked(range(RANDOM_NETWORKS), "random weights", RANDOM_NETWORKS):
            for place, layers in enumerate(accumulate(stages)):
                cams = explain(experiment, lesson.reinitialised(network, layers, RANDOM_NETWORKS * seed + draw), inputs)
                correlations[draw, place] = list(map(lesson.rank_correlation, real, cams))
                empty[place] += (cams.max(axis=(1, 2)) == 0).mean() / RANDOM_NETWORKS
    by_image = correlations.mean(axis=0)  # (stages, images): the seeds are no images, so they are averaged first
    beside = [examined.baselines(index, cam.shape) for index, cam in zip(few, real, strict=True)]
    baselines = {
        name: np.array([lesson.rank_correlation(a, b[name]) for a, b in zip(real, beside, strict=True)])
        for name in BASELINES
    }
    gains = {name: mean_of(by_image[-1] - row, seed) for name, row in baselines.items()}
    return {
        "images": len(few),
        "seeds": RANDOM_NETWORKS,
        "stages": [layers[-1] for layers in stages],
        "curve": [mean_of(row, seed) for row in by_image],
        "by_seed": correlations.mean(axis=2).tolist() if few else [],
        "no_evidence": empty.tolist(),
        "baselines": {name: mean_of(row, seed) for name, row in baselines.items()},
        "gains": gains,
        "passed": bool(few) and not any(map(above_zero, gains.values())),
    }


def explain(experiment: Experiment, network: nn.Module, inputs: Tensor) -> np.ndarray:
    """Explain the target by another network of the same architecture: raw maps (N, h, w) of images (N, 3, H, W)."""
    classifier = replace(experiment.classifier, network=network)
    explainer = Explainer(replace(experiment, classifier=classifier, precision="float32"))
    parts = inputs.contiguous(memory_format=torch.channels_last).split(BATCH)
    return np.concatenate(
        [maps for part in parts for maps in in_parts(lambda x: explainer(x)[PLAIN_RECIPE].maps, part)]
    )


def cascade(network: nn.Module, stages: int = CASCADE_STAGES) -> list[list[str]]:
    """Divide a network's layers into stages, the last layer alone first, then down to the first layer.

    Within a stage the layers go from the last to the first. The parts are the network's children; where there are fewer
    of them than stages, as in VGG, the children's children, and so on: a network may hold another one.
    """
    names = with_weights(network)
    while len(names) < stages and (finer := _finer(network, names)) != names:
        names = finer
    *body, last = names
    parts = [part.tolist()[::-1] for part in np.array_split(np.array(body), min(stages - 1, max(len(body), 1)))]
    return [[last], *(part for part in parts[::-1] if part)]


def _finer(network: nn.Module, names: Sequence[str]) -> list[str]:
    """Replace each part by its children, where it has any with weights."""
    children = [(name, with_weights(network.get_submodule(name))) for name in names]
    return [f"{name}.{part}" if part else name for name, parts in children for part in (parts or [""])]


def with_weights(module: nn.Module) -> list[str]:
    """The names of the children that have parameters, in order."""
    return [name for name, child in module.named_children() if any(True for _ in child.parameters())]
