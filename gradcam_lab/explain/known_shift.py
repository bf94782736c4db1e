"""The shift of a network's maps where there are no photos to measure it on: by mirrors, on drawn scenes, and kept.

The padding moves the maps of all pictures alike, so that drawings tell it too, a little less than photos do. The
scenes are always the same: what is explained in a photo does not depend on which others are explained with it.
"""

from contextlib import suppress
from functools import cache
from typing import Any, NamedTuple, cast

import numpy as np

from gradcam_lab import __version__
from gradcam_lab.console import warn
from gradcam_lab.data.cache import cache_folder
from gradcam_lab.data.toyvoc.scene import scene
from gradcam_lab.errors import LabError
from gradcam_lab.evaluate.alignment.mirror import NO_SHIFT, Shift, measure, shift_of, within
from gradcam_lab.evaluate.alignment.records import MeasuredShift, TriedSize
from gradcam_lab.evaluate.alignment.sizes import try_sizes
from gradcam_lab.explain.align import Kept, Sized, most_probable
from gradcam_lab.files import digest, read_json, write_json
from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.localise.map_recipe import PLAIN_RECIPE, MapRecipe
from gradcam_lab.models.classifier import Classifier
from gradcam_lab.report.text.alignment import sentence

FEW, SCENES = 8, 24
"""Drawn scenes, each explained three times: a few where these show already that there is no shift, or else all."""

SEED = 2021


class KnownShift(NamedTuple):
    """What is known of a network's maps: the shift to be taken out of those of a recipe, and what it follows from."""

    shift: Shift
    plain: MeasuredShift | None
    sizes: list[TriedSize]

    def sentence(self, size: int, moved: str) -> str:
        """Say in one sentence that the maps lie aside, and what helps; nothing where they do not."""
        return sentence(self.plain, size, self.sizes, moved) if self.plain else ""

    def facts(self, size: int, moved: str) -> dict[str, Any] | None:
        """The same in plain values; None where nothing was measured."""
        if not self.plain:
            return None
        said = self.sentence(size, moved) or None
        return {"taken_out": self.shift._asdict(), "measured": self.plain, "sizes": self.sizes, "sentence": said}


UNKNOWN = KnownShift(NO_SHIFT, None, [])
"""Where none was measured."""


def known_shift(classifier: Classifier, lessons: Lessons, recipe: MapRecipe = PLAIN_RECIPE) -> KnownShift:
    """Measure the shift of a network's maps, or take it from the cache folder, where it was measured before.

    Args:
        classifier: the network, at its layer and its size of the input.
        lessons: whose steps 2 and 6 measure.
        recipe: of the maps that are shown. A network whose plain maps have no shift is left alone.
    """
    code = [lessons.code_sha256[step] for step in ("step2_gradcam", "step6_faithfulness")]
    network = str(classifier.network)  # the same weights in another padding are another network
    key = digest(classifier.fingerprint, network, code, str(recipe), SCENES, SEED, __version__)
    file = cache_folder() / "shifts" / f"{key[:24]}.json"
    with suppress(LabError, KeyError, TypeError):
        told = read_json(file)
        return KnownShift(Shift(**told["shift"]), cast(MeasuredShift, told["plain"]), told["sizes"])
    at, size = Sized(classifier, lessons, most_probable()), classifier.preprocessing.size
    plain = measure(at(size), scenes()[:FEW])
    if not within(plain["right"], size / classifier.grid[1]):
        plain = measure(at(size), scenes())
    shift = shift_of(plain, size)
    if shift != NO_SHIFT and recipe != PLAIN_RECIPE:
        shift = shift_of(measure(at(size), scenes(), recipe), size)
    known = KnownShift(shift, plain, try_sizes(at, size, plain, scenes()))
    try:
        write_json(file, {"shift": shift._asdict(), "plain": plain, "sizes": known.sizes})
    except LabError as error:
        warn(f"The shift of '{classifier.name}' is measured again next time: {error}")
    return known


@cache
def scenes() -> tuple[Kept, ...]:
    """Draw the scenes."""
    return tuple(Kept(scene(np.random.default_rng((SEED, number))).image) for number in range(SCENES))
