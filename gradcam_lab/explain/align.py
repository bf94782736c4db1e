"""`align`: do a network's maps lie where it means them? Measured on the user's photos, with mirrors and no label."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from gradcam_lab.console import progress, say
from gradcam_lab.data.photo_paths import is_one_photo, photo_paths
from gradcam_lab.data.spread import spread
from gradcam_lab.errors import LabError
from gradcam_lab.evaluate.alignment.mirror import HasImage, measure
from gradcam_lab.evaluate.alignment.records import MeasuredShift, TriedSize
from gradcam_lab.evaluate.alignment.sizes import best_size, try_sizes
from gradcam_lab.evaluate.bootstrap import FEWEST
from gradcam_lab.explain.photo import read_photo
from gradcam_lab.explain.several import each_photo
from gradcam_lab.explain.targets import OneTarget, Target, find_target
from gradcam_lab.files import json_text
from gradcam_lab.lesson_modules import Lessons, load_lessons
from gradcam_lab.localise.experiment import Experiment
from gradcam_lab.models import zoo
from gradcam_lab.models.classifier import Classifier
from gradcam_lab.models.model_choice import ModelChoice
from gradcam_lab.report.text import alignment as words_of

FINER = 2
"""Photos are kept at so many times the size of the network's input, for the larger sizes that are tried."""


DONE = "explain, locate and run-all show them moved back"


@dataclass(frozen=True)
class Kept:
    """A photo, read once and squashed, since all inputs are square: RGB, uint8."""

    image: np.ndarray


def align(
    words: Sequence[str], *, choice: ModelChoice, name: str | None, limit: int, seed: int, json: bool = False
) -> None:
    """Measure how far a network's maps lie beside what it means, and print it.

    Args:
        words: files, folders, patterns, or `-` for a list; see `photo_paths`.
        choice: which network.
        name: the class that all photos show; None for the most probable one of each.
        limit: of more photos so many are taken, spread over all.
        seed: of the bootstrap.
        json: print JSON and nothing else.

    Raises:
        LabError: no photo can be used; or, when all is printed, some could not be.
    """
    paths = spread(list(photo_paths(words)), limit)
    model, lessons = zoo.load_chosen(choice), load_lessons()
    target = find_target(model, name) if name is not None else most_probable()
    kept, problem = _read(paths, model, alone=is_one_photo(words))
    at = Sized(model, lessons, target, seed)
    size = model.preprocessing.size
    measured = measure(at(size), kept)
    sizes = try_sizes(at, size, measured, kept)
    if json:
        print(json_text(_facts(model, target, measured, sizes)), end="")
    else:
        _print(model, target, measured, sizes)
    if problem:
        raise problem


@dataclass(frozen=True)
class Sized:
    """One target of one network, for an input of any size.

    Attributes:
        classifier: the network.
        lessons: whose steps 2 and 6 measure.
        target: what is explained.
        seed: of the bootstrap.
    """

    classifier: Classifier
    lessons: Lessons
    target: Target
    seed: int = 0

    def __call__(self, size: int) -> Experiment:
        """Return the experiment with an input of this size."""
        model = self.classifier.at_size(size)
        return Experiment(OneTarget.of(model, self.target), self.lessons, self.target.name, seed=self.seed)


def most_probable() -> Target:
    """The highest logit of each image, whatever its class: in the mirror it may be another's."""
    return Target(
        "the most probable class",
        (0,),
        score=lambda logits: logits.max(dim=1).values,
        probability=lambda logits: logits.sigmoid().max(dim=1).values,
    )


def _read(paths: Sequence[Path], model: Classifier, *, alone: bool) -> tuple[list[HasImage], LabError | None]:
    """Read all photos; return with them the error that says how many could not be used, if any."""
    kept: list[HasImage] = []
    larger = replace(model.preprocessing, size=FINER * model.preprocessing.size)
    with progress("photos", len(paths)) as advance:

        def read(path: Path) -> None:
            advance(1)
            kept.append(Kept(larger.squash(read_photo(path))))

        try:
            each_photo(paths, read, alone=alone)
        except LabError as problem:
            if not kept:
                raise
            return kept, problem
    return kept, None


def _print(model: Classifier, target: Target, measured: MeasuredShift, sizes: Sequence[TriedSize]) -> None:
    size, count = model.preprocessing.size, measured["images"]
    say(f"{model.name} at layer {model.about_layer}")
    photos = "1 photo" if count == 1 else f"{count} photos"
    say(f"{photos} and their mirror images, asked for {target.name}")
    print(f"Left and right swapped: heat {words_of.told(measured['right'], size, 'right', 'left')}")
    down = words_of.told(measured["down"], size, "down", "up")
    print(f"Top and bottom swapped: heat {down} (upside down, pictures are strange to a network: believe it less)")
    for tried in sizes:
        along = words_of.told(tried["right"], tried["size"], "right", "left")
        print(f"With --size {tried['size']}: heat {along}")
    if count < FEWEST:
        print(f"So few photos decide nothing: give {FEWEST} at least, and better some dozens.")
        return
    fine = "To the right that is not demonstrably more than a quarter of a cell: the maps lie where they should."
    print(words_of.sentence(measured, size, sizes, DONE) or fine)


def _facts(model: Classifier, target: Target, measured: MeasuredShift, sizes: Sequence[TriedSize]) -> dict[str, Any]:
    best = best_size(sizes)
    return {
        "network": model.name,
        "weights": model.metadata.get("weights"),
        "weights_sha256": model.sha256,
        "layer": model.layer_name,
        "input_size": model.preprocessing.size,
        "grid": list(model.grid),
        "class": target.name,
        **measured,
        "sizes": list(sizes),
        "best_size": best and best["size"],
    }
