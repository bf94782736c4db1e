"""Match the detections of all classes by TIDE's rules, and sort those that are wrong into kinds.

| kind | a detection that found nothing, and |
| --- | --- |
| localisation | overlaps an object of its class, but too little: background <= IoU <= foreground |
| classification | overlaps an object of another class well: IoU >= foreground |
| duplicate | overlaps an object of its class well, which a surer detection has found |
| background | overlaps no object to speak of: IoU <= background |
| both | all others: too little, and of another class |

The first line that is true counts. An object that no detection found is *missed*, unless a localisation or a
classification error is about it: mending that finds the object.

As in TIDE, the 100 surest detections of an image count, and a match needs an IoU of *at least* the threshold. More
than half in a crowd of its class, a detection does not count for AP; its kind is that of any other. A detection that
found nothing but a `difficult` object, which TIDE does not know, is no error, as in step 4 of the lessons.
"""

from typing import NamedTuple, get_args

import numpy as np

from gradcam_lab.data.box_conventions import to_voc
from gradcam_lab.data.box_files.tables import Detections, Objects
from gradcam_lab.evaluate.matching import Boxes, Pairs, best_first, firsts, greedy, overlapping
from gradcam_lab.evaluate.tide.records import TideKind

FOREGROUND, BACKGROUND = 0.5, 0.1

MOST = 100
"""Detections of an image that count, of all classes together."""

KINDS: tuple[TideKind, ...] = get_args(TideKind)
RIGHT, NEUTRAL = -1, -2
"""What a detection is that is no error: it found an object, or only a difficult one."""


class Judged(NamedTuple):
    """What became of the detections that count, by image and falling score, and of the objects that are to be found.

    Attributes:
        category: the index of each detection's class, shape (n,).
        scores: shape (n,).
        kind: the index in KINDS of each detection, or RIGHT or NEUTRAL, shape (n,).
        counts: whether AP counts it: it is neither NEUTRAL nor in a crowd, bool (n,).
        mends: the object that each detection would find if it were mended, or -1, shape (n,). Of several errors about
            an object, the surest mends it.
        objects: the index of each object's class, shape (m,).
        missed: whether each object is missed, bool (m,).
        unfound: whether each object is not found: missed, or with an error about it, bool (m,).
    """

    category: np.ndarray
    scores: np.ndarray
    kind: np.ndarray
    counts: np.ndarray
    mends: np.ndarray
    objects: np.ndarray
    missed: np.ndarray
    unfound: np.ndarray


class Best(NamedTuple):
    """The highest IoU of each detection with an object of some sort, or 0, and that object, or -1; shape (n,) each."""

    iou: np.ndarray
    object: np.ndarray


def judge(
    detections: Detections,
    objects: Objects,
    *,
    foreground: float = FOREGROUND,
    background: float = BACKGROUND,
    ties: str = "group",
) -> Judged:
    """Match the detections with the objects, and sort the errors into kinds.

    Args:
        detections: of all classes.
        objects: of all classes.
        foreground: a detection finds an object from this IoU on.
        background: up to this IoU it has nothing to do with one.
        ties: which of equal scores chooses first. "group": by class and coordinates; "order": as they come.
    """
    found = _surest(detections, ties)
    count = len(found.scores)
    real = _by_image(objects, ~objects.ignored)
    pairs = _pairs(found, real, float(np.nextafter(background, 0)))  # those of at least `background`
    of_class = found.category[pairs.detection] == real.category[pairs.object]
    taken = greedy(_chosen(pairs, of_class & (pairs.iou >= foreground)), len(real.image))
    right, used = np.zeros(count, bool), np.zeros(len(real.image), bool)
    right[taken.detection], used[taken.object] = True, True
    in_crowd = ~right & _covered(found, objects, objects.crowd, foreground)
    difficult = ~right & _covered(found, objects, objects.ignored & ~objects.crowd, foreground)

    # The best of each detection's objects: of its class, of others, and of its class among those that are found.
    own, others = (_best(_chosen(pairs, which), count) for which in (of_class, ~of_class))
    again = _best(_chosen(pairs, of_class & used[pairs.object]), count)
    is_kind: dict[TideKind, np.ndarray] = {
        "localisation": (own.iou >= background) & (own.iou <= foreground),
        "classification": others.iou >= foreground,
        "duplicate": again.iou >= foreground,
        "background": np.maximum(own.iou, others.iou) <= background,
    }
    kind = np.select(list(is_kind.values()), [KINDS.index(name) for name in is_kind], KINDS.index("both"))
    kind[difficult] = NEUTRAL
    kind[right] = RIGHT

    about = np.where(kind == KINDS.index("localisation"), own.object, -1)
    about = np.where(kind == KINDS.index("classification"), others.object, about)
    mends, missed = _surest_about(about, ~used)
    counts = ~in_crowd & ~difficult
    return Judged(found.category, found.scores, kind, counts, mends, real.category, missed, ~used)


