"""Step 6 on a finished run: four tests of its heatmaps, each beside maps that know nothing, with 95% intervals.

A test is passed where its differences to both baselines, image by image, have their intervals on the right side of 0.
The two-class test also asks it of the area, and of both directions. The randomised weights are the exception: there the
maps *should* end as unlike the real ones as a random map is, so the test is failed where they are demonstrably more
alike. The weights come from few seeds, over which the intervals, being over images, say nothing: see `by_seed`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from gradcam_lab.console import tracked
from gradcam_lab.data.sample import Sample
from gradcam_lab.evaluate import max_box_acc as oracle
from gradcam_lab.evaluate import scores
from gradcam_lab.evaluate.cam_agreement import inputs_of
from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.localise import threshold
from gradcam_lab.localise.maps import BATCH, ClassScores, Heatmaps
from gradcam_lab.models.classifier import Classifier

OURS, CENTRE, RANDOM = "Grad-CAM", "centre map", "random map"
BASELINES = (CENTRE, RANDOM)
MAPS = (OURS, *BASELINES)
IMAGES = 30
"""Images of the tests that run the network many times."""
WALK = 10
"""Steps of deletion and insertion."""
STAGES = 6
"""Stages of the cascade in which the weights become random."""
SEEDS = 3
"""Random networks of each stage."""
TOLERANCE = 15
FEWEST = 5
"""A test of fewer images was not asked: a bootstrap of one or two is no interval."""

T = TypeVar("T")


class Mean(NamedTuple):
    """A mean over images with its interval; None where nothing was asked."""

    value: float | None
    low: float | None
    high: float | None

    def below(self, limit: float) -> bool:
        """Whether the whole interval lies below."""
        return self.high is not None and self.high < limit

    def above(self, limit: float) -> bool:
        """Whether the whole interval lies above."""
        return self.low is not None and self.low > limit


def mean_of(values: Sequence[float] | np.ndarray, seed: int) -> Mean:
    """Average values of images, leaving out NaN, with a bootstrap interval over the images."""
    array = np.asarray(values, dtype=float)
    array = array[~np.isnan(array)]
    if not len(array):
        return Mean(None, None, None)
    draws = scores.image_draws(len(array), seed) @ array / len(array)
    return Mean(float(array.mean()), *scores.interval(draws))


class Examination:
    """The tests, on the images of one split.

    Args:
        classifier: the network whose maps these are.
        lessons: the lessons; step 2 explains, step 3 stretches the maps, step 6 asks.
        samples: the images of the split, in the order of the maps.
        heatmaps: the target's raw maps of the split.
        target: the class.
        seed: of the bootstrap, the random maps and the random networks.
        images: how many images the tests look at that run the network many times; the two-class test takes twice as
            many.
    """

    def __init__(
        self,
        classifier: Classifier,
        lessons: Lessons,
        samples: Sequence[Sample],
        heatmaps: Heatmaps,
        target: str,
        seed: int = 0,
        images: int = IMAGES,
    ) -> None:
        self.classifier = classifier
        self.lessons = lessons
        self.samples = samples
        self.raw = heatmaps.maps
        self.target = target
        self.seed = seed
        self.lesson = lessons.faithfulness
        truth = threshold.ground_truth(lessons, samples, target)
        self.truth = [truth[sample.id] for sample in samples]
        self.holding = [i for i, objects in enumerate(self.truth) if not objects.difficult.all()]
        self.few = spread(self.holding, images)
        self.images = images

    def run(self) -> dict[str, Any]:
        """Run all tests; everything in the result is plain JSON."""
        tests = {
            "pointing": self.pointing,
            "replacement": self.replacement,
            "randomisation": self.randomisation,
            "two_classes": self.two_classes,
            "max_box_acc": self.max_box_acc,
        }
        return {"target": self.target, **{name: test() for name, test in tests.items()}}

    def maps(self, index: int, size: tuple[int, int]) -> dict[str, np.ndarray]:
        """The map of one image and the two that know nothing, all of them at a size `(height, width)`."""
        raw = self.raw[index]
        return {OURS: self.lessons.boxes.upsample(raw, size), **self.baselines(index, size)}

    def baselines(self, index: int, size: tuple[int, int]) -> dict[str, np.ndarray]:
        """The two maps that know nothing; every image has a random map of its own."""
        noise = self.lesson.random_map(size, self.raw[index].shape, 10_000 * self.seed + index)
        return {CENTRE: self.lesson.centre_map(size), RANDOM: noise}

    # --- the pointing game ---

    def pointing(self) -> dict[str, Any]:
        """The share of the images with the target whose hottest pixel lies on it."""
        hits: dict[str, list[float]] = {OURS: [], CENTRE: [], RANDOM: []}
        for index in self.holding:
            objects = self.truth[index]
            for name, heatmap in self.maps(index, shape_of(self.samples[index])).items():
                outcome = self.lesson.pointing_game(heatmap, objects.boxes, objects.difficult, TOLERANCE)
                hits[name].append(np.nan if outcome == self.lesson.NOT_ASKED else float(outcome == self.lesson.HIT))
        rows, gains, count = self.compared(hits)
        return {
            "images": count,
            "tolerance": TOLERANCE,
            "rows": rows,
            "gains": gains,
            "passed": all(Mean(**gain).above(0) for gain in gains.values()),
        }

    def compared(self, values: dict[str, list[float]]) -> tuple[dict[str, Any], dict[str, Any], int]:
        """The mean of each column, what ours has more than each other, image by image, and the number of images.

        All are over the same images, those in which every column is known; of fewer than `FEWEST` nothing is said.
        """
        table = np.array(list(values.values()), dtype=float)
        known = ~np.isnan(table).any(axis=0)
        count = int(known.sum())
        columns = dict(zip(values, table[:, known & (count >= FEWEST)], strict=True))
        rows = {name: mean_of(column, self.seed)._asdict() for name, column in columns.items()}
        gains = {name: mean_of(columns[OURS] - columns[name], self.seed)._asdict() for name in columns if name != OURS}
        return rows, gains, count

    # --- deletion and insertion ---

    def replacement(self) -> dict[str, Any]:
        """The curves of deletion and insertion, and the areas under them."""
        curves: dict[str, dict[str, list[np.ndarray]]] = {
            way: {name: [] for name in MAPS} for way in ("deletion", "insertion")
        }
        for index in tracked(self.few, "deletion and insertion", len(self.few)):
            image = inputs_of(self.classifier, [self.samples[index]])[0]
            ways = {"deletion": (image, torch.zeros_like(image)), "insertion": (self.lesson.blurred(image), image)}
            for name, heatmap in self.maps(index, (image.shape[1], image.shape[2])).items():
                heat = torch.from_numpy(heatmap).to(image.device)
                for way, (start, end) in ways.items():
                    curve = self.lesson.replacement_curve(self.probability, start, end, heat, WALK)
                    curves[way][name].append(curve.cpu().numpy())
        result: dict[str, Any] = {"steps": WALK}
        for way, by_map in curves.items():
            areas = {
                name: [self.lesson.area_under(torch.from_numpy(curve)) for curve in rows]
                for name, rows in by_map.items()
            }
            rows, gains, result["images"] = self.compared(areas)
            better = {name: Mean(**gain) for name, gain in gains.items()}
            passed = [gain.below(0) if way == "deletion" else gain.above(0) for gain in better.values()]
            means = {name: np.mean(rows, axis=0).tolist() if rows else [] for name, rows in by_map.items()}
            result[way] = {"rows": rows, "gains": gains, "curves": means, "passed": all(passed)}
        return result

    def probability(self, images: Tensor) -> Tensor:
        """The network, asked about the target."""
        images = images.contiguous(memory_format=torch.channels_last)
        with torch.inference_mode():
            outputs = self.classifier.network(images).float()
            return self.classifier.probability(outputs, self.target)

    # --- weights made random ---

    def randomisation(self) -> dict[str, Any]:
        """The rank correlation of the maps with those of networks more and more of whose weights are random."""
        stages = cascade(self.classifier.network)
        # A map that is the same everywhere is like no other, whatever the weights: of it there is nothing to ask.
        few = [index for index in self.few if np.ptp(self.raw[index]) > 0]
        few = few if len(few) >= FEWEST else []
        chosen = [self.samples[index] for index in few]
        real = self.raw[few]
        correlations = np.zeros((SEEDS, len(stages), len(chosen)))
        empty = np.zeros(len(stages))
        inputs = inputs_of(self.classifier, chosen) if chosen else torch.zeros(0)
        for draw in tracked(range(SEEDS), "random weights", SEEDS):
            for place, layers in enumerate(accumulated(stages)):
                network = self.lesson.reinitialised(self.classifier.network, layers, SEEDS * self.seed + draw)
                maps = self.explain(network, inputs)
                correlations[draw, place] = [
                    self.lesson.rank_correlation(a, b) for a, b in zip(real, maps, strict=True)
                ]
                empty[place] += (maps.max(axis=(1, 2), initial=0) == 0).mean() / SEEDS if len(maps) else 0
        by_image = correlations.mean(axis=0)  # (stages, images): the seeds are no images, so they are averaged first
        known = [self.baselines(index, self.raw[index].shape) for index in few]
        baseline = {
            name: np.array([self.lesson.rank_correlation(a, b[name]) for a, b in zip(real, known, strict=True)])
            for name in BASELINES
        }
        excess = {name: mean_of(by_image[-1] - row, self.seed) for name, row in baseline.items()}
        return {
            "images": len(chosen),
            "seeds": SEEDS,
            "stages": [layers[-1] for layers in stages],
            "curve": [mean_of(row, self.seed)._asdict() for row in by_image],
            "by_seed": correlations.mean(axis=2).tolist() if chosen else [],
            "no_evidence": empty.tolist(),
            "baselines": {name: mean_of(row, self.seed)._asdict() for name, row in baseline.items()},
            "gains": {name: mean._asdict() for name, mean in excess.items()},
            "passed": bool(chosen) and not any(mean.above(0) for mean in excess.values()),
        }

    def explain(self, network: nn.Module, inputs: Tensor) -> np.ndarray:
        """Explain the target by another network of the same architecture: raw maps (N, h, w)."""
        other = replace(self.classifier, network=network)
        gradcam = self.lessons.gradcam.GradCAM(ClassScores(other), f"network.{other.layer}")
        index = other.class_names.index(self.target)
        parts = inputs.contiguous(memory_format=torch.channels_last).split(BATCH) if len(inputs) else []
        maps = [gradcam(part, index).float().cpu().numpy() for part in parts]
        return np.concatenate(maps) if maps else np.zeros((0, *self.raw.shape[1:]), np.float32)

    # --- two classes in one picture ---

    def two_classes(self) -> dict[str, Any]:
        """The heat of each of two classes that lies on the other one alone, less the share of the area there."""
        pairs: dict[tuple[str, str], list[Measured]] = {}
        for measured in self.measured_pairs():
            pairs.setdefault((measured.map, measured.on), []).append(measured)
        rows = [{"map": map, "on": on, **self.leak(found)} for (map, on), found in sorted(pairs.items())]
        every = [measured for found in pairs.values() for measured in found]
        away = self.leak([m for m in every if m.map == self.target])
        back = self.leak([m for m in every if m.on == self.target])
        return {
            "target_on_others": away,
            "others_on_target": back,
            "pairs": [row for row in rows if row["images"] >= FEWEST],
            "passed": away["passed"] and back["passed"],
        }

    def measured_pairs(self) -> Iterator["Measured"]:
        """Look at the images that hold the target and another class, both ways."""
        names = self.classifier.class_names
        both = [
            index
            for index, sample in enumerate(self.samples)
            if self.target in (held := {o.name for o in sample.objects if o.name in names}) and len(held) > 1
        ]
        both = spread(both, 2 * self.images)  # quick: the network runs once for each
        gradcam = self.lessons.gradcam.GradCAM(ClassScores(self.classifier), f"network.{self.classifier.layer}")
        for begin in range(0, len(both), BATCH):
            part = both[begin : begin + BATCH]
            inputs = inputs_of(self.classifier, [self.samples[index] for index in part])
            maps = gradcam.all_classes(inputs.contiguous(memory_format=torch.channels_last)).float().cpu().numpy()
            for index, of_image in zip(part, maps, strict=True):
                others = sorted({o.name for o in self.samples[index].objects if o.name in names} - {self.target})
                for other in others:
                    yield self.measured(index, of_image[names.index(self.target)], self.target, other)
                    yield self.measured(index, of_image[names.index(other)], other, self.target)

    def measured(self, index: int, raw: np.ndarray, map: str, on: str) -> "Measured":
        """Measure one map of one image, and the two that know nothing, on the other class's objects."""
        sample = self.samples[index]
        own, other = (np.array(sample.boxes(name), dtype=float) for name in (map, on))
        size = shape_of(sample)
        heatmaps = {OURS: self.lessons.boxes.upsample(raw, size), **self.baselines(index, size)}
        shares = {name: self.lesson.heat_on_other(heatmap, own, other) for name, heatmap in heatmaps.items()}
        return Measured(index, map, on, {name: share.heat for name, share in shares.items()}, shares[OURS].area)

    def leak(self, found: Sequence["Measured"]) -> dict[str, Any]:
        """Average over images; an image with several pairs is averaged first: they stand or fall together.

        A pair in which a map has no heat is left out of all columns.
        """
        warm = [m for m in found if not np.isnan(list(m.heat.values())).any()]
        by_image = [[m for m in warm if m.image == image] for image in sorted({m.image for m in warm})]
        values = {name: [float(np.mean([m.heat[name] for m in part])) for part in by_image] for name in MAPS}
        areas = [float(np.mean([m.area for m in part])) for part in by_image]
        rows, gains, count = self.compared({**values, "area": areas})
        passed = all(Mean(**gain).below(0) for gain in gains.values())
        return {"images": count, "rows": rows, "gains": gains, "passed": passed}

    # --- the oracle ---

    def max_box_acc(self) -> dict[str, Any]:
        """MaxBoxAccV2 of each map, as `oracle.score_maps` gives it; an oracle, so nothing is passed here."""
        chosen = [self.samples[index] for index in self.holding]

        def score(name: str) -> dict[str, Any]:
            maps = (self.maps(index, shape_of(self.samples[index]))[name] for index in self.holding)
            return oracle.score_maps(self.lessons, chosen, maps, self.target, self.seed)

        return {name: score(name) for name in MAPS}


