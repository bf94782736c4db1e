"""The shift of a network's maps where there are no photos to measure it on: by mirrors, on drawn scenes, and kept.

The padding moves the maps of all pictures alike, so that drawings tell it too, two thirds as much as photos do. The
pictures are always the same: what is explained in a photo does not depend on which others are explained with it.
"""

from contextlib import suppress
from functools import cache
from itertools import count, islice
from typing import Any, NamedTuple, cast

import numpy as np

from gradcam_lab import __version__
from gradcam_lab.console import warn
from gradcam_lab.data.cache import cache_folder
from gradcam_lab.data.sample import Box, Object
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

FEW, ALL = 8, 32
"""Drawn pictures, each explained three times: a few where these show already that there is no shift, or else all."""

ANIMALS = ("bird", "cat", "dog")
"""What they show, whole and large: of whole scenes a network of ImageNet says too many things to tell a shift."""

MARGIN = 0.3
"""What is shown around an animal on each side, as a share of its longer side."""

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
    key = digest(classifier.fingerprint, network, code, str(recipe), ALL, MARGIN, SEED, __version__)
    file = cache_folder() / "shifts" / f"{key[:24]}.json"
    with suppress(LabError, KeyError, TypeError):
        told = read_json(file)
        return KnownShift(Shift(**told["shift"]), cast(MeasuredShift, told["plain"]), told["sizes"])
    at, size = Sized(classifier, lessons, most_probable()), classifier.preprocessing.size
    plain = measure(at(size), pictures()[:FEW])
    if not within(plain["right"], size / classifier.grid[1]):
        plain = measure(at(size), pictures())
    shift = shift_of(plain, size)
    if shift != NO_SHIFT and recipe != PLAIN_RECIPE:
        shift = shift_of(measure(at(size), pictures(), recipe), size)
    known = KnownShift(shift, plain, try_sizes(at, size, plain, pictures()))
    try:
        write_json(file, {"shift": shift._asdict(), "plain": plain, "sizes": known.sizes})
    except LabError as error:
        warn(f"The shift of '{classifier.name}' is measured again next time: {error}")
    return known


@cache
def pictures() -> tuple[Kept, ...]:
    """Draw scenes, and cut out of each the animal that is nearest to the viewer, until there are enough."""
    drawn = (scene(np.random.default_rng((SEED, number))) for number in count())
    shown = ((one, item) for one in drawn for item in one.objects[:1] if _whole_animal(item))
    return tuple(Kept(_around(one.image, item.box)) for one, item in islice(shown, ALL))


def _whole_animal(item: Object) -> bool:
    return item.name in ANIMALS and not (item.truncated or item.difficult)


def _around(image: np.ndarray, box: Box) -> np.ndarray:
    """Cut out a square around the middle of a box, as far as the image goes."""
    xmin, ymin, xmax, ymax = box
    half = (0.5 + MARGIN) * max(xmax - xmin, ymax - ymin)
    left, top, right, bottom = (
        int(max(middle + side, 0)) for side in (-half, half) for middle in ((xmin + xmax) / 2, (ymin + ymax) / 2)
    )
    return image[top:bottom, left:right]
