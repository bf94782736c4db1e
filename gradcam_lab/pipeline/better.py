"""Better boxes than plain Grad-CAM's, honestly compared: the same images, thresholds from val, intervals, time.

A method is a recipe: whose weights, seen in which views, whether the heat is shared along an earlier layer, and how
boxes are found in the map. Methods that look at the same view share its forward pass.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gradcam_lab.console import progress, tracked
from gradcam_lab.data.sample import Sample
from gradcam_lab.models.classifier import Classifier
from gradcam_lab.pipeline import finders, scoring, sweep
from gradcam_lab.pipeline.heatmaps import BATCH, place
from gradcam_lab.pipeline.methods import (
    Evidence,
    Weights,
    cam,
    explain,
    grad_cam,
    grad_cam_plus_plus,
    hires_cam,
    layer_cam,
    look,
)
from gradcam_lab.pipeline.steps import Steps

FINER = 4
"""Maps of several views are averaged on a grid so many times as fine as the layer's."""

AFFORDABLE = 3.0
"""The default method costs less than so many times plain Grad-CAM."""


class View(NamedTuple):
    """One look at an image: its size relative to the network's input, and whether it is mirrored."""

    scale: float = 1.0
    mirrored: bool = False


PLAIN = View()
MIRRORED = View(mirrored=True)
PAIR = (PLAIN, View(0.75, True))
"""The cheapest way to have both another size and a mirrored image: 1.6 times one view."""

THREE = (PLAIN, MIRRORED, View(0.75))
SCALES = (View(0.75), PLAIN, View(1.5, True), View(2.0, True))


@dataclass(frozen=True)
class Method:
    """A recipe.

    Attributes:
        title: its name in the table.
        weights: of the template in `methods`.
        views: whose maps are averaged.
        shared: whether heat is shared among cells that look alike at an earlier layer.
        find: from the full-size map to boxes.
        swept: whether `find` uses the threshold that val chooses.
        needs_image: whether `find` looks at the image.
    """

    title: str
    weights: Weights = grad_cam
    views: tuple[View, ...] = (PLAIN,)
    shared: bool = False
    find: finders.Finder = finders.islands
    swept: bool = True
    needs_image: bool = False
    grid: tuple[float, ...] = sweep.GRID


METHODS: dict[str, Method] = {
    "cam": Method("CAM", cam),
    "gradcam": Method("Grad-CAM"),
    "gradcam++": Method("Grad-CAM++", grad_cam_plus_plus),
    "layercam": Method("LayerCAM", layer_cam),
    "hirescam": Method("HiResCAM", hires_cam),
    "otsu": Method("Grad-CAM, Otsu's threshold", find=finders.otsu, swept=False),
    "watershed": Method("Grad-CAM, split by watershed", find=finders.watershed),
    "flip": Method("Grad-CAM, flip", views=(PLAIN, MIRRORED)),
    "scales": Method("Grad-CAM, 4 scales, half of them flipped", views=SCALES),
    "shared": Method("Grad-CAM, earlier layer", shared=True),
    "larger": Method("Grad-CAM, 1.25x", views=(View(1.25),)),
    "pair": Method("Grad-CAM, 0.75x flipped", views=PAIR),
    "pair+shared": Method("Grad-CAM, 0.75x flipped, earlier layer", views=PAIR, shared=True),
    "pair+shared+watershed": Method(
        "Grad-CAM, 0.75x flipped, earlier layer, watershed", views=PAIR, shared=True, find=finders.watershed
    ),
    "three": Method("Grad-CAM, flip, 0.75x", views=THREE),
    "three+shared": Method("Grad-CAM, flip, 0.75x, earlier layer", views=THREE, shared=True),
    "three+shared+watershed": Method(
        "Grad-CAM, flip, 0.75x, earlier layer, watershed", views=THREE, shared=True, find=finders.watershed
    ),
}
"""Every method by its name on the command line; step 5's mask adds one with `needs_image`."""


class Maps(NamedTuple):
    """One method's raw maps (n, h, w) of a split, and the target's probabilities (n,)."""

    maps: np.ndarray
    probabilities: np.ndarray


