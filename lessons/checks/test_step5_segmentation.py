"""Step 5 against plain loops, a flood fill and OpenCV itself, on other maps, images and masks each time."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import cv2
import numpy as np

from .checking import Case, Wrong, agree, boxes_around, call, check, demand, islands, misplaced, shown

NO, YES, UNKNOWN, VOID = 0, 1, 255, 255


def holds(got: np.ndarray, dtype: type, what: str) -> None:
    """Ask for the dtype that the docstring promises."""
    if got.dtype != dtype:
        name = np.dtype(dtype).name
        raise Wrong(f"{what}: {name}", str(got.dtype), f"the docstring promises {name}: convert with .astype")


# --- 5.1 seeds ---


def labelled(foreground: np.ndarray, background: np.ndarray, unknown: int = UNKNOWN) -> np.ndarray:
    """Seeds from two masks; the foreground wins."""
    return np.where(foreground, YES, np.where(background, NO, unknown)).astype(np.uint8)


@check("5.1", points=1)
def test_seeds_are_sure_above_and_below_and_unknown_between(mine: Any, case: Case) -> None:
    """What reaches the upper fraction is foreground, what does not reach the lower background; all as uint8."""
    rows, columns = case.sizes(2, 5, 9)
    # Raw maps have no unit: the second one is weak, as of a network that is far from sure.
    for upper, lower, unit in ((0.75, 0.25, 1), (0.5, 0.125, 2**-10), (0.5, 0.5, 1)):
        heat = case.rng.integers(-9, 16, (rows, columns)).astype(float)
        # The maximum, both limits, 0, the minimum: numbers that no way to calculate this rounds.
        heat.flat[case.rng.permutation(heat.size)[:5]] = [16, 16 * upper, 16 * lower, 0, -20]
        expected = labelled(heat >= upper * 16, heat < lower * 16)
        agree(
            call(mine.seeds, heat * unit, upper, lower),
            expected,
            f"the seeds for the fractions {upper} and {lower}",
            reasons=[
                (
                    "a pixel that has exactly `sure_foreground * max` is foreground: use >= and not >",
                    labelled(heat > upper * 16, heat < lower * 16),
                ),
                (
                    "a pixel that has exactly `sure_background * max` is not background any more: use < and not <=",
                    labelled(heat >= upper * 16, heat <= lower * 16),
                ),
                (
                    "a pixel that has exactly `sure_background * max` is not background any more: use < and not <=",
                    np.where(heat <= lower * 16, NO, labelled(heat >= upper * 16, heat < lower * 16)),
                ),
                (
                    "a map with a small maximum is evidence too: all is BACKGROUND only where it is not positive",
                    np.zeros_like(expected),
                ),
                (
                    "the heat is compared with the fractions themselves: multiply them by the map's maximum first",
                    labelled(heat * unit >= upper, heat * unit < lower),
                ),
                (
                    "the map was first scaled from its minimum to its maximum: here a fraction is one of the maximum, "
                    "and 0 stays 0",
                    labelled(heat + 20 >= upper * 36, heat + 20 < lower * 36),
                ),
                (
                    "the coldest value counts as the hottest: use heatmap.max(), and no absolute values",
                    labelled(heat >= upper * 20, heat < lower * 20),
                ),
                (
                    "what is not surely foreground became background: between the two fractions a pixel is UNKNOWN",
                    labelled(heat >= upper * 16, heat < upper * 16),
                ),
                (
                    "what is not surely background became foreground: between the two fractions a pixel is UNKNOWN",
                    labelled(heat >= lower * 16, heat < lower * 16),
                ),
                (
                    "FOREGROUND and BACKGROUND are exchanged: hot pixels are the foreground",
                    labelled(heat < lower * 16, heat >= upper * 16),
                ),
                (
                    "the unknown pixels have another number: use the constant UNKNOWN",
                    labelled(heat >= upper * 16, heat < lower * 16, 2),
                ),
            ],
            reason="compare each pixel with both fractions of heatmap.max(): `>=` the upper one, `<` the lower one",
            picture=True,
        )
    _judge_no_evidence(mine, case)


def _judge_no_evidence(mine: Any, case: Case) -> None:
    """The seeds are uint8, and a map without a positive value is background everywhere."""
    rows, columns = case.sizes(2, 4, 8)
    holds(call(mine.seeds, case.rng.random((rows, columns)), 0.75, 0.25), np.uint8, "the dtype of the seeds")
    negative = -1 - case.rng.random((rows, columns))
    for heat in (np.zeros((rows, columns)), negative):
        for upper, lower in ((0.75, 0.25), (0.5, 0), (1, 1)):
            agree(
                call(mine.seeds, heat, upper, lower),
                np.zeros((rows, columns), dtype=np.uint8),
                f"the seeds of a map whose maximum is {heat.max():.3g}, for the fractions {upper} and {lower}",
                reason="there is no evidence in this map: where the maximum is not positive, all is BACKGROUND",
                picture=True,
            )


# --- 5.2 refine ---


def grabbed(image: np.ndarray, seeds: np.ndarray, iterations: int, unknown: int = cv2.GC_PR_FGD) -> np.ndarray:
    """GrabCut's four labels."""
    labels = np.full(seeds.shape, unknown, np.uint8)
    labels[seeds == YES], labels[seeds == NO] = cv2.GC_FGD, cv2.GC_BGD
    cv2.setRNGSeed(0)
    cv2.grabCut(image, labels, (0, 0, 0, 0), np.zeros((1, 65)), np.zeros((1, 65)), iterations, cv2.GC_INIT_WITH_MASK)
    return labels


