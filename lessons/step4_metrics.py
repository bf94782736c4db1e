r"""# Step 4: How good are the boxes?

"It found most of the dogs" is not a number. This step builds the number that the detection community agreed on,
average precision, from four small functions:

    boxes --IoU--> matches --count--> precision and recall --area--> average precision

- **IoU**, intersection over union: how well do two boxes agree, from 0 to 1?
- **Match**: a detection that agrees well enough with an object nobody has claimed yet is a *true positive*. All
  others are *false positives*, a second detection of the same dog too.
- **Precision**: of my claims, how many were true? **Recall**: of the dogs there were, how many did I claim?

$$\text{precision} = \frac{TP}{TP + FP} \qquad \text{recall} = \frac{TP}{\text{number of objects}}$$

- Whoever claims everything has perfect recall, whoever claims one sure thing perfect precision. So do not judge
  one point: go down the list of detections from the surest, and draw precision against recall at every length
  of the list. **Average precision** is the area below that curve.

Source: Everingham et al., *[The PASCAL Visual Object Classes Challenge](https://doi.org/10.1007/s11263-009-0275-4)*,
IJCV 2010, section 4.2, and its [devkit](http://host.robots.ox.ac.uk/pascal/VOC/voc2012/#devkit). COCO averages the same
number over ten IoU thresholds (Lin et al., *[Microsoft COCO](https://arxiv.org/abs/1405.0312)*, ECCV 2014,
[code](https://github.com/cocodataset/cocoapi)).

| task | what you write | points |
| --- | --- | --- |
| 4.1 | `box_iou`: the overlap of boxes | 2 |
| 4.2 | `match_detections`: true, false, or ignored | 3 |
| 4.3 | `precision_recall`: the curve | 2 |
| 4.4 | `average_precision`: the area, all-point and 11-point | 2 |
| 4.5 | `evaluate`: over images and thresholds, ties, difficult objects | 1 |
| 4.6 | written: recall and AP in your own words | 2 |
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

TRUE_POSITIVE, FALSE_POSITIVE, IGNORED = 1, 0, -1
"""What a detection can be. IGNORED: it found a `difficult` object, which counts neither for nor against it."""


class GroundTruth(NamedTuple):
    """The objects of one class in one image: `boxes` of shape (m, 4), and `difficult`, bool, of shape (m,)."""

    boxes: np.ndarray
    difficult: np.ndarray


# ## 4.1 Intersection over union
#
# VOC counts pixels, and both ends are inside: a box from 1 to 10 is 10 pixels wide. Hence the `+ 1` in every
# width and height, as in the devkit. For large boxes it hardly matters; for a box of one pixel it is the
# difference between 1 and 0.


def box_iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Compute the IoU of every box of `a` with every box of `b`, counting pixels as the VOC devkit does.

    Args:
        a: shape (n, 4), `xmin, ymin, xmax, ymax`, both ends inside; not always whole numbers.
        b: shape (m, 4).

    Returns:
        shape (n, m), from 0 (apart) to 1 (the same box).

    Examples:
        >>> a, b = np.array([[1, 1, 10, 10]]), np.array([[6, 1, 15, 10]])  # 10 pixels wide each, 5 of them in both
        >>> box_iou(a, b).round(3).tolist()  # 50 / (100 + 100 - 50)
        [[0.333]]
    """
    ### BEGIN SOLUTION 4.1
    first = np.maximum(a[:, None, :2], b[None, :, :2])  # (n, m, 2): the later of the two beginnings
    last = np.minimum(a[:, None, 2:], b[None, :, 2:])  # and the earlier of the two ends
    intersection = (last - first + 1).clip(min=0).prod(axis=2)
    union = area(a)[:, None] + area(b)[None, :] - intersection
    return intersection / union
    ### END SOLUTION 4.1


def area(boxes: np.ndarray) -> np.ndarray:
    """Count the pixels of boxes (n, 4), both ends inside; shape (n,)."""
    return (boxes[:, 2] - boxes[:, 0] + 1) * (boxes[:, 3] - boxes[:, 1] + 1)


