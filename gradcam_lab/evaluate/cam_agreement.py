"""Steps 1 and 2 side by side on a few images: the top five, and how far Grad-CAM is from CAM."""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from gradcam_lab.data.sample import Sample
from gradcam_lab.evaluate.records import CamAgreement, TopFive
from gradcam_lab.localise.cam_definition import why_no_cam
from gradcam_lab.localise.experiment import Experiment
from gradcam_lab.localise.explainer import explain_score, inputs_of
from gradcam_lab.models.memory import in_parts

COMPARED_IMAGES = 16


def top5(experiment: Experiment, sample: Sample) -> TopFive:
    """Name the five most probable outputs of one image, beside what is really in it."""
    classifier = experiment.classifier
    image = inputs_of(classifier, [sample])[0]
    names = [classifier.label(index) for index in range(len(classifier.output_names))]
    k = min(5, len(names))
    return {
        "image": sample.id,
        "true": sorted({item.name for item in sample.objects}),
        "named": set(names) == set(classifier.class_names),
        "predictions": experiment.lessons.cam.predict(classifier.network, image, names, k, classifier.activation),
    }


def cam_and_gradcam(experiment: Experiment, samples: Sequence[Sample]) -> tuple[Tensor, Tensor] | None:
    r"""Compute ReLU(CAM) / (hw) and Grad-CAM of the target's most probable output, shape (N, h, w) each.

    None where CAM is not defined, because the network does not end in one linear layer after the average.
    """
    classifier, lessons = experiment.classifier, experiment.lessons
    images = inputs_of(classifier, samples)
    if why_no_cam(classifier.network, images[:1]):
        return None
    with torch.no_grad():
        group = classifier.outputs_of(experiment.target)
        best = torch.cat(in_parts(classifier.network, images))[:, group].argmax(dim=1).tolist()
    outputs = [group[index] for index in best]
    one = partial(lessons.cam.class_activation_map, classifier.network)
    cam = torch.cat([one(image[None], output) for image, output in zip(images, outputs, strict=True)])
    explained = in_parts(
        lambda some: explain_score(classifier, lessons, images[some], [outputs[i] for i in some]),
        list(range(len(images))),
    )
    return cam.relu() / cam[0].numel(), torch.cat(explained)


def measure(maps: tuple[Tensor, Tensor] | None) -> CamAgreement | None:
    """Say how far the two kinds of maps are apart, in units of the map's maximum, and their mean cosine."""
    if maps is None:
        return None
    cam, gradcam = (part.flatten(1).double() for part in maps)
    evident = gradcam.amax(dim=1) > 0  # a map of zeros has no direction
    difference = (cam - gradcam)[evident].abs().amax(dim=1) / gradcam[evident].amax(dim=1)
    cosine = torch.cosine_similarity(cam[evident], gradcam[evident])
    return {
        "images": len(cam),
        "max_relative_difference": float(difference.max()) if len(difference) else None,
        "mean_cosine": float(cosine.mean()) if len(cosine) else None,
    }
