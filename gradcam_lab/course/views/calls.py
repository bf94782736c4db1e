"""How each function of the course is called on a scene: the lesson's arguments, made of a real picture."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gradcam_lab.course.views.scene import IOU, STEPS, SURE, THRESHOLD, Scene
from gradcam_lab.lessons.checks.checking import Wrong, call

# Every function takes a lesson, the student's or the reference's, as a module, and returns what its function returned.


# --- step 1 ---


def predict(lesson: Any, scene: Scene) -> Any:
    """The probabilities of all classes, the highest first."""
    names = scene.classifier.class_names
    return call(lesson.predict, scene.network, scene.inputs[0], names, len(names), "sigmoid")


def get_features(lesson: Any, scene: Scene) -> Any:
    """The feature map before the average, shape (1, K, h, w)."""
    return call(lesson.get_features, scene.network, scene.inputs)


def compute_cam(lesson: Any, scene: Scene) -> Any:
    """The class activation map, shape (1, h, w)."""
    return call(lesson.compute_cam, scene.features, scene.weight, scene.index)


def normalize_map(lesson: Any, scene: Scene) -> Any:
    """The class activation map from 0 to 1, shape (h, w)."""
    return call(lesson.normalize_map, scene.signed_cam)


def overlay(lesson: Any, scene: Scene) -> Any:
    """The photo under its heatmap, shape (H, W, 3)."""
    return call(lesson.overlay, scene.image, scene.heat, 0.5)


# --- step 2 ---


def channel_weights(lesson: Any, scene: Scene) -> Any:
    """One weight a channel, shape (1, K), of a layer at which the gradient is not the same in all cells."""
    return call(lesson.channel_weights, scene.feature_map("layer3")[1])


def weighted_map(lesson: Any, scene: Scene) -> Any:
    """The map, shape (1, h, w)."""
    features, gradients = scene.feature_map(scene.classifier.layer)
    return call(lesson.weighted_map, features, gradients.mean(dim=(2, 3)))


def watched(lesson: Any, scene: Scene) -> Any:
    """The feature map that the hook has stored, shape (1, K, h, w)."""
    with call(lesson.watched, scene.network, scene.classifier.layer) as stored:
        scene.network(scene.inputs)
    if not stored:
        raise Wrong(
            "the layer's output in the list", "the list stays empty", "the hook has to append the feature map to it"
        )
    return stored[0]


def select_scores(lesson: Any, scene: Scene) -> Any:
    """The logits of all classes, one row each; of the class in one image; and of it rather than of the next."""
    count, logits = len(scene.logits), scene.logits[None]
    each = call(lesson.select_scores, logits.repeat(count, 1), list(range(count)))
    one = call(lesson.select_scores, logits, scene.index)
    difference = call(lesson.select_scores, logits, lambda outputs: outputs[:, scene.index] - outputs[:, other(scene)])
    return torch.cat([each, one, difference])


def other(scene: Scene) -> int:
    """The most probable class beside the one that is looked at."""
    return next(index for index in scene.logits.argsort(descending=True).tolist() if index != scene.index)


def gradcam(lesson: Any, scene: Scene) -> Any:
    """The map, shape (1, h, w)."""
    return call(lesson.GradCAM(scene.network, scene.classifier.layer), scene.inputs, scene.index)


def all_classes(lesson: Any, scene: Scene) -> Any:
    """The maps of all classes, shape (1, C, h, w)."""
    return call(lesson.GradCAM(scene.network, scene.classifier.layer).all_classes, scene.inputs)


def input_gradient(lesson: Any, scene: Scene) -> Any:
    """The gradient at the pixels, shape (1, 3, 224, 224)."""
    return call(lesson.input_gradient, scene.network, scene.inputs, scene.index)


class InParts(nn.Module):
    """The embedded network in the parts that torchvision keeps a VGG in."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        parts = dict(network.named_children())
        before = [part for name, part in parts.items() if name not in ("avgpool", "fc")]
        self.features, self.avgpool, self.classifier = nn.Sequential(*before), parts["avgpool"], parts["fc"]

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits, shape (N, C)."""
        return self.classifier(torch.flatten(self.avgpool(self.features(images)), 1))


def vgg_gradcam(lesson: Any, scene: Scene) -> Any:
    """The map of a network in VGG's parts, shape (1, h, w)."""
    return call(lesson.vgg_gradcam, InParts(scene.network), scene.inputs, scene.index)


