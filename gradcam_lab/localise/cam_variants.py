"""CAM and its kin: one template, in which only the weights differ.

Each method multiplies the feature map by weights, sums over the channels and keeps what is positive. A weight may hold
for a whole channel, shape (N, K, 1, 1), or for each cell of it, shape (N, K, h, w).
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.models.classifier import Classifier


class Evidence(NamedTuple):
    """What a forward pass and the way back to the layer have shown.

    `features` and `gradients` are of shape (N, K, h, w), `probabilities` of the target (N,); `rows` are the weights
    (N, K) of each image's most probable output of the target, None where the network does not end in one linear layer.
    """

    features: Tensor
    gradients: Tensor
    probabilities: Tensor
    rows: Tensor | None


Weights = Callable[[Evidence, Lessons], Tensor]
"""From the evidence to what the feature map is multiplied by."""


def cam(seen: Evidence, lessons: Lessons) -> Tensor:
    """The last layer's own weights (Zhou et al. 2016).

    Raises:
        ValueError: the network does not end in one linear layer.
    """
    if seen.rows is None or seen.rows.shape[1] != seen.features.shape[1]:
        raise ValueError("CAM needs a network that ends in an average and one linear layer: choose another method")
    return seen.rows[:, :, None, None]


def grad_cam(seen: Evidence, lessons: Lessons) -> Tensor:
    """The gradient, averaged over space (Selvaraju et al. 2017): step 2's."""
    return lessons.gradcam.channel_weights(seen.gradients)[:, :, None, None]


def grad_cam_plus_plus(seen: Evidence, lessons: Lessons) -> Tensor:
    r"""The positive gradients, each cell by its share (Chattopadhay et al. 2018, equation 19, for the score $e^y$).

    $\alpha = g^2 / (2 g^2 + \sum_{ab} A_{ab} g^3)$, and 0 where the denominator is 0.
    """
    square, cube = seen.gradients**2, seen.gradients**3
    below = 2 * square + seen.features.sum(dim=(2, 3), keepdim=True) * cube
    alpha = torch.where(below != 0, square / torch.where(below != 0, below, 1), 0)
    return (alpha * seen.gradients.relu()).sum(dim=(2, 3), keepdim=True)


def layer_cam(seen: Evidence, lessons: Lessons) -> Tensor:
    """The positive gradients, cell by cell (Jiang et al. 2021)."""
    return seen.gradients.relu()


def hires_cam(seen: Evidence, lessons: Lessons) -> Tensor:
    """The gradients as they are, cell by cell (Draelos and Carin 2020)."""
    return seen.gradients


def explain(seen: Evidence, weights: Weights, lessons: Lessons) -> Tensor:
    """Return the raw maps, shape (N, h, w): the template, whose sum and ReLU are step 2's."""
    weighed = seen.features * weights(seen, lessons)
    return lessons.gradcam.weighted_map(weighed, weighed.new_ones(weighed.shape[:2]))


def look(classifier: Classifier, lessons: Lessons, inputs: Tensor, target: str, layer: str | None = None) -> Evidence:
    """Run a batch once, and go back from the target's score to the layer.

    Args:
        classifier: whose network runs.
        lessons: whose step 2 watches it.
        inputs: preprocessed images, shape (N, 3, H, W).
        target: a class the classifier speaks.
        layer: another layer than the classifier's own.

    Raises:
        ValueError: there is no such layer, or it gives no feature map.
    """
    explainer = lessons.gradcam.GradCAM(classifier.network, layer or classifier.layer)
    with lessons.gradcam.watched(classifier.network, explainer.layer) as stored:
        outputs = classifier.network(inputs).float()
        features = explainer.only(stored)
        (gradients,) = torch.autograd.grad(classifier.score(outputs, target).sum(), features)
        outputs = outputs.detach()
        rows = _rows(classifier, lessons, outputs, target)
        return Evidence(features.detach(), gradients, classifier.probability(outputs, target), rows)


def _rows(classifier: Classifier, lessons: Lessons, outputs: Tensor, target: str) -> Tensor | None:
    try:
        weight = lessons.cam.linear_layer(classifier.network).weight.detach()
    except ValueError:
        return None
    group = torch.tensor(classifier.outputs_of(target), device=outputs.device)
    return weight[group[outputs[:, group].argmax(dim=1)]]
