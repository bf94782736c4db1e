"""What is mended in annotations as other programs write them: only what can have one meaning, and each is counted."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from gradcam_lab.data.box_conventions import FIRST_PIXEL, Convention, to_voc
from gradcam_lab.data.image_decoding import ProblemError
from gradcam_lab.data.sample import Box

SIZE_MISSING = "images whose annotation does not say their size"
SIZE_WRONG = "images whose annotation says another size than theirs"
FROM_ZERO = "boxes from pixel 0, which become 1 (where all files count from 0, give --boxes zero-based)"
OVER_THE_EDGE = "boxes over the edge of their image by at most a pixel, cut there"
SWAPPED = "boxes with swapped corners"
EMPTY = "boxes without any area, left out"
REPEATED = "objects that are annotated twice, counted once"
LATIN = "files in no encoding that they declare, read as Latin-1"
UNLABELLED = "images without a file of labels, taken for negative ones"

EDGE = 1.0
"""How far a box may reach over the edge of its image, in pixels: programs disagree where the first pixel lies."""

ROUNDING = 0.01
"""How far it may reach there without a word, in pixels: shares are written with few decimals."""

Repairs = Counter[str]
"""How often each was mended."""


def repair_line(repairs: Iterable[Mapping[str, int]]) -> str:
    """Say in one line what was mended; "" for nothing.

    Args:
        repairs: of each split.

    Examples:
        >>> repair_line([{SWAPPED: 1}, {}, {SWAPPED: 2}])
        'Repaired: boxes with swapped corners: 3.'
    """
    total = sum((Counter(part) for part in repairs), Counter())
    return f"Repaired: {'; '.join(f'{what}: {count}' for what, count in total.items())}." if total else ""


def read_box(
    stated: Sequence[float], convention: Convention, size: tuple[int, int], repairs: Repairs, whose: str
) -> Box | None:
    """Return a box in VOC's pixels, mended where that has one meaning.

    Args:
        stated: four finite numbers.
        convention: how they are stated.
        size: (width, height) of the image in pixels.
        repairs: counts what is mended.
        whose: for messages, such as "'a.xml' has a 'dog'".

    Returns:
        The box; None where it has no area, and so says nothing.

    Raises:
        ProblemError: it lies outside of its image by more than `EDGE`, or has a negative side.
    """
    a, b, c, d = stated
    told = f"{whose} whose box ({', '.join(f'{value:g}' for value in stated)})"
    if convention in FIRST_PIXEL:
        if a > c or b > d:
            repairs[SWAPPED] += 1
        a, b, c, d = min(a, c), min(b, d), max(a, c), max(b, d)
    elif c < 0 or d < 0:
        raise ProblemError(f"{told} has a negative side")
    elif c == 0 or d == 0:
        repairs[EMPTY] += 1
        return None
    box = to_voc(np.array([[a, b, c, d]]), convention, size)[0]
    low, high = np.array([1, 1]), np.array(size)
    over = np.concatenate([low - box[:2], box[2:] - high])
    kept = np.concatenate([np.maximum(box[:2], low), np.minimum(box[2:], high)])
    if over.max() > EDGE + ROUNDING or (kept[2:] - kept[:2] <= -1).any():
        raise ProblemError(f"{told} leaves its image of {size[0]} x {size[1]} pixels{_as_stated(convention)}")
    if over.max() > ROUNDING:
        repairs[FROM_ZERO if convention == "voc" and over[:2].max() > ROUNDING else OVER_THE_EDGE] += 1
    xmin, ymin, xmax, ymax = kept.tolist()
    return xmin, ymin, xmax, ymax


def _as_stated(convention: Convention) -> str:
    """Say how the numbers of a box were understood, as the end of a clause."""
    return {
        "voc": ", which VOC counts from 1",
        "zero-based": ", counted from 0 (--boxes zero-based)",
        "coco": ", as x, y, width and height from 0 (--boxes coco)",
        "relative": ", as shares of its sides (--boxes relative)",
    }[convention]
