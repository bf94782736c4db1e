"""Does a map depend on the class, and on what the network has learned? Step 6's question, of a single image.

Two rank correlations answer it: with the map of another class, and with the map of the same network whose weights are
random again in every layer, the last stage of step 6's cascade, drawn once. It costs two more maps a class.
"""

from dataclasses import replace

import numpy as np
from torch import nn

from gradcam_lab.explain.explanation import AT_THE_PIXELS, Dependence, Explanation, map_of
from gradcam_lab.explain.photo import Photo
from gradcam_lab.explain.targets import Target, output_target, rather_than
from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.models.classifier import Classifier
from gradcam_lab.report.figures.rgb import gradient_strength


def random_twin(classifier: Classifier, lessons: Lessons, seed: int) -> Classifier | None:
    """Return the classifier with random weights in every layer; None where no layer knows how to begin anew."""
    if not any(callable(getattr(module, "reset_parameters", None)) for module in classifier.network.modules()):
        return None
    # "" is the name of the network itself among its modules, and so stands for all of it.
    network: nn.Module = lessons.faithfulness.reinitialised(classifier.network, [""], seed)
    return replace(classifier, network=network)


def measure(one: Explanation, twin: Classifier | None) -> Dependence:
    """Compare a target's map with that of another class, and with that of the network of random weights."""
    photo, request, target = one.photo, one.request, one.target
    kind = request.measured
    other = other_target(photo, target)
    of_other = map_of(photo, request, other, kind) if other else None
    of_random = map_of(photo.before(twin), request, target, kind) if twin else None
    lessons, own = photo.lessons, one.maps[kind]
    return Dependence(
        kind, other, alike(lessons, kind, own, of_other), alike(lessons, kind, own, of_random), request.seed
    )


def other_target(photo: Photo, target: Target) -> Target | None:
    """The most probable output that is none of the target's; set against the same class, where the target is."""
    taken = {output for part in target.parts for output in part.outputs}
    left = [index for index in photo.outputs[0].argsort(descending=True).tolist() if index not in taken]
    if not left:
        return None
    other = output_target(photo.classifier, left[0])
    return rather_than(other, target.against) if target.against else other


def alike(lessons: Lessons, kind: str, own: np.ndarray, other: np.ndarray | None) -> float | None:
    """The rank correlation of two maps of a kind; None where one of them orders nothing, or is not finite."""
    if other is None:
        return None
    maps = [gradient_strength(values) if kind in AT_THE_PIXELS else values for values in (own, other)]
    if not all(np.isfinite(values).all() and np.ptp(values) > 0 for values in maps):
        return None
    return lessons.faithfulness.rank_correlation(*maps)