def is_foreground(labels: np.ndarray) -> np.ndarray:
    """Foreground, surely or probably."""
    return (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)


def meadow(case: Case, contrast: float, noise: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A noisy image of an ellipse on another colour, seeds inside and outside of it, and the ellipse itself."""
    height, width = case.whole(40, 48), case.whole(54, 62)
    y, x = np.mgrid[:height, :width]
    middle = height / 2 + case.rng.uniform(-3, 3), width / 2 + case.rng.uniform(-3, 3)
    radius = np.hypot((y - middle[0]) / (0.3 * height), (x - middle[1]) / (0.3 * width))
    colours = np.array([90.0, 120.0, 100.0]) + contrast * np.array([[0, 0, 0], [1, -0.8, 0.6]])
    pixels = colours[(radius <= 1).astype(int)] + noise * case.array(height, width, 3)
    image = pixels.round().clip(0, 255).astype(np.uint8)
    return image, labelled(radius < 0.4, radius > 1.5), radius <= 1


class Heard(NamedTuple):
    """One call of cv2.grabCut: its labels before and after, what else it was given, and what OpenCV would draw next."""

    labels: np.ndarray
    iterations: Any
    mode: Any
    one_model: bool
    chance: list[float]
    answer: np.ndarray


@contextmanager
def overheard(mine: Any) -> Iterator[list[Heard]]:
    """Listen to the calls of cv2.grabCut: whether an image betrays its habits is a matter of luck."""
    original = cv2.grabCut
    names = getattr(mine.refine, "__globals__", {})  # a file may import the function itself
    places = [(vars(cv2), "grabCut"), *((names, name) for name, value in names.items() if value is original)]
    heard: list[Heard] = []

    def listen(*args: Any, **kwargs: Any) -> Any:
        given = dict(zip(("img", "mask", "rect", "bgdModel", "fgdModel", "iterCount", "mode"), args, strict=False))
        given |= kwargs
        labels, chance = np.array(given["mask"]), drawn()
        cv2.setRNGSeed(0)
        result = original(*args, **kwargs)  # which refuses what it cannot work with
        one_model = np.shares_memory(given["bgdModel"], given["fgdModel"])
        heard.append(Heard(labels, given["iterCount"], given.get("mode"), one_model, chance, result[0].copy()))
        return result

    for place, name in places:
        place[name] = listen
    try:
        yield heard
    finally:
        for place, name in places:
            place[name] = original


def drawn() -> list[float]:
    """What OpenCV's random generator gives next."""
    return cv2.randu(np.zeros((1, 8), np.int32), np.zeros(1), np.full(1, 2.0**30)).ravel().tolist()


def refined(mine: Any, image: np.ndarray, seeds: np.ndarray, iterations: int, reason: str) -> Any:
    """Call the student's function; OpenCV's own sentences help nobody."""
    try:
        return call(mine.refine, image, seeds, iterations)
    except cv2.error as error:
        raise Wrong("a mask", f"OpenCV's error: {error.err or str(error)}", reason) from error


def exchange_two_pixels(image: np.ndarray, seeds: np.ndarray, ellipse: np.ndarray) -> None:
    """Let a sure pixel of each side lie amid the other: whoever tidies GrabCut's answer up loses one of the two."""
    kernel = np.ones((3, 3), np.uint8)
    inside, outside = (
        tuple(np.argwhere(cv2.erode((seeds == seed).astype(np.uint8), kernel, borderValue=0))[0]) for seed in (YES, NO)
    )
    for array in (image, seeds, ellipse):
        array[inside], array[outside] = array[outside].copy(), array[inside].copy()


def judge_calls(heard: list[Heard], seeds: np.ndarray, iterations: int) -> None:
    """Ask for the labels, the mode and the rest that GrabCut was called with, once or iteration by iteration."""
    demand(bool(heard), "a call of cv2.grabCut", "none", "let OpenCV's GrabCut decide the unknown pixels")
    first, *others = heard
    for seed, label, expected, reason in (
        (
            UNKNOWN,
            cv2.GC_PR_FGD,
            f"unknown pixels that start as {cv2.GC_PR_FGD} (GC_PR_FGD)",
            "the unknown pixels start as something else: start them as probably foreground",
        ),
        (
            YES,
            cv2.GC_FGD,
            f"seeds of the foreground that start as {cv2.GC_FGD} (GC_FGD)",
            "a seed of the foreground is sure, and GrabCut must not change it: give it GC_FGD",
        ),
        (
            NO,
            cv2.GC_BGD,
            f"seeds of the background that start as {cv2.GC_BGD} (GC_BGD)",
            "a seed of the background is sure, and GrabCut must not change it: give it GC_BGD",
        ),
    ):
        labels = first.labels[seeds == seed]
        demand(bool((labels == label).all()), expected, shown(np.unique(labels)), reason)
    demand(
        first.mode == cv2.GC_INIT_WITH_MASK,
        f"mode {cv2.GC_INIT_WITH_MASK} (GC_INIT_WITH_MASK)",
        shown(first.mode),
        "GrabCut begins from something else than your labels: GC_INIT_WITH_MASK is the mode that reads them",
    )
    demand(
        not any(one.one_model for one in heard),
        "two arrays for the two mixtures of colours",
        "one array for both",
        "foreground and background write into the same array: make np.zeros((1, 65)) twice",
    )
    demand(
        all(one.mode == cv2.GC_EVAL for one in others),
        f"mode {cv2.GC_EVAL} (GC_EVAL) in every call but the first",
        shown([one.mode for one in others]),
        "a second call with GC_INIT_WITH_MASK begins anew: to go on, give GC_EVAL, the labels and both arrays again",
    )
    demand(
        sum(one.iterations for one in heard) == iterations,
        f"{iterations} iterations",
        shown(sum(one.iterations for one in heard)),
        "GrabCut did not run as often as it was asked to: pass `iterations` on",
    )
    cv2.setRNGSeed(0)
    demand(
        first.chance == drawn(),
        "OpenCV's generator, freshly seeded with 0",
        "a generator in another state",
        "GrabCut begins by chance: call cv2.setRNGSeed(0) just before it, each time",
    )


@check("5.2", points=1)
def test_refine_is_grabcut_from_these_seeds(mine: Any, case: Case) -> None:
    """GrabCut is called as the docstring says, its answer is the mask, and an ellipse is found by its colour."""
    image, seeds, ellipse = meadow(case, contrast=80, noise=4)
    exchange_two_pixels(image, seeds, ellipse)
    iterations = case.whole(2, 4)
    cv2.setRNGSeed(case.whole(1, 1000))  # what the generator was used for before must not matter
    call_reason = (
        "give grabCut uint8 labels 0 to 3, any rectangle, two arrays of zeros, shape (1, 65), and GC_INIT_WITH_MASK"
    )
    with overheard(mine) as heard:
        mask = refined(mine, image, seeds, iterations, call_reason)
    judge_calls(heard, seeds, iterations)
    answer = heard[-1].answer
    demand(
        len(heard) == 1 or np.array_equal(answer, grabbed(image, seeds, iterations)),
        f"the labels after {iterations} iterations, one after the other",
        "other labels",
        "the calls do not go on where the one before stopped: give each the labels that the one before has left",
    )
    agree(
        mask,
        is_foreground(answer),
        "the mask of GrabCut's answer",
        reasons=[
            (
                "only the sure foreground is in the mask: what is probably foreground (GC_PR_FGD) belongs to it too",
                answer == cv2.GC_FGD,
            ),
            (
                "only the decided pixels are in the mask: what was surely foreground (GC_FGD) belongs to it too",
                answer == cv2.GC_PR_FGD,
            ),
            ("the mask is the wrong way round: True is the foreground", ~is_foreground(answer)),
            ("all that is not surely background is in the mask: leave GC_PR_BGD out", answer != cv2.GC_BGD),
        ],
        reason="the mask is not what GrabCut answered: take its GC_FGD and GC_PR_FGD, and change nothing afterwards",
        picture=True,
    )
    agree(
        mask,
        ellipse,
        "the mask of an ellipse",
        reason="GrabCut has seen another image: give it `image` as it is, with its three colours",
        picture=True,
    )


@check("5.2", points=1)
def test_refine_needs_two_sides(mine: Any, case: Case) -> None:
    """Without a seed of the foreground, or without one of the background, only the sure foreground is in the mask."""
    image, seeds, _ = meadow(case, contrast=80, noise=4)
    none = np.zeros(seeds.shape, dtype=bool)
    forgotten = "GrabCut stops where it has no pixel of one side: return the sure foreground before you call it"
    for name, given in (
        ("no seed of the background", np.where(seeds == NO, UNKNOWN, seeds)),
        ("no seed of the foreground", np.where(seeds == YES, UNKNOWN, seeds)),
        ("nothing but background", np.full_like(seeds, NO)),
        ("nothing but unknown pixels", np.full_like(seeds, UNKNOWN)),
    ):
        mask = refined(mine, image, given, 1, forgotten)
        agree(
            mask,
            given == YES,
            f"the mask where there is {name}",
            reasons=[
                (
                    "unknown pixels are in the mask: with one side only, the sure foreground alone is",
                    (given == YES) | (given == UNKNOWN),
                ),
                (
                    "GrabCut ran with seeds of one side only: return the sure foreground before you call it",
                    is_foreground(grabbed(image, given, 1))
                    if (given == NO).any() and name.endswith("foreground")
                    else None,
                ),
                ("the sure foreground is missing: with one side only, it alone is in the mask", none),
            ],
            reason="with seeds of one side only, the mask is the sure foreground",
            picture=True,
        )


# --- 5.3 confusion, class_iou, mean_iou ---


def counted(prediction: np.ndarray, truth: np.ndarray, classes: int, void: Callable[[int], int | None]) -> np.ndarray:
    """Count pixel by pixel; `void` says as which class a pixel of 255 counts, given its prediction (None: as none)."""
    table = np.zeros((classes, classes), dtype=np.int64)
    for said, true in zip(prediction.ravel().tolist(), truth.ravel().tolist(), strict=True):
        row = void(said) if true == VOID else true
        if row is not None:
            table[row, said] += 1
    return table


STOPS = (ValueError, IndexError, RuntimeError)
"""What arrays and tensors of the wrong size raise."""


def table_of(mine: Any, prediction: np.ndarray, truth: np.ndarray, classes: int) -> Any:
    """Call the student's function; where it stops because of the pixels of 255, and only then, say so."""
    try:
        return call(mine.confusion, prediction, truth, classes)
    except STOPS as error:
        call(mine.confusion, prediction, np.where(truth == VOID, 0, truth).astype(np.uint8), classes)
        raise Wrong(
            f"a table of {classes} classes",
            f"{type(error).__name__}: {error}",
            "255 in truth is no class and has no row: leave those pixels out, in both arrays, before you count",
        ) from error


@check("5.3", points=1)
def test_confusion_counts_pixels_by_true_and_predicted_class(mine: Any, case: Case) -> None:
    """Rows are true classes, columns predicted ones, 255 in truth is not counted; uint8 masks do not wrap around."""
    for classes in (2, case.whole(3, 6), 21):
        shape = case.sizes(2, 24, 32)
        truth = case.rng.integers(0, classes, shape).astype(np.uint8)
        wrong = case.rng.integers(0, classes, shape).astype(np.uint8)
        prediction = np.where(case.rng.random(shape) < 0.5, truth, wrong).astype(np.uint8)
        truth[case.rng.random(shape) < 0.2] = VOID
        if 2 < classes < 21:  # the last class occurs nowhere: the table has its row and column all the same
            prediction[prediction == classes - 1] = 0
            truth[truth == classes - 1] = 0
        tally = partial(counted, prediction, truth, classes)
        expected = tally(lambda said: None)
        seen = truth != VOID
        with np.errstate(over="ignore"):
            wrapped = (truth * np.uint8(classes) + prediction)[seen]
        if classes == 2:  # often uint8, and sometimes not
            prediction, truth = prediction.astype(np.int64), truth.astype(np.int64)
        table = table_of(mine, prediction, truth, classes)
        agree(
            table,
            expected,
            f"the table of {classes} classes",
            reasons=[
                ("rows and columns are exchanged: a row is a true class, a column a predicted one", expected.T),
                (
                    "uint8 numbers wrap around at 256 (20 * 21 is 164): convert the truth to int64 first",
                    np.bincount(wrapped, minlength=classes**2)[: classes**2].reshape(classes, classes),
                ),
                (
                    "`table[truth, prediction] += 1` adds 1 only once to each place, however often it is named: count "
                    "with np.bincount, np.add.at or a loop",
                    (expected > 0).astype(np.int64),
                ),
                (
                    "the pixels of 255 count as background: leave them out of the truth and of the prediction",
                    tally(lambda said: 0),
                ),
                (
                    "the pixels of 255 count as right: leave them out of the truth and of the prediction",
                    tally(lambda said: said),
                ),
                (
                    "these are shares: return the numbers of pixels, so that the tables of two images can be added",
                    expected / expected.sum(),
                ),
                (
                    "these are shares: return the numbers of pixels, so that the tables of two images can be added",
                    expected / expected.sum(axis=1, keepdims=True).clip(min=1),
                ),
            ],
            reason="for each pixel that is not 255 in truth, add 1 in the row of its true class and the column said",
            picture=True,
        )
        holds(table, np.int64, "the dtype of the table")


def ratios(top: np.ndarray, bottom: np.ndarray, otherwise: float = math.nan) -> list[float]:
    """Divide, with another value where there is nothing to divide by."""
    return [float(a / b) if b else otherwise for a, b in zip(top, bottom, strict=True)]


def average(values: Sequence[float]) -> float:
    """The mean of what is a number."""
    numbers = [value for value in values if not math.isnan(value)]
    return sum(numbers) / len(numbers) if numbers else math.nan


def judge_ious(got: Any, table: np.ndarray) -> None:
    """Compare the IoUs, first where they are defined, then where they are not."""
    right, true, said = table.diagonal(), table.sum(axis=1), table.sum(axis=0)
    union = true + said - right
    expected = ratios(right, union)
    twice = "the intersection is counted twice in the union: subtract the diagonal once"
    agree(
        np.nan_to_num(got) if type(got) is np.ndarray else got,
        np.nan_to_num(expected),
        "the IoUs",
        reasons=[
            ("this is the share of what is true (recall): divide by the union", np.nan_to_num(ratios(right, true))),
            ("this is the share of what was said (precision): divide by the union", np.nan_to_num(ratios(right, said))),
            (twice, np.nan_to_num(ratios(right, true + said))),
            (
                "this is the Dice coefficient, twice the diagonal over both sums: divide the diagonal by the union",
                np.nan_to_num(ratios(2 * right, true + said)),
            ),
            ("these are shares of all pixels: divide by the union of each class", right / max(table.sum(), 1)),
            ("a class that occurs nowhere has no IoU: it is NaN, not 1", np.array(ratios(right, union, 1.0))),
            ("these are percents: return fractions from 0 to 1", 100 * np.nan_to_num(expected)),
        ],
        reason="divide the diagonal by (sum of the row + sum of the column - diagonal)",
    )
    agree(
        [float(value) for value in got],  # in a list of numbers `agree` takes NaN for a value, in an array it does not
        expected,
        "the IoUs, with NaN for a class that occurs nowhere",
        reasons=[
            ("a class that occurs nowhere has no IoU: it is NaN, not 0", ratios(right, union, 0.0)),
            (
                "a class of a single pixel has an IoU too: it is NaN only where its union is empty",
                [value if pixels > 1 else math.nan for pixels, value in zip(union, expected, strict=True)],
            ),
            (
                "a class that was only predicted has an IoU of 0: it is NaN only where its union is empty",
                [value if pixels else math.nan for pixels, value in zip(true, expected, strict=True)],
            ),
        ],
        reason="NaN where the union is empty, and nowhere else",
    )
    holds(got, np.float64, "the dtype of the IoUs")


def judge_mean(got: Any, table: np.ndarray) -> None:
    """Compare the mean IoU."""
    right, true, said = table.diagonal(), table.sum(axis=1), table.sum(axis=0)
    values = ratios(right, true + said - right)
    agree(
        got,
        average(values),
        "the mean IoU",
        reasons=[
            ("a class that occurs nowhere counts as 0: leave it out of the mean", float(np.nan_to_num(values).mean())),
            ("one NaN makes the mean NaN: leave the classes out that occur nowhere", math.nan),
            (
                "a class that was only predicted is left out: it counts, with 0",
                average([value for pixels, value in zip(true, values, strict=True) if pixels]),
            ),
            (
                "a class that was never predicted is left out: it counts, with 0",
                average([value for pixels, value in zip(said, values, strict=True) if pixels]),
            ),
            ("the background, class 0, is left out: it counts here as any other class", average(values[1:])),
            (
                "this is the share of the right pixels: average the IoUs of the classes",
                float(right.sum() / max(table.sum(), 1)),
            ),
        ],
        reason="the mean of the IoUs that are not NaN, 0 included; NaN if all are",
    )


@check("5.3", points=1)
def test_iou_of_each_class_and_its_mean(mine: Any, case: Case) -> None:
    """IoU per class; NaN for a class that occurs nowhere, 0 for one that was only predicted; the mean of the others."""
    classes = case.whole(4, 6)
    table = case.rng.integers(1, 50, (classes, classes)) + np.diag(case.rng.integers(20, 200, classes))
    nowhere, never_true = case.sizes(2, 1, classes - 1)
    partly = table.copy()
    partly[nowhere, :] = partly[:, nowhere] = partly[never_true, :] = 0
    never_said = table.copy()
    never_said[:, never_true] = 0
    one_pixel = np.zeros_like(table)  # of one class, rightly called so; and one of another, wrongly
    one_pixel[0, 0] = one_pixel[never_true, 0] = 1
    for given in (table, partly, never_said, one_pixel, one_pixel.T, np.diag(one_pixel[0]), np.zeros_like(table)):
        judge_ious(call(mine.class_iou, given), given)
        judge_mean(call(mine.mean_iou, given), given)


# --- 5.4 mask_box ---


def three_dogs(case: Case) -> np.ndarray:
    """Islands of 40, 20, 10 and 9 pixels and one of 3, in any order, side by side; the second hangs at a corner."""
    corner = np.zeros((5, 8), dtype=bool)
    corner[:2, :6] = corner[2:4, 6:8] = corner[4, 4:8] = True  # 12 pixels and 8, which touch at a corner
    shapes = [np.ones((5, 8), bool), corner, np.ones((2, 5), bool), np.ones((3, 3), bool), np.ones((1, 3), bool)]
    order = case.rng.permutation(len(shapes))
    parts = [np.pad(shapes[i], ((case.whole(1, 2), 9 - len(shapes[i])), (case.whole(1, 3), 1))) for i in order]
    height = max(len(part) for part in parts)
    return np.hstack([np.pad(part, ((0, height - len(part)), (0, 0))) for part in parts])


def boxes_of_nothing(mine: Any, empty: np.ndarray) -> Any:
    """Call the student's function with an empty mask; NumPy's own sentences about that help nobody."""
    try:
        return call(mine.mask_box, empty)
    except STOPS as error:
        raise Wrong(
            "an array of shape (0, 4) for an empty mask",
            f"{type(error).__name__}: {error}",
            "an empty mask has no largest component: give max an `initial` of 0, or return before you ask for it",
        ) from error


@check("5.4", points=1)
def test_mask_box_boxes_the_large_islands(mine: Any, case: Case) -> None:
    """Islands of at least a share of the largest have a box, the largest first, counted from 1, both ends inside."""
    mask = three_dogs(case)
    groups = islands(mask)
    everything = boxes_around(groups)
    for share, many in ((0.05, 5), (0.25, 3), (0.24, 3), (0.26, 2), (1, 1)):
        expected = everything[:many]
        boxes = call(mine.mask_box, mask, share)
        agree(
            boxes,
            expected,
            f"the boxes of islands of 40, 20, 10, 9 and 3 pixels for share={share}",
            reasons=[
                *misplaced(expected),
                ("x and y are swapped: x counts columns, y counts rows", expected[:, [1, 0, 3, 2]]),
                (
                    "there is one box around the whole mask: box its components, one by one",
                    boxes_around([np.argwhere(mask)]),
                ),
                ("crumbs have a box too: leave out what has less than `share` of the largest component", everything),
                ("only the largest component has a box: a second dog would be lost", everything[:1]),
                ("the smallest comes first: sort the components by falling area", expected[::-1]),
                (
                    "the boxes are in the order in which they were found: the largest component comes first",
                    expected[np.lexsort(expected.T[[1, 0]])],
                ),
                (
                    "the boxes are in the order in which they were found: the largest component comes first",
                    expected[np.lexsort(expected.T[[0, 1]])],
                ),
                (
                    "a component that has exactly `share` of the largest stays: use >= and not >",
                    everything[: sum(len(group) > share * 40 for group in groups)],
                ),
                (
                    "pixels that touch at a corner belong to one component: use 8 neighbours, not 4",
                    lambda share=share: boxes_around(
                        [group for group in islands(mask, diagonals=False) if len(group) >= share * 40]
                    ),
                ),
                (
                    "this is a share of the whole mask: take it of the largest component's pixels",
                    everything[: sum(len(group) >= share * 82 for group in groups)],
                ),
                (
                    "the background has a box as well: label 0 is no component of the mask, leave its row out",
                    boxes_around([np.argwhere(~mask)]),
                ),
            ],
            reason="one box for each component of at least `share` times the largest one's pixels, the largest first",
            picture=True,
        )
        holds(boxes, np.float64, "the boxes' dtype")
    agree(
        boxes_of_nothing(mine, np.zeros_like(mask)),
        np.zeros((0, 4)),
        "the boxes of an empty mask",
        reasons=[("an empty list becomes an array of shape (0,): give it the shape (0, 4)", np.zeros(0))],
        reason="there is no component, so there is no box: the shape is (0, 4)",
    )
    demand(
        len(call(mine.mask_box, mask)) == 3,
        "3 boxes where no share is given",
        f"{len(call(mine.mask_box, mask))}",
        "the share is 0.25 unless another one is given: leave the function's first line as it was",
    )


@check("5")
def test_a_map_and_an_image_become_a_mask(mine: Any, case: Case) -> None:
    """Your own chain: a blurred map and an image become seeds, a mask, its box and its mean IoU."""
    image, _, ellipse = meadow(case, contrast=80, noise=4)
    heat = cv2.GaussianBlur(ellipse.astype(np.float32), (0, 0), 3)
    mask = call(mine.segment, heat, image, sure_foreground=0.9, sure_background=0.05, iterations=2)
    agree(
        mask,
        ellipse,
        "the mask of an ellipse",
        reason="one function of the chain gives something else: `check` the tasks 5.1 and 5.2 one by one",
        picture=True,
    )
    agree(call(mine.mask_box, mask), boxes_around([np.argwhere(ellipse)]), "its box", reason="look at task 5.4")
    table = call(mine.confusion, mask.astype(np.uint8), ellipse.astype(np.uint8), 2)
    agree(call(mine.mean_iou, table), 1.0, "the mean IoU of a perfect mask", reason="look at task 5.3")
