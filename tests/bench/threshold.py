"""Which threshold suits drawings and photos alike? `python -m tests.bench.threshold` prints a table of the methods.

Two networks and their data: the embedded one on ToyVOC, and MobileNetV2 with ImageNet weights on photos of pets
(`../shared`). The threshold for both is the one that the two val splits choose together, by the rule by which val alone
chooses one in a run. By how many points of AP at IoU 0.5 it falls short of each one's own choice is printed beside, on
val and on test, of which nothing is chosen.
"""

import argparse
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path

import numpy as np

from gradcam_lab.data.registry import BoxData, open_data
from gradcam_lab.lesson_modules import load_lessons
from gradcam_lab.localise.detector import Detector
from gradcam_lab.localise.experiment import IOUS, Experiment
from gradcam_lab.localise.make_maps import make_maps
from gradcam_lab.localise.methods import METHODS, applicable
from gradcam_lab.localise.threshold import ThresholdCurves, choose, sweep
from gradcam_lab.models import zoo
from gradcam_lab.models.classifier import Classifier

SHARED = Path(__file__).parents[2] / "shared"
IOU = "0.5"
Curves = Mapping[str, ThresholdCurves]
"""By split."""


def networks() -> dict[str, tuple[Classifier, str]]:
    """Each data set's network and the data set itself."""
    photos = zoo.load("mobilenet_v2", str(SHARED / "weights" / "mobilenet_v2-imagenet.pth"))
    return {"toyvoc": (zoo.load("embedded"), "toyvoc"), "pets": (photos, str(SHARED / "data" / "pets-mini"))}


def grid_of(method: str) -> tuple[float, ...]:
    """The thresholds that are tried."""
    return METHODS[method].grid or (1.0,)


def curves_of(classifier: Classifier, data: str, methods: Sequence[str]) -> dict[str, Curves]:
    """The scores along the grid, by method and split."""
    experiment, opened = Experiment(classifier, load_lessons(), "dog"), open_data(data)
    assert isinstance(opened, BoxData)
    splits = {name: opened.read(name, known=classifier.class_names).samples for name in ("val", "test")}
    maps = make_maps(experiment, splits, {name: METHODS[name].recipe for name in methods})
    return {
        name: {
            split: sweep(
                Detector.of(experiment, METHODS[name]),
                maps[name].of(split),
                experiment.ground_truth(samples),
                grid_of(name),
                IOUS,
                samples,
            )
            for split, samples in splits.items()
        }
        for name in methods
    }


def main() -> None:
    """Print one line a method."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--method", action="append", help="repeatable; all that suit both networks by default")
    parser.add_argument("--curves", action="store_true", help="also print AP along the grid")
    options = parser.parse_args()
    sets = networks()
    fitting = [set(applicable(classifier)) for classifier, _ in sets.values()]
    methods = options.method or [name for name in METHODS if all(name in known for known in fitting)]
    found = {name: curves_of(*one, methods) for name, one in sets.items()}
    print("AP at IoU 0.5 at val's own choice, and at the threshold for both; short: by how many points it is less")
    head = "".join(f"{f'{name}: own':>14}{'val':>7}{'short':>7}{'test':>7}{'short':>7}" for name in sets)
    print(f"{'method':<24}{'both':>6}{head}{'worst':>7}")
    for method in methods:
        print(line_of(method, {name: found[name][method] for name in sets}))
        if options.curves:
            print(f"  {'threshold':<13}" + " ".join(f"{threshold:5g}" for threshold in grid_of(method)))
            for name, split in product(sets, ("val", "test")):
                aps = found[name][method][split].ap[IOU]
                print(f"  {f'{name} {split}':<13}" + " ".join(f"{100 * ap:5.1f}" for ap in aps))


def line_of(method: str, curves: Mapping[str, Curves]) -> str:
    """Say how far the best common threshold falls short of each set's own."""
    grid = grid_of(method)
    own = {name: choose(one["val"].mean_ap) for name, one in curves.items()}
    short = {
        (name, split): 100 * (part.ap[IOU][own[name]] - np.array(part.ap[IOU]))
        for name, one in curves.items()
        for split, part in one.items()
    }
    common = choose(np.mean([one["val"].mean_ap for one in curves.values()], axis=0).tolist())
    cells = "".join(
        f"{grid[own[name]]:>14g}"
        + "".join(f"{100 * one[s].ap[IOU][own[name]]:>7.1f}{short[name, s][common]:>7.1f}" for s in ("val", "test"))
        for name, one in curves.items()
    )
    return f"{method:<24}{grid[common]:>6g}{cells}{max(one[common] for one in short.values()):>7.1f}"


if __name__ == "__main__":
    main()