# --- step 3 ---


def upsample(lesson: Any, scene: Scene) -> Any:
    """The map at the image's size, shape (H, W)."""
    return call(lesson.upsample, scene.cam, scene.size)


def threshold_mask(lesson: Any, scene: Scene) -> Any:
    """What is hot enough, bool, shape (H, W)."""
    return call(lesson.threshold_mask, scene.heatmap, THRESHOLD)


def mask_to_boxes(lesson: Any, scene: Scene) -> Any:
    """The boxes of the islands, shape (n, 4)."""
    return call(lesson.mask_to_boxes, scene.lessons.boxes.threshold_mask(scene.heatmap, THRESHOLD), 30)


def nms(lesson: Any, scene: Scene) -> Any:
    """The indices of the boxes that are kept, shape (k,)."""
    boxes = scene.candidates
    return call(lesson.nms, boxes[:, :4], boxes[:, 4], 0.5, scene.lessons.metrics.box_iou)


def detect(lesson: Any, scene: Scene) -> Any:
    """The scored boxes, shape (n, 5)."""
    iou = scene.lessons.metrics.box_iou
    return call(lesson.detect, scene.cam, scene.size, scene.probability, threshold=THRESHOLD, iou=iou)


# --- step 4 ---


def box_iou(lesson: Any, scene: Scene) -> Any:
    """The overlaps of the detected boxes with the objects, shape (n, m)."""
    return call(lesson.box_iou, scene.candidates[:, :4], scene.objects().boxes)


def match_detections(lesson: Any, scene: Scene) -> Any:
    """What each detection is, shape (n,)."""
    boxes, objects = scene.candidates, scene.objects()
    truth = lesson.GroundTruth(objects.boxes, objects.difficult)
    return call(lesson.match_detections, boxes[:, :4], boxes[:, 4], truth, IOU)


def precision_recall(lesson: Any, scene: Scene) -> Any:
    """The curve of many images."""
    matches = scene.matches
    return call(lesson.precision_recall, matches.scores, matches.outcomes, int(matches.objects.sum()))


def average_precision(lesson: Any, scene: Scene) -> Any:
    """The two areas of that curve, shape (2,)."""
    curve = scene.curve
    areas = [call(lesson.average_precision, curve.precision, curve.recall, how) for how in ("area", "11point")]
    return np.array(areas, dtype=float)


def evaluate(lesson: Any, scene: Scene) -> Any:
    """The scores of many images at three IoU thresholds."""
    truth = {name: lesson.GroundTruth(one.boxes, one.difficult) for name, one in scene.many_objects.items()}
    return call(lesson.evaluate, scene.many_boxes, truth, (0.3, 0.4, 0.5))


# --- step 5 ---


def seeds(lesson: Any, scene: Scene) -> Any:
    """What is surely the class, surely not, and unknown, shape (H, W)."""
    return call(lesson.seeds, scene.heatmap, *SURE)


def refine(lesson: Any, scene: Scene) -> Any:
    """The refined mask, bool, shape (H, W)."""
    return call(lesson.refine, scene.image, scene.seeds, 1)


def confusion(lesson: Any, scene: Scene) -> Any:
    """The pixels by true and predicted class, shape (2, 2)."""
    return call(lesson.confusion, scene.mask.astype(np.uint8), scene.true_mask, 2)


