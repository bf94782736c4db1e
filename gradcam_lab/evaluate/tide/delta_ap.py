"""TIDE's dAP: mend the errors of one kind, leave all others as they are, and see by how much AP grows.

| kind | how it is mended |
| --- | --- |
| localisation | the detection finds the object that it was about |
| classification | it gets the class of that object, and finds it |
| duplicate, background, both | it is taken away |
| missed | the object is taken away |
| false positive | all wrong detections get the score 0, all right ones 1 |
| false negative | all objects that were not found are taken away |

Only one detection can find an object: the surest error about it does, all others about it are taken away, and so are
those about an object that is found already. The gains do not add up to what is missing, since one error hides another.

AP is that of TIDE and COCO: the mean of the interpolated precision at the recalls 0, 0.01, ..., 1, averaged over the
classes that have an object or a detection (one without any object has the AP 0).
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from gradcam_lab.data.box_files.tables import Detections, Objects
from gradcam_lab.evaluate.bootstrap import or_none
from gradcam_lab.evaluate.tide.kinds import BACKGROUND, FOREGROUND, KINDS, RIGHT, Judged, judge
from gradcam_lab.evaluate.tide.records import TideErrors, TideName
from gradcam_lab.lessons.step4_metrics import FALSE_POSITIVE, TRUE_POSITIVE, precision_recall

RECALLS = np.arange(101) / 100


class Claims(NamedTuple):
    """Detections as AP sees them, and how many objects of each class are to be found.

    Attributes:
        category: the index of each one's class, shape (n,).
        scores: shape (n,).
        true: whether each found an object, bool (n,).
        objects: int, shape (classes,).
    """

    category: np.ndarray
    scores: np.ndarray
    true: np.ndarray
    objects: np.ndarray


def tide_errors(
    detections: Detections,
    objects: Objects,
    classes: Sequence[str],
    *,
    foreground: float = FOREGROUND,
    background: float = BACKGROUND,
    ties: str = "group",
) -> TideErrors:
    """Count the errors of each kind, and measure what each costs.

    Args:
        detections: of all classes.
        objects: of all classes.
        classes: their names.
        foreground: a detection finds an object from this IoU on.
        background: up to this IoU it has nothing to do with one.
        ties: "group", equal scores are one step of the curve; or "order", each detection is one.
    """
    judged = judge(detections, objects, foreground=foreground, background=background, ties=ties)
    before = _claims(judged, len(classes))
    aps = average_precisions(before, ties)
    gains = {name: _mean(average_precisions(claims, ties)) - _mean(aps) for name, claims in _mended(judged, before)}
    counts = _counts(judged, len(classes))
    wrong = judged.counts & (judged.kind >= 0)
    return {
        "foreground_iou": foreground,
        "background_iou": background,
        "ap": _mean(aps),
        "kinds": {  # below 0 is rounding to 101 recalls, says TIDE
            name: {"count": int(row.sum()), "dap": max(gains[name], 0.0)}
            for name, row in zip(KINDS, counts, strict=True)
        },
        "totals": {
            "false positive": {"count": int(wrong.sum()), "dap": gains["false positive"]},
            "false negative": {"count": int(judged.unfound.sum()), "dap": gains["false negative"]},
        },
        "classes": {
            name: {
                "objects": int(before.objects[index]),
                "ap": or_none(aps[index]),
                "counts": dict(zip(KINDS, counts[:, index].tolist(), strict=True)),
            }
            for index, name in enumerate(classes)
        },
    }


def _counts(judged: Judged, classes: int) -> np.ndarray:
    """Count the errors of each kind in each class, shape (6, classes)."""
    of_kind = [judged.category[judged.kind == index] for index in range(len(KINDS))]
    of_kind[KINDS.index("missed")] = judged.objects[judged.missed]
    return np.array([np.bincount(category, minlength=classes) for category in of_kind])


def _claims(judged: Judged, classes: int) -> Claims:
    """Return what AP counts of the detections as they are."""
    counts = judged.counts
    objects = np.bincount(judged.objects, minlength=classes)
    return Claims(judged.category[counts], judged.scores[counts], judged.kind[counts] == RIGHT, objects)


def _mended(judged: Judged, before: Claims) -> Iterator[tuple[TideName, Claims]]:
    """Yield each kind, and the detections and objects once it is mended."""
    for index, name in enumerate(KINDS):
        ours = judged.kind == index
        mended = ours & (judged.mends >= 0)
        kept = (judged.counts & ~ours) | mended
        category = np.where(mended, judged.objects[judged.mends], judged.category) if mended.any() else judged.category
        true = (judged.kind == RIGHT) | mended
        gone = judged.missed & (name == "missed")
        yield name, Claims(category[kept], judged.scores[kept], true[kept], _without(before, judged, gone))
    yield "false positive", before._replace(scores=before.true.astype(float))
    yield "false negative", before._replace(objects=_without(before, judged, judged.unfound))


def _without(claims: Claims, judged: Judged, gone: np.ndarray) -> np.ndarray:
    """Count the objects of each class, without some of them."""
    return claims.objects - np.bincount(judged.objects[gone], minlength=len(claims.objects))


def average_precisions(claims: Claims, ties: str) -> np.ndarray:
    """Return the AP of each class, shape (classes,): 0 without an object, NaN without a detection too."""
    order = np.argsort(claims.category, kind="stable")
    ends = np.searchsorted(claims.category[order], np.arange(len(claims.objects) + 1))
    aps = np.full(len(claims.objects), np.nan)
    for index, objects in enumerate(claims.objects.tolist()):
        part = order[ends[index] : ends[index + 1]]
        outcomes = np.where(claims.true[part], TRUE_POSITIVE, FALSE_POSITIVE)
        if objects:
            curve = precision_recall(claims.scores[part], outcomes, objects, ties)
            best = np.maximum.accumulate(curve.precision[::-1])[::-1]  # at this recall or a higher one
            aps[index] = np.append(best, 0)[np.searchsorted(curve.recall, RECALLS)].mean()
        elif len(part):
            aps[index] = 0
    return aps


def _mean(aps: np.ndarray) -> float:
    """Average the classes; where no object and no detection is left, nothing is wrong any more: 1."""
    return 1.0 if np.isnan(aps).all() else float(np.nanmean(aps))
