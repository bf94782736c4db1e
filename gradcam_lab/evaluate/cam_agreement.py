"""Steps 1 and 2 side by side on a few images: the top five, and how far Grad-CAM is from CAM."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from gradcam_lab.data.sample import Sample
from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.models.classifier import Classifier

IMAGES = 16


def inputs_of(classifier: Classifier, samples: Sequence[Sample]) -> Tensor:
    """Return the samples as one batch on the network's device, shape (N, 3, size, size)."""
    device = next(classifier.network.parameters()).device
    return torch.stack([classifier.preprocessing(sample.image) for sample in samples]).to(device)


def top5(classifier: Classifier, lessons: Lessons, sample: Sample) -> dict[str, Any]:
    """Name the five most probable outputs of one image, beside what is really in it."""
    image = inputs_of(classifier, [sample])[0]
    k = min(5, len(classifier.output_names))
    predictions = lessons.cam.predict(classifier.network, image, classifier.output_names, k, classifier.activation)
    return {
        "image": sample.id,
        "true": sorted({o.name for o in sample.objects}),
        "named": set(classifier.output_names) == set(classifier.class_names),
        "predictions": [list(prediction) for prediction in predictions],
    }


def cam_and_gradcam(
    classifier: Classifier, lessons: Lessons, samples: Sequence[Sample], target: str
) -> tuple[Tensor, Tensor] | None:
    r"""Compute ReLU(CAM) / (hw) and Grad-CAM of the target's most probable output, shape (N, h, w) each.

    None where the network does not end in one linear layer after the average, so that CAM is not defined.
    """
    images = inputs_of(classifier, samples)
    try:
        lessons.cam.linear_layer(classifier.network)
    except ValueError:
        return None
    with torch.no_grad():
        group = classifier.outputs_of(target)
        best = classifier.network(images)[:, group].argmax(dim=1).tolist()
    classes = [group[index] for index in best]
    rows = [
        lessons.cam.class_activation_map(classifier.network, image[None], index)
        for image, index in zip(images, classes, strict=True)
    ]
    cam = torch.cat(rows)
    gradcam = lessons.gradcam.GradCAM(classifier.network, classifier.layer)(images, classes)
    return cam.relu() / cam[0].numel(), gradcam


def measure(maps: tuple[Tensor, Tensor] | None) -> dict[str, Any] | None:
    """Say how far the two kinds of maps are apart, in units of the map's maximum, and their mean cosine."""
    if maps is None:
        return None
    cam, gradcam = (m.flatten(1).double() for m in maps)
    evident = gradcam.amax(dim=1) > 0  # a map of zeros has no direction
    difference = (cam - gradcam)[evident].abs().amax(dim=1) / gradcam[evident].amax(dim=1)
    cosine = torch.cosine_similarity(cam[evident], gradcam[evident])
    return {
        "images": len(cam),
        "max_relative_difference": float(difference.max()) if len(difference) else None,
        "mean_cosine": float(cosine.mean()) if len(cosine) else None,
    }
