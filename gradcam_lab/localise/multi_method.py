"""The maps of several methods at once: what two of them look at is looked at only once."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gradcam_lab.console import progress
from gradcam_lab.data.sample import Sample
from gradcam_lab.errors import LabError
from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.localise.cam_variants import Evidence, explain, look
from gradcam_lab.localise.maps import BATCH, place
from gradcam_lab.localise.methods import Method, Sight, View, earlier_layer
from gradcam_lab.models.classifier import Classifier

FINER = 4
"""Maps of several views are averaged on a grid so many times as fine as the layer's."""

FEW = 4
"""Enlarged images are seen so many at a time: a larger batch no longer fits the processor's cache, and is slower."""


class Maps(NamedTuple):
    """One method's raw maps (n, h, w) of a split, and the target's probabilities (n,)."""

    maps: np.ndarray
    probabilities: np.ndarray


class Looker:
    """Explains batches by several methods, each view only once.

    Args:
        classifier: whose network runs.
        lessons: whose step 2 is used.
        target: the class.
        methods: by name.
        precision: "float32", or "bf16" for automatic mixed precision.
    """

    def __init__(
        self,
        classifier: Classifier,
        lessons: Lessons,
        target: str,
        methods: Mapping[str, Method],
        precision: str = "float32",
    ) -> None:
        self.classifier, self.lessons, self.target, self.methods = classifier, lessons, target, methods
        self.half = precision == "bf16"
        self.device = place(classifier)
        self.sights = list(dict.fromkeys(method.sight for method in methods.values()))
        self.views = sorted({view for sight in self.sights for view in sight.views})
        self.sharing = {sight.views[0] for sight in self.sights if sight.shared}
        self.earlier = earlier_layer(classifier) if self.sharing else ""

    def inputs(self, samples: Sequence[Sample]) -> Tensor:
        """Read and preprocess a batch, shape (N, 3, size, size)."""
        images = torch.stack([self.classifier.preprocessing(sample.image) for sample in samples])
        return images.to(self.device, memory_format=torch.channels_last)

    def __call__(self, inputs: Tensor) -> dict[Sight, Maps]:
        """Return the maps of each sight, and its probabilities: the mean over its views."""
        early: dict[View, Tensor] = {}
        seen = {view: self.look(inputs, view, early) for view in self.views}
        alike = {view: similarity(features) for view, features in early.items()}
        return {sight: self.combine(sight, seen, early, alike) for sight in self.sights}

    def look(self, inputs: Tensor, view: View, early: dict[View, Tensor]) -> Evidence:
        """See a batch in one view, and leave the earlier layer's output in `early` where somebody asks for it."""
        noted: list[Tensor] = []
        images = seen_as(inputs, view)
        with self.noting(noted, view), torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            parts = images.split(FEW if view.scale > 1 else len(images))
            seen = [look(self.classifier, self.lessons, part, self.target) for part in parts]
        if noted:
            early[view] = at_plain_size(torch.cat(noted).float(), images.shape[2] / inputs.shape[2])
        return joined(seen)

    @contextmanager
    def noting(self, noted: list[Tensor], view: View) -> Iterator[None]:
        """Within the block, the earlier layer's output is noted down, in those views in which somebody asks for it."""
        layer = self.earlier if view in self.sharing else ""
        module = self.lessons.gradcam.find_layer(self.classifier.network, layer) if layer else nn.Identity()
        handle = module.register_forward_hook(lambda module, given, output: noted.append(output.detach().clone()))
        try:
            yield
        finally:
            handle.remove()

    def combine(
        self,
        sight: Sight,
        seen: Mapping[View, Evidence],
        early: Mapping[View, Tensor],
        alike: Mapping[View, Tensor],
    ) -> Maps:
        """Put the maps of one sight together from what was seen."""
        first = sight.views[0]
        probabilities = torch.stack([seen[view].probabilities for view in sight.views]).mean(dim=0)
        maps = {view: explain(seen[view], sight.weights, self.lessons) for view in sight.views}
        fused = averaged(maps) if len(maps) > 1 or first.mirrored else maps[first]
        if sight.shared:
            fused = share(fused, alike[first], early[first].shape[2:])
        return Maps(fused.cpu().numpy(), probabilities.float().cpu().numpy())


def joined(parts: Sequence[Evidence]) -> Evidence:
    """Put the evidence of the parts of a batch together, in float32 whatever the precision of the network."""
    features, gradients, probabilities = (
        torch.cat([getattr(part, name) for part in parts]).float()
        for name in ("features", "gradients", "probabilities")
    )
    rows = [part.rows for part in parts if part.rows is not None]
    return Evidence(features, gradients, probabilities, torch.cat(rows).float() if rows else None)


def at_plain_size(features: Tensor, scale: float) -> Tensor:
    """Average a feature map to the grid that it has in the plain view: more cells than that take long to compare."""
    return F.adaptive_avg_pool2d(features, round(features.shape[2] / scale))


def seen_as(inputs: Tensor, view: View) -> Tensor:
    """Return a batch (N, 3, S, S) as a view shows it; its side is a multiple of 32."""
    if view.scale != 1:
        side = max(1, round(inputs.shape[2] * view.scale / 32)) * 32
        smooth = view.scale < 1
        inputs = F.interpolate(inputs, size=(side, side), mode="bilinear", align_corners=False, antialias=smooth)
    return inputs.flip(-1) if view.mirrored else inputs  # the last axis: the one before it is the height


def averaged(maps: Mapping[View, Tensor]) -> Tensor:
    """Average maps of different sizes, each as a share of its own maximum, on a grid `FINER` than the coarsest."""
    side = FINER * min(found.shape[1] for found in maps.values())
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


def explain_all(looker: Looker, samples: Sequence[Sample], title: str) -> dict[str, Maps]:
    """Run every method over a split, in batches; methods of the same sight share one array of maps."""
    found: dict[Sight, list[Maps]] = {sight: [] for sight in looker.sights}
    with progress(title, len(samples)) as advance:
        for start in range(0, len(samples), BATCH):
            batch = samples[start : start + BATCH]
            for sight, maps in looker(looker.inputs(batch)).items():
                if not np.isfinite(maps.maps).all():
                    names = " and ".join(name for name, method in looker.methods.items() if method.sight == sight)
                    raise LabError(
                        f"The heatmap of '{batch[0].path}' or of one beside it is not finite by the method {names}: "
                        "check the weights, or use --quick, which leaves other methods out."
                    )
                found[sight].append(maps)
            advance(len(batch))
    all_maps = {sight: Maps(*map(np.concatenate, zip(*parts, strict=True))) for sight, parts in found.items()}
    return {name: all_maps[method.sight] for name, method in looker.methods.items()}