def class_iou(lesson: Any, scene: Scene) -> Any:
    """The IoU of the background and of the class, shape (2,)."""
    return call(lesson.class_iou, scene.confusion)


def mean_iou(lesson: Any, scene: Scene) -> Any:
    """Their mean, a number."""
    return call(lesson.mean_iou, scene.confusion)


def mask_box(lesson: Any, scene: Scene) -> Any:
    """The boxes of the refined mask, shape (n, 4)."""
    return call(lesson.mask_box, scene.mask)


# --- step 6 ---


def maps_to_judge(scene: Scene) -> dict[str, np.ndarray]:
    """Grad-CAM's map, the two that know nothing, and one that is the same everywhere, all of shape (H, W)."""
    knowing_nothing = scene.lessons.faithfulness
    return {
        "Grad-CAM": scene.heatmap,
        "centre map": knowing_nothing.centre_map(scene.size),
        "random map": knowing_nothing.random_map(scene.size, (scene.cam.shape[0], scene.cam.shape[1]), 0),
        "flat map": np.ones(scene.size, np.float32),
    }


def pointing_game(lesson: Any, scene: Scene) -> Any:
    """Whether each of these maps points at an object, shape (4,)."""
    objects = scene.objects()
    asked = maps_to_judge(scene).values()
    return np.array([call(lesson.pointing_game, one, objects.boxes, objects.difficult) for one in asked])


def replacement_curve(lesson: Any, scene: Scene) -> Any:
    """The probabilities while pixels are deleted, and while they are inserted, shape (2, steps + 1)."""
    heat, probability = scene.input_heat, scene.class_probability
    return torch.stack(
        [call(lesson.replacement_curve, probability, start, end, heat, STEPS) for start, end in scene.walks]
    )


def area_under(lesson: Any, scene: Scene) -> Any:
    """The areas under these two curves, shape (2,)."""
    return np.array([call(lesson.area_under, curve) for curve in scene.walked], dtype=float)


COMPARED = ("itself", "its negative", "CAM, with a sign", "a random network's")
"""The maps that Grad-CAM's is compared with."""


def rank_correlation(lesson: Any, scene: Scene) -> Any:
    """The correlations of Grad-CAM's map with these, shape (4,)."""
    others = [scene.cam, -scene.cam, scene.signed_cam, scene.gradcam_of(random_network(scene), scene.inputs)]
    return np.array([call(lesson.rank_correlation, scene.cam, one) for one in others], dtype=float)


RANDOM = ("fc", "layer4")
"""The layers that a view makes random."""


def random_network(scene: Scene) -> nn.Module:
    """The reference's copy of the network in which these layers are random."""
    return scene.lessons.faithfulness.reinitialised(scene.network, RANDOM, 0)


def reinitialised(lesson: Any, scene: Scene) -> Any:
    """The map of the network whose last layers are random, shape (h, w)."""
    network = call(lesson.reinitialised, scene.network, list(RANDOM), 0)
    if not isinstance(network, nn.Module):
        raise Wrong("a network", f"it returned a value of type {type(network).__name__}", "return the copy")
    return scene.gradcam_of(network, scene.inputs)


def heat_on_other(lesson: Any, scene: Scene) -> Any:
    """The share of the heat, and that of the area, on the objects of other classes, shape (2,)."""
    share = call(lesson.heat_on_other, scene.heatmap, scene.objects().boxes, scene.objects(other=True).boxes)
    return np.array([share.heat, share.area] if hasattr(share, "heat") else share, dtype=float)


def mirror_shift(lesson: Any, scene: Scene) -> Any:
    """By how many cells the map lies too far right, a number."""
    return call(lesson.mirror_shift, scene.cam, mirrored_cam(scene))


def mirrored_cam(scene: Scene) -> np.ndarray:
    """The map of the mirrored image, as the network gives it, shape (h, w)."""
    return scene.gradcam_of(scene.network, scene.inputs.flip(-1).contiguous())