class Measured(NamedTuple):
    """The heat of one class's maps that lies on another class's objects in one image, and the area of those."""

    image: int
    map: str
    on: str
    heat: dict[str, float]
    area: float


def examine(
    classifier: Classifier,
    lessons: Lessons,
    samples: Sequence[Sample],
    heatmaps: Heatmaps,
    target: str,
    seed: int = 0,
    images: int = IMAGES,
) -> dict[str, Any]:
    """Run step 6 on a finished run; see `Examination` for the arguments.

    Returns:
        `target`; `pointing`, `replacement` (with `deletion` and `insertion`), `randomisation` and `two_classes`, each
        with the means of its maps, the differences to the baselines (`gains`, ours less theirs) and whether it is
        `passed`; and `max_box_acc`, by map what `oracle.score_maps` gives. Means are `{value, low, high}`, None where
        nothing was asked.
    """
    return Examination(classifier, lessons, samples, heatmaps, target, seed, images).run()


def shape_of(sample: Sample) -> tuple[int, int]:
    """The image's `(height, width)`."""
    width, height = sample.size
    return height, width


def spread(items: Sequence[T], count: int) -> list[T]:
    """Choose at most `count` of them at equal distances: a split may be sorted."""
    if len(items) <= count:
        return list(items)
    return [items[i * len(items) // count] for i in range(count)]


def cascade(network: nn.Module, stages: int = STAGES) -> list[list[str]]:
    """Divide a network's layers into stages, the last layer alone first, then down to the first layer.

    Within a stage the layers go from the last to the first. The parts are the network's children; where there are fewer
    of them than stages, as in VGG, the children's children.
    """
    names = with_weights(network)
    if len(names) < stages:
        names = [
            f"{name}.{part}" if part else name
            for name in names
            for part in (with_weights(network.get_submodule(name)) or [""])
        ]
    *body, last = names
    parts = [part.tolist()[::-1] for part in np.array_split(np.array(body), min(stages - 1, max(len(body), 1)))]
    return [[last], *(part for part in parts[::-1] if part)]


def with_weights(module: nn.Module) -> list[str]:
    """The names of the children that have parameters, in order."""
    return [name for name, child in module.named_children() if any(True for _ in child.parameters())]


def accumulated(stages: Sequence[Sequence[str]]) -> Iterator[list[str]]:
    """The layers of the first stage, of the first two, and so on."""
    layers: list[str] = []
    for stage in stages:
        layers = [*layers, *stage]
        yield layers