class Looker:
    """Explains batches by several methods, each view only once.

    Args:
        classifier: whose network runs.
        steps: whose step 2 is used.
        target: the class.
        methods: by name.
    """

    def __init__(self, classifier: Classifier, steps: Steps, target: str, methods: Mapping[str, Method]) -> None:
        self.classifier, self.steps, self.target, self.methods = classifier, steps, target, methods
        self.device = place(classifier)
        sharing = any(method.shared for method in methods.values())
        self.earlier = earlier_layer(classifier) if sharing else None

    def inputs(self, samples: Sequence[Sample]) -> Tensor:
        """Read and preprocess a batch, shape (N, 3, size, size)."""
        images = torch.stack([self.classifier.preprocessing(sample.image) for sample in samples])
        return images.to(self.device, memory_format=torch.channels_last)

    def __call__(self, inputs: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Return each method's maps (N, h, w), and its probabilities (N,): the mean over its views."""
        views = {view for method in self.methods.values() for view in method.views}
        early: list[Tensor] = []
        seen = {view: self.look(inputs, view, early) for view in sorted(views)}
        alike = similarity(early[0]) if early else None
        maps = {name: self.combine(method, seen, early, alike) for name, method in self.methods.items()}
        sure = {
            name: torch.stack([seen[view].probabilities for view in method.views]).mean(dim=0)
            for name, method in self.methods.items()
        }
        return maps, sure

    def look(self, inputs: Tensor, view: View, early: list[Tensor]) -> Evidence:
        """See one view; the plain one also leaves the earlier layer's output in `early`."""
        images = seen_as(inputs, view)
        if view != PLAIN or self.earlier is None:
            return look(self.classifier, self.steps, images, self.target)
        module = self.steps.gradcam.find_layer(self.classifier.network, self.earlier)
        handle = module.register_forward_hook(lambda module, given, output: early.append(output.detach().clone()))
        try:
            return look(self.classifier, self.steps, images, self.target)
        finally:
            handle.remove()

    def combine(
        self, method: Method, seen: Mapping[View, Evidence], early: Sequence[Tensor], alike: Tensor | None
    ) -> Tensor:
        """Put one method's maps together from what was seen."""
        maps = {view: explain(seen[view], method.weights, self.steps) for view in method.views}
        if len(maps) == 1 and not method.shared:
            ((view, alone),) = maps.items()
            return alone.flip(-1) if view.mirrored else alone
        fused = averaged(maps, FINER * min(found.shape[1] for found in maps.values()))
        return share(fused, alike, early[0].shape[2:]) if method.shared and alike is not None else fused


def seen_as(inputs: Tensor, view: View) -> Tensor:
    """Return a batch (N, 3, S, S) as a view shows it; its side is a multiple of 32."""
    if view.scale != 1:
        side = max(1, round(inputs.shape[2] * view.scale / 32)) * 32
        smooth = view.scale < 1
        inputs = F.interpolate(inputs, size=(side, side), mode="bilinear", align_corners=False, antialias=smooth)
    return inputs.flip(-1) if view.mirrored else inputs  # the last axis: the one before it is the height


def averaged(maps: Mapping[View, Tensor], side: int) -> Tensor:
    """Average maps of different sizes, each as a share of its own maximum: shape (N, side, side)."""
    total = torch.zeros(())
    for view, found in maps.items():
        share_of_peak = found / found.amax(dim=(1, 2), keepdim=True).clamp(min=1e-12)
        upright = share_of_peak.flip(-1) if view.mirrored else share_of_peak
        total = total.to(found.device) + resized(upright, (side, side), "bilinear")
    return total / len(maps)


def resized(maps: Tensor, size: Sequence[int], mode: str) -> Tensor:
    """Resize maps (N, h, w)."""
    corners = {"align_corners": False} if mode == "bilinear" else {}
    return F.interpolate(maps[:, None], size=tuple(size), mode=mode, **corners)[:, 0]


def similarity(features: Tensor) -> Tensor:
    r"""How alike each two cells of a feature map look: $\max(0, \cos)^4$.

    The features' mean over the image is taken off first, so that what all cells share does not count. This is the
    propagation of SEAM (Wang et al. 2020), without anything learned.

    Args:
        features: shape (N, K, h, w).

    Returns:
        Shape (N, h w, h w).
    """
    own = F.normalize(features - features.mean(dim=(2, 3), keepdim=True), dim=1).flatten(2)
    return torch.bmm(own.transpose(1, 2), own).clamp_(min=0).square_().square_()  # much quicker than pow(4)


def share(maps: Tensor, alike: Tensor, size: Sequence[int]) -> Tensor:
    """Give each cell the mean heat of the cells that look like it: maps (N, H, W) to (N, *size)."""
    heat = resized(maps, size, "area").flatten(1)
    total, count = torch.bmm(alike, torch.stack([heat, torch.ones_like(heat)], dim=2)).unbind(dim=2)
    return (total / count.clamp(min=1e-12)).view(len(maps), *size)


def earlier_layer(classifier: Classifier) -> str:
    """Name the last block whose feature map has at least twice the resolution of the classifier's layer.

    A block is a child of the network, or a child of that: what lies deeper is a part of one.

    Raises:
        ValueError: there is none.
    """
    heights = block_heights(classifier.network, classifier.preprocessing.size)
    before = list(heights)[: list(heights).index(classifier.layer)]  # an adaptive average may enlarge the map again
    fine = [name for name in before if heights[name] >= 2 * heights[classifier.layer]]
    if not fine:
        raise ValueError(f"no block before '{classifier.layer}' has a finer map: choose a method without sharing")
    return fine[-1]


def block_heights(network: nn.Module, size: int) -> dict[str, int]:
    """Return the height of every block's feature map, in the order in which the blocks end."""
    heights: dict[str, int] = {}

    def noting(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, given: Any, output: Any) -> None:
            if isinstance(output, Tensor) and output.dim() == 4:
                heights[name] = output.shape[2]

        return hook

    blocks = [(name, module) for name, module in network.named_modules() if name and name.count(".") < 2]
    handles = [module.register_forward_hook(noting(name)) for name, module in blocks]
    try:
        with torch.no_grad():
            network(torch.zeros(1, 3, size, size, device=next(network.parameters()).device))
    finally:
        for handle in handles:
            handle.remove()
    return heights


def explain_all(looker: Looker, samples: Sequence[Sample], title: str) -> dict[str, Maps]:
    """Run every method over a split, in batches."""
    found: dict[str, list[np.ndarray]] = {name: [] for name in looker.methods}
    probabilities: dict[str, list[np.ndarray]] = {name: [] for name in looker.methods}
    with progress(title, len(samples)) as advance:
        for start in range(0, len(samples), BATCH):
            batch = samples[start : start + BATCH]
            maps, sure = looker(looker.inputs(batch))
            for name, values in maps.items():
                found[name].append(values.float().cpu().numpy())
                probabilities[name].append(sure[name].float().cpu().numpy())
            advance(len(batch))
    return {name: Maps(np.concatenate(values), np.concatenate(probabilities[name])) for name, values in found.items()}


def detect_all(
    steps: Steps, method: Method, found: Maps, samples: Sequence[Sample], threshold: float, min_area: int
) -> dict[str, np.ndarray]:
    """Find boxes in every image by one method: (n, 5) arrays by image."""
    return {
        sample.id: finders.detect(
            steps,
            method.find,
            heatmap,
            sample.size,
            float(probability),
            threshold,
            min_area,
            sample.image if method.needs_image else None,
        )
        for sample, heatmap, probability in zip(samples, found.maps, found.probabilities, strict=True)
    }


def choose_threshold(
    steps: Steps,
    method: Method,
    found: Maps,
    samples: Sequence[Sample],
    target: str,
    thresholds: Sequence[float],
    min_area: int,
) -> tuple[float | None, float]:
    """Choose the threshold on val as the pipeline's sweep does, and say what mean AP it has there."""
    truth = sweep.ground_truth(steps, samples, target)
    grid = sweep.GRID if method.swept else (0.0,)
    means = []
    for fraction in grid:
        detections = detect_all(steps, method, found, samples, fraction, min_area)
        means.append(np.mean([s.ap for s in steps.metrics.evaluate(detections, truth, thresholds).values()]))
    best = sweep.choose(means) if method.swept else 0
    return (grid[best] if method.swept else None), float(means[best])


def compare(
    classifier: Classifier,
    steps: Steps,
    val: Sequence[Sample],
    test: Sequence[Sample],
    target: str,
    thresholds: Sequence[float],
    min_area: int,
    seed: int,
    methods: Mapping[str, Method] = METHODS,
) -> dict[str, Any]:
    """Compare methods on the same images.

    Args:
        classifier: whose network is explained.
        steps: whose steps are used.
        val: chooses each method's threshold, and the default among the methods.
        test: is scored once a method.
        target: the class.
        thresholds: IoU thresholds.
        min_area: the smallest island.
        seed: of the bootstrap.
        methods: by name; "gradcam" must be among them, since costs are relative to it.

    Returns:
        `rows`, each with `name`, `title`, `threshold` (None for one of the image's own), `val_mean_ap`, `scores` (see
        `scoring.score_detections`), `milliseconds` an image and `cost` relative to plain Grad-CAM; and the `default`.
    """
    methods = {name: method for name, method in methods.items() if defined(classifier, steps, method)}
    looker = Looker(classifier, steps, target, methods)
    on_val, on_test = (explain_all(looker, s, f"methods on {n}") for n, s in (("val", val), ("test", test)))
    times = measure_times(classifier, steps, target, methods, test, min_area)
    truth = sweep.ground_truth(steps, test, target)
    counts = scoring.image_draws(len(truth), seed)
    rows = []
    for name, method in tracked(methods.items(), "comparing methods", len(methods)):
        threshold, val_ap = choose_threshold(steps, method, on_val[name], val, target, thresholds, min_area)
        detections = detect_all(steps, method, on_test[name], test, threshold or 0.0, min_area)
        scores = scoring.score_detections(steps, detections, truth, thresholds, counts)
        cost = times[name] / times["gradcam"]
        row = {"name": name, "title": method.title, "threshold": threshold, "val_mean_ap": val_ap, "scores": scores}
        rows.append({**row, "milliseconds": 1000 * times[name], "cost": cost})
    return {"rows": rows, "default": best_affordable(rows)}


def defined(classifier: Classifier, steps: Steps, method: Method) -> bool:
    """Say whether a method suits the network: CAM needs its one linear layer, sharing a finer layer."""
    try:
        if method.weights is cam:
            steps.cam.linear_layer(classifier.network)
        if method.shared:
            earlier_layer(classifier)
    except ValueError:
        return False
    return True


def applicable(classifier: Classifier, steps: Steps) -> dict[str, Method]:
    """The methods that suit a network."""
    return {name: method for name, method in METHODS.items() if defined(classifier, steps, method)}


def best_affordable(rows: Sequence[Mapping[str, Any]]) -> str:
    """Name the method that val likes best among those that cost less than `AFFORDABLE` times plain Grad-CAM."""
    return max((row for row in rows if row["cost"] < AFFORDABLE), key=lambda row: row["val_mean_ap"])["name"]


def measure_times(
    classifier: Classifier,
    steps: Steps,
    target: str,
    methods: Mapping[str, Method],
    samples: Sequence[Sample],
    min_area: int,
    rounds: int = 3,
) -> dict[str, float]:
    """Time each method alone, from the network's input to boxes, side by side on one batch: seconds an image.

    The best of several rounds counts, each of which runs all methods, so that a busy moment of the machine does not
    fall on one of them.
    """
    samples = samples[:BATCH]
    times = dict.fromkeys(methods, float("inf"))
    lookers = {name: Looker(classifier, steps, target, {name: method}) for name, method in methods.items()}
    inputs = next(iter(lookers.values())).inputs(samples)
    for _ in range(rounds):
        for name, looker in lookers.items():
            begin = time.perf_counter()
            maps, sure = looker(inputs)
            found = Maps(maps[name].float().cpu().numpy(), sure[name].float().cpu().numpy())
            detect_all(steps, methods[name], found, samples, 0.3, min_area)
            times[name] = min(times[name], (time.perf_counter() - begin) / len(samples))
    return times
