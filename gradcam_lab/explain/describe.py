"""Sentences about a photo: the layer looked at, a class with its probability, and true beside predicted classes."""

from gradcam_lab.explain.explanation import TITLES, Explanation, Request
from gradcam_lab.explain.photo import Photo
from gradcam_lab.explain.targets import Target, output_target
from gradcam_lab.localise.map_recipe import PLAIN_RECIPE
from gradcam_lab.localise.methods import METHODS


def layer(one: Explanation) -> str:
    """Say which layer was looked at and why."""
    model, request = one.photo.classifier, one.request
    if one.grid is None:
        size = model.preprocessing.size
        return f"No layer: the gradient is taken at the pixels of the network's input, {size} x {size}."
    if request.method == "cam":
        why = "the only layer that CAM can look at, the last before the average"
    else:
        why = model.layer_reason
    rows, columns = one.maps[one.grid].shape
    plain = one.grid == "cam" or METHODS[one.grid].recipe == PLAIN_RECIPE
    whose = "its map" if plain else f"the map of {TITLES[one.grid]}"
    return f"{model.layer_name}: {why}; {whose} has {rows} x {columns} cells"


def cam_or_gradcam(photo: Photo) -> str:
    """Say which of the two a network gets where neither was asked for, and why."""
    model = photo.classifier
    if photo.why_no_cam:
        return f"Grad-CAM at {model.about_layer}. CAM is not defined: {photo.why_no_cam}"
    return f"CAM at {model.layer_name}: the network ends in an average and one linear layer"


def corners(one: Explanation) -> str:
    """List the boxes, as the end of a sentence: corners in pixels of the image, and scores."""
    rows = [] if one.boxes is None else one.boxes.tolist()
    told = [f"{x0:g},{y0:g} to {x1:g},{y1:g} (score {score:.2f})" for x0, y0, x1, y1, score in rows]
    return f": {'; '.join(told)}" if told else ""


def boxes(one: Explanation) -> str:
    """Say how many boxes were found in a map, and how."""
    count = 0 if one.boxes is None else len(one.boxes)
    return f"{count or 'no'} box{'' if count == 1 else 'es'}{at_threshold(one.request)}"


def at_threshold(request: Request) -> str:
    """Say at which threshold boxes were found; nothing where each map has its own."""
    return f" at threshold {request.threshold:g}" if request.finder.grid else ""


def same_map(method: str) -> str:
    """Say of a method that differs from another only in how it finds boxes; nothing of any other."""
    recipe = METHODS[method].recipe if method in METHODS else None
    first = next((name for name, other in METHODS.items() if other.recipe == recipe), method)
    return "" if first == method else f"{method} has the map of {first}; how its boxes differ is shown by --boxes."


BOX = (
    "xmin, ymin, xmax, ymax, score; pixels of the photo as it is displayed (turned as its EXIF orientation says), "
    "counted from 1, both ends inside, as in VOC"
)
"""What the numbers of a box are."""

PARTLY, HARDLY = 0.5, 0.8
"""From these rank correlations on a map is said to depend in part, and hardly; the number stands beside the word."""


def dependence(one: Explanation) -> str:
    """Say whether a map depends on the class and on the weights, with both numbers and what a high one would mean."""
    measured = one.dependence
    if measured is None:
        return ""
    other = f"the map of {measured.other.title}, the next class" if measured.other else "the map of another class"
    return (
        f"{one.target.title}: does the map depend on the class? "
        f"{_answer(measured.on_class, other, 'both would look at the same place')} On what the network has learned? "
        f"{_answer(measured.on_weights, 'the map of random weights in all layers, drawn once', 'any weights would do')}"
    )


def _answer(correlation: float | None, whose: str, meaning: str) -> str:
    if correlation is None:
        return f"Unknown: there is no such map, or one is the same everywhere ({whose})."
    answer = "Hardly" if correlation >= HARDLY else "In part" if correlation >= PARTLY else "Yes"
    return f"{answer}: rank correlation {correlation:.2f} with {whose} (near 1 {meaning})."


def headline(one: Explanation) -> str:
    """Name a target with its probability and score; of a difference, with both probabilities."""
    photo, target = one.photo, one.target
    chances = probability(photo, target)
    if target.against:
        chances += f" against {probability(photo, target.against).removeprefix('= ')}"
    return f"{target.title}: p {chances}, {target.meaning} {photo.score(target):.2f}{_stand_in(one)}"


def _stand_in(one: Explanation) -> str:
    """Say which output stood for a group, because CAM has no map of a group."""
    groups = [part for part in one.target.parts if part.index is None]
    if "cam" not in one.maps or not groups:
        return ""
    photo = one.photo
    names = [f"{photo.classifier.label(photo.member(part.outputs))} for {part.name}" for part in groups]
    return f" (CAM knows no groups and shows {' and '.join(names)}, its most probable member)"


def probability(photo: Photo, target: Target) -> str:
    """Write a probability as a relation, such as "= 0.950": none is 0 or 1."""
    value = photo.probability(target)
    if value < 0.001:
        return "< 0.001"
    return "> 0.999" if value > 0.999 else f"= {value:.3f}"


def verdict(photo: Photo, true: tuple[str, ...] | None) -> str:
    """Set the true classes, where they are known, beside the predicted ones."""
    found = predicted(photo)
    names = {target.name for target in found}
    said = ", ".join(f"{target.title} p {probability(photo, target)}" for target in found)
    if true is None:
        return f"true class unknown; predicted: {said}"
    several = photo.classifier.activation == "sigmoid"
    right = names == set(true) if several else names <= set(true)
    return f"true: {', '.join(true) or 'none'}; predicted: {said} ({'right' if right else 'wrong'})"


def predicted(photo: Photo) -> list[Target]:
    """The prediction: the most probable class, or all of at least 1/2 where several may occur together."""
    if photo.classifier.activation == "softmax":
        return [photo.predicted()]
    every = [output_target(photo.classifier, index) for index in range(photo.outputs.shape[1])]
    found = sorted((t for t in every if photo.probability(t) >= 0.5), key=photo.probability, reverse=True)
    return found or [photo.predicted()]
