"""Two classes in one picture: the heat of each that lies on the other."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from gradcam_lab.data.spread import spread
from gradcam_lab.evaluate.bootstrap import FEWEST
from gradcam_lab.evaluate.faithfulness.comparison import ExaminedMaps, compare
from gradcam_lab.evaluate.faithfulness.records import GRADCAM_MAP, MAPS, ClassLeak, ClassPair, TwoClasses
from gradcam_lab.localise.experiment import ALL
from gradcam_lab.localise.make_maps import make_maps


class Leak(NamedTuple):
    """The heat of one class's maps that lies on another class's objects in one image, and the area of those.

    `image` is an index, `own` the class of the map, `other` that of the objects; `heat` is by map.
    """

    image: int
    own: str
    other: str
    heat: dict[str, float]
    area: float


def two_class_test(examined: ExaminedMaps, most: int) -> TwoClasses:
    """Compare the heat of each of two classes that lies on the other one alone with the share of the area there.

    Args:
        examined: the maps.
        most: how many images at most; the network runs once for each.
    """
    target, seed = examined.experiment.target, examined.experiment.seed
    leaks = list(measured_leaks(examined, most))
    away = average_leak([leak for leak in leaks if leak.own == target], seed)
    back = average_leak([leak for leak in leaks if leak.other == target], seed)
    rows: list[ClassPair] = [
        {"map": own, "on": other, **average_leak([leak for leak in leaks if leak[1:3] == (own, other)], seed)}
        for own, other in sorted({leak[1:3] for leak in leaks})
    ]
    return {
        "target_on_others": away,
        "others_on_target": back,
        "pairs": [row for row in rows if row["images"] >= FEWEST],
        "passed": away["passed"] and back["passed"],
    }


def measured_leaks(examined: ExaminedMaps, most: int) -> Iterator[Leak]:
    """Look at the images that hold the target and another class, both ways."""
    experiment, samples = examined.experiment, examined.samples
    target, names = experiment.target, set(experiment.classifier.class_names)
    held = [names & {item.name for item in sample.objects} for sample in samples]
    both = spread([index for index, classes in enumerate(held) if target in classes and len(classes) > 1], most)
    if not both:
        return
    # As in the other tests the network computes in float32, whatever the precision of the run.
    every = replace(experiment, target=ALL, precision="float32")
    (maps,) = make_maps(every, {"": [samples[index] for index in both]}).values()
    cams = {name: maps.of_class(name).maps for name in names}
    for place, index in enumerate(both):
        for other in sorted(held[index] - {target}):
            yield measured_leak(examined, index, cams[target][place], target, other)
            yield measured_leak(examined, index, cams[other][place], other, target)


def measured_leak(examined: ExaminedMaps, index: int, cam: np.ndarray, own: str, other: str) -> Leak:
    """Measure the raw map (h, w) of one class in one image, and the baselines, on the other class's objects."""
    lessons, sample = examined.experiment.lessons, examined.samples[index]
    boxes = [np.array(sample.boxes(name), dtype=float) for name in (own, other)]
    shares = {
        name: lessons.faithfulness.heat_on_other(heatmap, *boxes)
        for name, heatmap in examined.heatmaps(index, cam=cam).items()
    }
    return Leak(index, own, other, {name: share.heat for name, share in shares.items()}, shares[GRADCAM_MAP].area)


def average_leak(leaks: Sequence[Leak], seed: int) -> ClassLeak:
    """Average over images; an image with several pairs is averaged first: they stand or fall together.

    A pair in which a map has no heat is left out of all columns.
    """
    warm = [leak for leak in leaks if not np.isnan(list(leak.heat.values())).any()]
    by_image = [[leak for leak in warm if leak.image == image] for image in sorted({leak.image for leak in warm})]
    values = {name: [float(np.mean([leak.heat[name] for leak in part])) for part in by_image] for name in MAPS}
    areas = [float(np.mean([leak.area for leak in part])) for part in by_image]
    test, images = compare({**values, "area": areas}, seed, higher=False)
    return {"images": images, **test}