# ## 4.2 Who found what?
#
# Greedy: the surest detection chooses first. It takes the object it overlaps most with among those that are
# still free, if the IoU is *greater* than the threshold. An object can be found once.
#
# VOC marks some objects `difficult`: too small, too hidden, undecidable without context. Finding one earns
# nothing and costs nothing, so a detection that matches none but a difficult object is ignored.
#
# ![Four claims about two dogs, from the surest on, at an IoU threshold of 0.5. Green: the annotated boxes. Blue: a true
# positive. Orange: a false one, because its dog has been found already, or because it overlaps none enough.
# ](figure:who_found_what)
#
# (The devkit lets each detection bid for the object it overlaps most with, free or not. The two rules differ
# only where two objects overlap each other; by ours, which is also COCO's, the second detection
# can still find the second dog.)


def match_detections(boxes: np.ndarray, scores: np.ndarray, truth: GroundTruth, threshold: float) -> np.ndarray:
    """Judge the detections of one class in one image.

    Args:
        boxes: the detections, shape (n, 4), in any order.
        scores: shape (n,). Of two equal scores the earlier box chooses first; of two equal overlaps it takes the
            earlier object.
        truth: the objects; `difficult` ones may be found any number of times.
        threshold: a match needs an IoU *greater* than this.

    Returns:
        int, shape (n,), in the order of `boxes`: TRUE_POSITIVE, FALSE_POSITIVE or IGNORED.
    """
    ### BEGIN SOLUTION 4.2
    overlaps = box_iou(boxes, truth.boxes)
    outcomes = np.full(len(boxes), FALSE_POSITIVE)
    free = ~truth.difficult
    for i in np.argsort(-scores, kind="stable"):
        candidates = np.where(free, overlaps[i], -1)
        if candidates.max(initial=-1) > threshold:
            outcomes[i] = TRUE_POSITIVE
            free[candidates.argmax()] = False
        elif overlaps[i, truth.difficult].max(initial=-1) > threshold:
            outcomes[i] = IGNORED
    return outcomes
    ### END SOLUTION 4.2


# ## 4.3 The curve
#
# Sort all detections of all images by score and walk down the list. After each step: how many of the claims so
# far were true, and how many of the objects have been found?
#
# What if scores are equal? A baseline that gives every box the score 1 has no order at all. Published code lets
# the sort decide, and the same boxes then earn an AP of 0.35 or of 0.54, as the files happen to be named. A
# fair curve treats equal scores as one step (`ties="group"`): nobody can cut the list in the middle of them. To
# compare with published tables, `ties="order"` keeps the order of the input and makes each box its own step.


class Curve(NamedTuple):
    """Precision and recall along the list, shape (k,) each, and the score at which the list is cut."""

    precision: np.ndarray
    recall: np.ndarray
    score: np.ndarray


def precision_recall(scores: np.ndarray, outcomes: np.ndarray, objects: int, ties: str = "group") -> Curve:
    """Walk down the list of detections, the highest score first.

    Args:
        scores: shape (n,).
        outcomes: shape (n,), from `match_detections`; IGNORED ones are left out.
        objects: the number of objects that are not difficult, found or not.
        ties: "group", equal scores are one step of the curve; or "order", each detection is, in the input's order.

    Returns:
        The curve, one entry a step, k <= n. Recall never falls. With no object at all it is 0 throughout.

    Examples:
        >>> outcomes = np.array([1, 0, 1, 0, 1])  # true, false, true, false, true; and four objects
        >>> curve = precision_recall(np.array([0.9, 0.8, 0.7, 0.6, 0.5]), outcomes, 4)
        >>> curve.precision.round(2).tolist(), curve.recall.tolist()
        ([1.0, 0.5, 0.67, 0.5, 0.6], [0.25, 0.25, 0.5, 0.5, 0.75])
    """
    ### BEGIN SOLUTION 4.3
    counted = outcomes != IGNORED
    scores, outcomes = scores[counted], outcomes[counted]
    order = np.argsort(-scores, kind="stable")
    scores, found = scores[order], np.cumsum(outcomes[order])
    claimed = np.arange(1, len(scores) + 1)
    if ties == "group":
        last = np.append(scores[1:] != scores[:-1], True)[: len(scores)]  # the last of each run of equal scores
        scores, found, claimed = scores[last], found[last], claimed[last]
    return Curve(found / claimed, found / max(objects, 1), scores)
    ### END SOLUTION 4.3