def _surest(found: Detections, ties: str) -> Detections:
    """Sort detections by image and falling score, and keep the surest of each image."""
    columns = (found.category, *-found.boxes.T) if ties == "group" else ()
    order = np.lexsort((*columns, -found.scores, found.image))
    begins = firsts(found.image[order])
    rank = np.arange(len(order)) - np.repeat(begins, np.diff(np.append(begins, len(order))))
    order = order[rank < MOST]
    return Detections(*(column[order] for column in found))


def _by_image(objects: Objects, which: np.ndarray) -> Objects:
    order = np.flatnonzero(which)
    order = order[np.argsort(objects.image[order], kind="stable")]
    return Objects(*(column[order] for column in objects))


def _pairs(found: Detections, objects: Objects, lowest: float) -> Pairs:
    """Return the pairs in an image whose IoU is greater than `lowest`, the best of a detection first."""
    ours, theirs = (Boxes(to_voc(table.boxes, "coco"), table.image) for table in (found, objects))
    none = Pairs(np.zeros(0, int), np.zeros(0, int), np.zeros(0))
    blocks = overlapping(ours, theirs, lowest)
    return best_first(Pairs(*(np.concatenate(column) for column in zip(none, *blocks, strict=True))))


def _covered(found: Detections, objects: Objects, which: np.ndarray, foreground: float) -> np.ndarray:
    """Say which detections overlap one of some objects of their class enough; with a crowd, by the detection's share.

    Returns:
        bool (n,).
    """
    some = _by_image(objects, which)
    pairs = _pairs(found, some, 0)
    pairs = _chosen(pairs, found.category[pairs.detection] == some.category[pairs.object])
    size, other = (table.boxes[:, 2] * table.boxes[:, 3] for table in (found, some))
    size, other = size[pairs.detection], other[pairs.object]
    common = pairs.iou * (size + other) / (1 + pairs.iou)
    overlap = np.where(some.crowd[pairs.object], common / size, pairs.iou)
    covered = np.zeros(len(found.scores), bool)
    covered[pairs.detection[overlap > foreground]] = True
    return covered


def _best(pairs: Pairs, count: int) -> Best:
    """Return the best of each detection's pairs, which come first."""
    best = Best(np.zeros(count), np.full(count, -1))
    first = firsts(pairs.detection)
    best.iou[pairs.detection[first]] = pairs.iou[first]
    best.object[pairs.detection[first]] = pairs.object[first]
    return best


def _surest_about(about: np.ndarray, unfound: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Let the surest error about an object that is not found mend it; return `mends` and `missed` of `Judged`.

    Args:
        about: the object that each error is about, or -1, shape (n,), by falling score.
        unfound: whether each object is not found, shape (m,).
    """
    errors = np.flatnonzero(about >= 0)
    errors = errors[unfound[about[errors]]]
    objects, first = np.unique(about[errors], return_index=True)
    mends = np.full(len(about), -1)
    mends[errors[first]] = objects
    missed = unfound.copy()
    missed[objects] = False
    return mends, missed


def _chosen(pairs: Pairs, which: np.ndarray) -> Pairs:
    return Pairs(*(column[which] for column in pairs))
