"""CAM and its variants: one template, in which only the weights differ.

Each variant multiplies the feature map by weights, sums over the channels and keeps what is positive. A weight may hold
for a whole channel, shape (N, K, 1, 1), or for each cell of it, shape (N, K, h, w).
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.models.classifier import Classifier


class Evidence(NamedTuple):
    """What a forward pass and the way back to the layer have shown.

    `features` and `gradients` are of shape (N, K, h, w), `outputs` are the logits (N, C); `rows` are the weights (N, K)
    of each image's most probable output of the target, None where the network does not end in one linear layer.
    """

    features: Tensor
    gradients: Tensor
    outputs: Tensor
    rows: Tensor | None


ChannelWeights = Callable[[Evidence, Lessons], Tensor]
"""From the evidence to what the feature map is multiplied by."""


def cam(evidence: Evidence, lessons: Lessons) -> Tensor:
    """The last layer's own weights (Zhou et al. 2016).

    Raises:
        ValueError: the network does not end in one linear layer.
    """
    if evidence.rows is None or evidence.rows.shape[1] != evidence.features.shape[1]:
        raise ValueError("CAM needs a network that ends in an average and one linear layer: choose another method")
    return evidence.rows[:, :, None, None]


def grad_cam(evidence: Evidence, lessons: Lessons) -> Tensor:
    """The gradient, averaged over space (Selvaraju et al. 2017): step 2's."""
    return lessons.gradcam.channel_weights(evidence.gradients)[:, :, None, None]


def grad_cam_plus_plus(evidence: Evidence, lessons: Lessons) -> Tensor:
    r"""The positive gradients, each cell by its share (Chattopadhay et al. 2018, equation 19, for the score $e^y$).

    $\alpha = g^2 / (2 g^2 + \sum_{ab} A_{ab} g^3)$, and 0 where the denominator is 0.
    """
    square, cube = evidence.gradients**2, evidence.gradients**3
    below = 2 * square + evidence.features.sum(dim=(2, 3), keepdim=True) * cube
    alpha = torch.where(below != 0, square / torch.where(below != 0, below, 1), 0)
    return (alpha * evidence.gradients.relu()).sum(dim=(2, 3), keepdim=True)


def layer_cam(evidence: Evidence, lessons: Lessons) -> Tensor:
    """The positive gradients, cell by cell (Jiang et al. 2021)."""
    return evidence.gradients.relu()


def hires_cam(evidence: Evidence, lessons: Lessons) -> Tensor:
    """The gradients as they are, cell by cell (Draelos and Carin 2020)."""
    return evidence.gradients


def bag_cams(evidence: Evidence, lessons: Lessons) -> Tensor:
    r"""What each cell and channel adds to the score, where it adds to it (BagCAMs, Zhu et al. 2022, equation 8).

    Each channel counts $1 + \overline{g A}$ times, the mean over the cells, and nothing that is negative is summed. The
    official code differentiates the logit's logarithm; here it is the logit, as everywhere.
    """
    shares = evidence.features * evidence.gradients
    bagged = 1 + shares.mean(dim=(2, 3), keepdim=True)
    return torch.where(bagged * shares > 0, bagged * evidence.gradients, 0)


def weighted_cam(evidence: Evidence, weights: ChannelWeights, lessons: Lessons) -> Tensor:
    """Return the raw maps, shape (N, h, w): the template, whose sum and ReLU are step 2's."""
    weighed = evidence.features * weights(evidence, lessons)
    return lessons.gradcam.weighted_map(weighed, weighed.new_ones(weighed.shape[:2]))


def find_evidence(classifier: Classifier, lessons: Lessons, inputs: Tensor, target: str) -> Evidence:
    """Run a batch once, and go back from the target's score to the classifier's layer.

    Args:
        classifier: whose network runs.
        lessons: whose step 2 watches it.
        inputs: preprocessed images, shape (N, 3, H, W).
        target: a class that the classifier knows.

    Raises:
        ValueError: there is no such layer, or it gives no feature map.
    """
    explainer = lessons.gradcam.GradCAM(classifier.network, classifier.layer)
    with lessons.gradcam.watched(classifier.network, explainer.layer) as stored:
        outputs = classifier.network(inputs).float()
        features = explainer.only(stored)
        (gradients,) = torch.autograd.grad(classifier.score(outputs, target).sum(), features)
        outputs = outputs.detach()
        return Evidence(features.detach(), gradients, outputs, _rows(classifier, lessons, outputs, target))


def find_both_evidence(
    classifier: Classifier, lessons: Lessons, inputs: Tensor, target: str, earlier: str
) -> tuple[Evidence, Evidence]:
    """Run a batch once, and go back to the classifier's layer and on to an earlier one.

    Args:
        classifier: whose network runs.
        lessons: whose step 2 watches the earlier layer, from which on there is a graph.
        inputs: preprocessed images, shape (N, 3, H, W).
        target: a class that the classifier knows.
        earlier: the name of the earlier layer.

    Returns:
        The evidence at the classifier's layer, and at the earlier one.

    Raises:
        ValueError: there is no such layer, or it gives no feature map.
    """
    explainer = lessons.gradcam.GradCAM(classifier.network, earlier)
    noted: list[Tensor] = []

    def note(layer: nn.Module, given: object, output: Tensor) -> Tensor:
        noted.append(output)
        return output.clone()  # what follows may work in place

    layer = lessons.gradcam.find_layer(classifier.network, classifier.layer)
    with lessons.gradcam.watched(classifier.network, earlier) as stored, layer.register_forward_hook(note):
        outputs = classifier.network(inputs).float()
        maps = [noted[-1], explainer.only(stored)]
        gradients = torch.autograd.grad(classifier.score(outputs, target).sum(), maps)
        outputs = outputs.detach()
        rows = _rows(classifier, lessons, outputs, target)
        last, first = (Evidence(a.detach(), g, outputs, rows) for a, g in zip(maps, gradients, strict=True))
        return last, first._replace(rows=None)


def joined(parts: Sequence[Evidence]) -> Evidence:
    """Put the evidence of the parts of a batch together, in float32 whatever the precision of the network."""
    features, gradients, outputs = (
        torch.cat([getattr(part, name) for part in parts]).float() for name in ("features", "gradients", "outputs")
    )
    rows = [part.rows for part in parts if part.rows is not None]
    return Evidence(features, gradients, outputs, torch.cat(rows).float() if rows else None)


def _rows(classifier: Classifier, lessons: Lessons, outputs: Tensor, target: str) -> Tensor | None:
    try:
        weight = lessons.cam.linear_layer(classifier.network).weight.detach()
    except ValueError:
        return None
    group = torch.tensor(classifier.outputs_of(target), device=outputs.device)
    return weight[group[outputs[:, group].argmax(dim=1)]]