# ## 4.4 The area
#
# The curve zigzags: each false positive pulls precision down, each true one lifts it a little. VOC smooths it
# from the right: at each recall take the best precision that can still be had at this recall *or a higher one*.
# Then measure the area, either exactly ("area", VOC since 2010) or at the eleven recalls 0, 0.1, ..., 1
# ("11point", VOC2007).
#
# By hand: four objects, and five claims that are, from the surest on, true, false, true, false, true. Precision is 1,
# 1/2, 2/3, 2/4, 3/5, and recall 1/4, 1/4, 2/4, 2/4, 3/4. Smoothed from the right, precision is 1, 2/3, 2/3, 3/5, 3/5.
# Recall grows by a quarter at the first, the third and the fifth claim, so the area is (1 + 2/3 + 3/5) / 4 = 0.567.
# The last quarter of recall was never reached, and earns nothing.
#
# ![The curve of these five claims, its envelope, and the area below the envelope.](figure:curve_envelope)


def average_precision(precision: np.ndarray, recall: np.ndarray, method: str = "area") -> float:
    """Measure the area below the interpolated precision-recall curve.

    Source: the VOC devkit's `VOCap` (all points) and Everingham et al. 2010, equations 1 and 2 (eleven points).

    Args:
        precision: shape (k,).
        recall: shape (k,), never falling.
        method: "area" or "11point" (where 3 of 10 objects reach the level 0.3, however 3 / 10 is rounded).

    Returns:
        AP from 0 to 1; 0 for an empty curve.

    Examples:
        >>> ap = average_precision(np.array([1, 1 / 2, 2 / 3, 2 / 4, 3 / 5]), np.array([0.25, 0.25, 0.5, 0.5, 0.75]))
        >>> round(ap, 3)
        0.567
    """
    ### BEGIN SOLUTION 4.4
    best_from_here_on = np.maximum.accumulate(precision[::-1])[::-1]
    if method == "area":
        return float((np.diff(recall, prepend=0) * best_from_here_on).sum())
    levels = np.linspace(0, 1, 11) - 1e-9  # 3 of 10 objects are a recall of 0.3, whatever 3 / 10 rounds to
    first = np.searchsorted(recall, levels)
    return float(np.append(best_from_here_on, 0)[first].mean())
    ### END SOLUTION 4.4


# ## 4.5 All images, several thresholds
#
# How strict should "agrees well enough" be? Ask at several IoU thresholds; weakly supervised boxes, which never
# saw a box in training, are commonly judged at 0.3, 0.4 and 0.5.
#
# An image without any detection still counts, because its objects are missed. An image without any object still
# counts, because its detections are false. Both must be in the lists, empty. A helper gathers all the matches
# first; keeping them per image lets the pipeline draw bootstrap samples of images without matching again.


class Matches(NamedTuple):
    """All detections of all images, judged at one IoU threshold.

    `image` is the index of the image of each detection, shape (n,); `scores` and `outcomes` have shape (n,) too;
    `objects` counts the objects that are not difficult, one entry an image.
    """

    image: np.ndarray
    scores: np.ndarray
    outcomes: np.ndarray
    objects: np.ndarray


def match_all(
    detections: Mapping[str, np.ndarray],
    ground_truth: Mapping[str, GroundTruth],
    threshold: float,
    count_difficult: bool = False,
    ties: str = "group",
) -> Matches:
    """Match every image's detections with its objects.

    Args:
        detections: (n, 5) arrays `xmin, ymin, xmax, ymax, score` by image; an image that is missing has none.
        ground_truth: the objects by image. Its order is the order of the result.
        threshold: a match needs an IoU greater than this.
        count_difficult: treat difficult objects like all others, as some published tables do.
        ties: "group" sorts each image's boxes first, so that their order in the file cannot decide which of two equally
            sure boxes chooses first; "order" leaves them as they come.

    Raises:
        ValueError: detections name an image that the ground truth does not know.
    """
    if strangers := sorted(set(detections) - set(ground_truth)):
        raise ValueError(f"image '{strangers[0]}' has detections but is not in the ground truth")
    images, scores, outcomes, objects = [np.zeros(0, int)], [np.zeros(0)], [np.zeros(0, int)], []
    for index, (name, truth) in enumerate(ground_truth.items()):
        if count_difficult:
            truth = GroundTruth(truth.boxes, np.zeros(len(truth.boxes), dtype=bool))
        rows = detections.get(name, np.zeros((0, 5)))
        if ties == "group":
            rows = rows[np.lexsort(rows.T)[::-1]]  # by falling score, then by coordinates
        outcomes.append(match_detections(rows[:, :4], rows[:, 4], truth, threshold))
        images.append(np.full(len(rows), index))
        scores.append(rows[:, 4])
        objects.append(int((~truth.difficult).sum()))
    return Matches(np.concatenate(images), np.concatenate(scores), np.concatenate(outcomes), np.array(objects, int))


class Score(NamedTuple):
    """The result at one IoU threshold; AP and recall are NaN where there is no object to find."""

    ap: float
    recall: float
    curve: Curve
    objects: int


def evaluate(
    detections: Mapping[str, np.ndarray],
    ground_truth: Mapping[str, GroundTruth],
    thresholds: Sequence[float] = (0.3, 0.4, 0.5),
    ties: str = "group",
    method: str = "area",
    count_difficult: bool = False,
) -> dict[float, Score]:
    """Score detections against the ground truth at several IoU thresholds.

    Args:
        detections: see `match_all`.
        ground_truth: see `match_all`.
        thresholds: the IoU thresholds.
        ties: see `precision_recall`.
        method: see `average_precision`.
        count_difficult: see `match_all`.

    Returns:
        One `Score` a threshold. Recall is the one at the end of the list.
    """
    ### BEGIN SOLUTION 4.5
    scores = {}
    for threshold in thresholds:
        matches = match_all(detections, ground_truth, threshold, count_difficult, ties)
        scores[threshold] = summarise(matches.scores, matches.outcomes, int(matches.objects.sum()), ties, method)
    return scores
    ### END SOLUTION 4.5


def summarise(scores: np.ndarray, outcomes: np.ndarray, objects: int, ties: str, method: str) -> Score:
    """Chain 4.3 and 4.4 for detections that are already judged; without any object nothing is defined: NaN."""
    curve = precision_recall(scores, outcomes, objects, ties)
    if objects == 0:
        return Score(np.nan, np.nan, curve, 0)
    ap = average_precision(curve.precision, curve.recall, method)
    return Score(ap, float(curve.recall.max(initial=0)), curve, objects)


# How much does the order of equal scores matter? Let the false positives go first among equals, then the true
# ones.


def order_range(scores: np.ndarray, outcomes: np.ndarray, objects: int, method: str = "area") -> tuple[float, float]:
    """Return the lowest and the highest AP that any order of equal scores could give with `ties="order"`."""
    worst, best = (np.lexsort((key, -scores)) for key in (outcomes, -outcomes))
    return (
        summarise(scores[worst], outcomes[worst], objects, "order", method).ap,
        summarise(scores[best], outcomes[best], objects, "order", method).ap,
    )


# One more number, usual where no box was ever trained: CorLoc (Deselaers et al., 2012) asks, of the images that
# do hold the class, in how many the *surest* box is right.


def correct_localisation(
    detections: Mapping[str, np.ndarray], ground_truth: Mapping[str, GroundTruth], threshold: float
) -> dict[str, bool]:
    """Say for each image with an object whether its surest box overlaps one by more than the threshold.

    Their mean is CorLoc. Difficult objects do not count, and images that have no other are left out.
    """
    correct = {}
    for name, truth in ground_truth.items():
        objects = truth.boxes[~truth.difficult]
        rows = detections.get(name, np.zeros((0, 5)))
        if len(objects):
            best = rows[np.lexsort(rows.T)[-1:], :4]  # the highest score; among equals, always the same box
            correct[name] = bool((box_iou(best, objects) > threshold).any())
    return correct


# ## 4.6 Written (2 points)
#
# (a) What are recall and average precision, in words that a friend who has never heard of them understands? (b)
# A detector has an AP of 0.5 and a recall of 0.9; another has 0.5 and 0.5. How do they differ, and when would
# you want which?
#
# Nothing has to be run for this; two to five sentences each. `gradcam-lab run-all --quick` draws curves to think of:
# under "The result" in `report/toyvoc/report.html`.
#
# ## Optional: predict, derive, break (no points)
#
# **Predict, then run.** To the five claims of 4.4 comes a sixth, less sure than all others, and it is false. What
# becomes of AP? And what if it is surer than all others? Compute both by hand, and then with your functions.
#
# **Derive.** Show that AP does not depend on the scale of the scores: with $f$ any strictly increasing function,
# $f(s)$ in place of $s$ gives the same AP. Which of `precision_recall` and `match_detections` looks at scores, and at
# what of them? What, then, can AP not tell you about the probabilities?
#
# **Break it.** Give every detection the score 1. First say what becomes of AP with `ties="group"`, then with
# `ties="order"` for the best and for the worst order; `order_range` computes both.
