"""The checks of step 6, the tests of a heatmap: cases by hand, loops over pixels, ranks counted one by one."""

import copy
import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .checking import Case, agree, call, check, demand, unchanged
from .networks import LongNet, Sign, built, seeded

HIT, MISS, NOT_ASKED = 1, 0, -1


# --- 6.1 ---


def around(x: int, y: int, far: int) -> list[int]:
    """A box that reaches so far on each side of a pixel."""
    return [x - far, y - far, x + far, y + far]


def _pointing(mine: Any, case: Case) -> tuple[tuple[int, int], int, int, np.ndarray, Callable[..., None]]:
    """A size, a pixel, the flag of one object that is not difficult, and how the game is judged."""
    size = case.whole(90, 110), case.whole(130, 160)

    def judge(expected: int, about: str, reason: str, heatmap: np.ndarray, boxes: Any, flags: Any, **more: Any) -> None:
        rows = np.array(boxes, dtype=float).reshape(-1, 4)
        agree(call(mine.pointing_game, heatmap, rows, flags, **more), expected, about, reason=reason)

    return size, case.whole(60, 70), case.whole(30, 40), np.array([False]), judge


def spot(size: tuple[int, int], x: int, y: int, coldest: float = 0) -> np.ndarray:
    """A map that is hottest at (x, y), counted from 1, and coldest in the lower right corner."""
    heatmap = np.full(size, 0.25)
    heatmap[-1, -1] = coldest
    heatmap[y - 1, x - 1] = 1
    return heatmap


@check("6.1", points=1)
def test_the_hottest_pixel_near_a_box(mine: Any, case: Case) -> None:
    """The hottest pixel hits within 15 pixels of a box, and misses beyond."""
    size, x, y, plain, judge = _pointing(mine, case)
    square = spot(size, 40, 40)
    reason = "the hottest pixel lies in the middle of the box: use the maximum of the map, and nothing else of it"
    judge(HIT, "a spot at column 40, row 40, in the box", reason, square, around(40, 40, 5), plain)
    reason = "a very cold pixel is not a hot one: take the maximum of the map itself, and no absolute values"
    judge(HIT, "a map from -2 to 1", reason, spot(size, 40, 40, -2), around(40, 40, 5), plain)
    reason = "x is the column and y the row: argmax and unravel_index give the row first"
    judge(HIT, "a spot in the box, not on the diagonal", reason, spot(size, x, y), around(x, y, 5), plain)
    reason = "10 pixels beside the box are within the tolerance: measure the distance to the box's nearest pixel"
    judge(HIT, "a spot 10 pixels left of the box", reason, spot(size, x, y), [x + 10, y - 5, x + 40, y + 5], plain)
    sides = {
        "left of": [x + 15, y - 5, x + 40, y + 5],
        "right of": [x - 40, y - 5, x - 15, y + 5],
        "above": [x - 5, y + 15, x + 5, y + 40],
        "below": [x - 5, y - 25, x + 5, y - 15],
    }
    found = [call(mine.pointing_game, spot(size, x, y), np.array([box], float), plain) for box in sides.values()]
    agree(
        found,
        [HIT] * 4,
        f"spots exactly 15 pixels {', '.join(sides)} the box",
        reasons=[("exactly `tolerance` pixels are near enough: use <= and not <", [MISS] * 4)],
        reason="one side of the box is a pixel further away than the other: pixels count from 1, an array's from 0",
    )
    reason = "without tolerance the box's last row and column belong to it, and its first ones: pixels count from 1"
    for box in ([x, y, x + 9, y + 9], [x - 9, y - 9, x, y]):
        judge(HIT, "a spot on the box's corner, tolerance 0", reason, spot(size, x, y), box, plain, tolerance=0)
    reason = "the box ends one pixel before the spot: an array's first column is pixel 1"
    for box in ([x + 1, y - 9, x + 9, y + 9], [x - 9, y - 9, x - 1, y + 9]):
        judge(MISS, "a spot one pixel beside the box, tolerance 0", reason, spot(size, x, y), box, plain, tolerance=0)
    reason = "12 pixels in x and 12 in y are 17 as the crow flies: use the Euclidean distance"
    judge(MISS, "a spot off the box's corner", reason, spot(size, x, y), [x + 12, y + 12, x + 40, y + 40], plain)


@check("6.1", points=1)
def test_which_object_is_asked_for(mine: Any, case: Case) -> None:
    """Of several objects any will do, difficult ones are ignored, and a constant map misses."""
    size, x, y, plain, judge = _pointing(mine, case)
    hard = np.array([True])
    reason = "only the first box was looked at: any object of the class will do"
    two = [around(x + 50, y + 40, 5), around(x, y, 5)]
    judge(HIT, "a spot in the second of two boxes", reason, spot(size, x, y), two, np.array([False, False]))
    reason = "the spot lies on a difficult object: that is no hit and no miss, it is not asked"
    judge(NOT_ASKED, "a spot on a difficult object", reason, spot(size, x, y), two, np.array([False, True]))
    reason = "an object that is not difficult is hit: a difficult one beside it takes nothing away"
    both = [around(x, y, 5), [x + 5, y - 5, x + 30, y + 5]]
    judge(HIT, "a spot on an object, near a difficult one", reason, spot(size, x, y), both, np.array([False, True]))
    reason = "the nearest box alone decided: any object that is not difficult may be hit, as far as the tolerance goes"
    judge(HIT, "a spot on a difficult object, near another", reason, spot(size, x, y), both, np.array([True, False]))
    reason = "of several pixels that are equally hot the first in reading order counts, and no other"
    twins = np.maximum(spot(size, x, y), spot(size, x - 50, y + 50))
    judge(MISS, "two equal spots, the second in the box", reason, twins, around(x - 50, y + 50, 5), plain)
    judge(HIT, "two equal spots, the first in the box", reason, twins, around(x, y, 5), plain)
    reason = "nothing but difficult objects is there, so the image is not asked, wherever the spot lies"
    judge(NOT_ASKED, "a spot beside a difficult object", reason, spot(size, x, y), two[:1], hard)
    reason = "without any object there is nothing to hit or to miss: not asked"
    judge(NOT_ASKED, "an image without an object", reason, spot(size, x, y), [], np.zeros(0, dtype=bool))
    reason = "a map that is the same everywhere points at nothing: a miss, although argmax names the upper left corner"
    for value in (0.0, 0.5):
        everything = [1, 1, size[1], size[0]]
        judge(MISS, f"a map that is {value:g} everywhere", reason, np.full(size, value), everything, plain)
    reason = "a map that is the same everywhere is a miss only where the image is asked: look at the objects first"
    for name, boxes in (("difficult objects", [everything]), ("no object", [])):
        flags = np.ones(len(boxes), dtype=bool)
        judge(NOT_ASKED, f"a map that is 1 everywhere, and {name}", reason, np.ones(size), boxes, flags)


# --- 6.2 ---


def linear_network(case: Case, *shape: int) -> Callable[[Tensor], Tensor]:
    """A probability that is a random weighted sum of the pixels, so that every pixel shows."""
    weights = case.tensor(*shape)

    def probability(images: Tensor) -> Tensor:
        return torch.stack([(image * weights).sum() for image in images]) / weights.numel()

    return probability


def uneven(case: Case, fewest: int, most: int) -> tuple[int, int, int]:
    """Height, width and n with which no other way to round `i * H * W / n`, and no fixed chunk, gives the same.

    H * W and n have no common divisor, so that one i leaves the remainder 1 (round is not ceil) and another one n - 1
    (round is not floor); and H * W leaves more than 1, so that chunks of H * W // n fall behind before the last.
    """
    candidates = [
        (height, width, steps)
        for height in range(5, 10)
        for width in range(5, 10)
        for steps in range(fewest, most + 1)
        if height != width and math.gcd(height * width, steps) == 1 < height * width % steps
    ]
    return candidates[case.whole(0, len(candidates) - 1)]


def walked(
    probability: Callable[[Tensor], Tensor], start: Tensor, end: Tensor, order: list[tuple[int, int]], counts: list[int]
) -> Tensor:
    """Exchange pixel after pixel in this order, and ask the network at these counts."""
    values, picture = [], start.clone()
    for done, (row, column) in enumerate([*order, (-1, -1)]):
        values += [probability(picture[None])[0]] * counts.count(done)
        if done < len(order):
            picture[:, row, column] = end[:, row, column]
    return torch.stack(values)


def judge_curve(mine: Any, case: Case, heat: Tensor, steps: int) -> None:
    """Compare the walk over one heatmap."""
    width = heat.shape[1]
    start, end = case.tensor(3, *heat.shape), case.tensor(3, *heat.shape)
    probability = linear_network(case, 3, *heat.shape)
    places = [(row, column) for row in range(len(heat)) for column in range(width)]
    order = sorted(places, key=lambda place: -heat[place].item())  # Python's sort keeps equals in their order
    numbers, pixels = range(steps + 1), len(places)
    counts = [i * pixels // steps for i in numbers]
    right = walked(probability, start, end, order, counts)
    single = [start.clone() for _ in counts]  # as if each step began again at `start`
    for image, (first, last) in zip(single[1:], pairwise(counts), strict=True):
        for place in order[first:last]:
            image[:, place[0], place[1]] = end[:, place[0], place[1]]
    reasons: list[tuple[str, Any]] = [
        (
            "the coldest pixels went first: sort the heat from the highest down",
            walked(probability, start, end, sorted(places, key=lambda place: heat[place].item()), counts),
        ),
        ("start and end are swapped: begin with `start`", walked(probability, end, start, order, counts)),
        (
            "each step exchanges its own pixels only: those of the steps before stay exchanged",
            torch.stack([probability(image[None])[0] for image in single]),
        ),
        ("the first value is missing: n steps give n + 1 probabilities, the first of `start` itself", right[1:]),
        ("the last value is missing: n steps give n + 1 probabilities, the last of `end` itself", right[:-1]),
        *(
            (
                "the pixels go in another order where they are equally hot: the first in reading order goes first",
                walked(probability, start, end, order_of(sorting, width), counts),
            )
            for sorting in (
                heat.flatten().argsort(stable=True).flip(0),
                heat.flatten().argsort().flip(0),
                heat.flatten().argsort(descending=True),
            )
        ),
        *(
            (sentence, walked(probability, start, end, order, others))
            for sentence, others in (
                ("i * H * W / n is rounded to the nearest: use //", [round(i * pixels / steps) for i in numbers]),
                ("i * H * W / n is rounded up: use //", [-(-i * pixels // steps) for i in numbers]),
                (
                    "chunks of H * W // n pixels leave some over, and the last picture must be `end` itself: "
                    "exchange the first i * H * W // n pixels",
                    [i * (pixels // steps) for i in numbers],
                ),
            )
        ),
        (
            "pixels and ranks are mixed up: argsort names the pixels in order, its argsort the rank of each pixel",
            lambda: walked(
                probability,
                start,
                end,
                order_of(heat.flatten().argsort(descending=True, stable=True).argsort(), width),
                counts,
            ),
        ),
    ]
    agree(
        call(mine.replacement_curve, probability, start, end, heat, steps),
        right,
        "the probabilities",
        reasons=reasons,
        reason="before step i, the i * H * W // n hottest pixels come from `end`, in all three colours",
    )


@check("6.2", points=1)
def test_deletion_and_insertion(mine: Any, case: Case) -> None:
    """The hottest pixels go first and stay exchanged, n steps give n + 1 probabilities; the area is by trapezoids."""
    for ties, (height, width, steps) in ((False, uneven(case, 5, 8)), (True, uneven(case, 3, 4))):
        heat = case.tensor(height, width)
        if ties:
            heat = (heat * 2).round().relu()  # many zeros, as after a ReLU
        judge_curve(mine, case, heat, steps)
    judge_curve(mine, case, case.tensor(3, 5), 1)
    judge_area(mine, case)


def order_of(pixels: Tensor, width: int) -> list[tuple[int, int]]:
    """Turn flat indices into rows and columns."""
    return [divmod(int(pixel), width) for pixel in pixels]


def judge_area(mine: Any, case: Case) -> None:
    """Trapezoids over the interval from 0 to 1, however many values there are."""
    for curve in (
        torch.tensor([1.0, 0.5, 0.0, 0.25, 0.25]),
        torch.tensor([0.25, 0.75]),
        case.tensor(case.whole(6, 12)).sigmoid(),
    ):
        values = curve.tolist()
        steps = len(values) - 1
        area = sum((a + b) / 2 for a, b in pairwise(values)) / steps
        agree(
            call(mine.area_under, curve),
            area,
            "the area",
            reasons=[
                ("the width of a step is missing: n steps share the interval from 0 to 1", area * steps),
                ("this is the mean of the values: the first and the last count half", sum(values) / (steps + 1)),
                ("there is one step less than values: divide by n, not by n + 1", area * steps / (steps + 1)),
                ("this is the sum of the values: each step is 1 / n wide, and the ends count half", sum(values)),
                ("these are the left corners of the steps only: take trapezoids", sum(values[:-1]) / steps),
                ("these are the right corners of the steps only: take trapezoids", sum(values[1:]) / steps),
            ],
            reason="half the first and the last value, all of the others, divided by n",
        )
    agree(call(mine.area_under, torch.ones(case.whole(2, 9))), 1.0, "the area under a curve of ones")


# --- 6.3 ---


def counted_ranks(values: np.ndarray) -> np.ndarray:
    """The mean rank of each value: all that are smaller, and the middle of those that are equal."""
    flat = values.ravel()
    return np.array([(flat < v).sum() + ((flat == v).sum() + 1) / 2 for v in flat])


def pearson(x: np.ndarray, y: np.ndarray) -> float:
    """The correlation of two lists."""
    x, y = x.ravel() - x.mean(), y.ravel() - y.mean()
    return float((x * y).sum() / np.sqrt((x**2).sum() * (y**2).sum()))


@check("6.3", points=1)
def test_rank_correlation(mine: Any, case: Case) -> None:
    """Pearson's correlation of the ranks; equal values share the mean of their ranks; a constant map gives 0."""
    height, width = case.sizes(2, 5, 8)
    a, b = np.exp(2 * case.array(height, width)), case.array(height, width)
    b = b + a / 4  # related, but not by a line
    # Cubes, so that the values of the second pair are not their own ranks.
    for first, second in ((a, b), (np.round(a).clip(max=3) ** 3, np.round(2 * b).clip(min=0) ** 3)):
        x, y = counted_ranks(first), counted_ranks(second)

        def of(ranks: Callable[[np.ndarray], np.ndarray], u: np.ndarray = first, v: np.ndarray = second) -> float:
            return pearson(ranks(u).astype(float), ranks(v).astype(float))

        agree(
            call(mine.rank_correlation, first, second),
            pearson(x, y),
            "the correlation",
            reasons=[
                ("this correlates the values: rank them first", pearson(first, second)),
                (
                    "equal values have different ranks: give each of them the mean of their ranks",
                    of(lambda v: v.ravel().argsort(kind="stable").argsort(kind="stable")),
                ),
                (
                    "equal values have different ranks: give each of them the mean of their ranks",
                    of(lambda v: v.ravel().argsort().argsort()),
                ),
                (
                    "argsort once gives the order of the cells, not the rank of each cell",
                    of(lambda v: v.ravel().argsort(kind="stable")),
                ),
                (
                    "argsort once gives the order of the cells, not the rank of each cell",
                    of(lambda v: v.ravel().argsort()),
                ),
                (
                    "equal values count as one rank: the next value's rank is as much higher as there are equals",
                    of(lambda v: np.unique(v, return_inverse=True)[1].ravel()),
                ),
                (
                    "equal values share their lowest rank: take the mean of their ranks",
                    of(lambda v: (v.ravel()[:, None] > v.ravel()).sum(axis=1)),
                ),
                ("this is the covariance of the ranks: divide by both spreads", float(np.cov(x, y)[0, 1])),
                (
                    "the short formula with the squared differences holds only where no values are equal",
                    float(1 - 6 * ((x - y) ** 2).sum() / (x.size * (x.size**2 - 1))),
                ),
            ],
            reason="rank the cells of both maps, then correlate the ranks (Pearson)",
        )
    agree(
        call(mine.rank_correlation, a.ravel(), b.ravel()),
        pearson(counted_ranks(a), counted_ranks(b)),
        "the correlation of two lists",
        reason="the maps may have any shape: rank their values, not their rows and columns",
    )
    flat = np.full_like(a, float(case.whole(0, 3)))
    for first, second in ((a, flat), (flat, a), (flat, flat)):
        reason = "such a map orders nothing, and its spread is 0: return 0.0 before you divide by it"
        agree(
            call(mine.rank_correlation, first, second),
            0.0,
            "the correlation with a map that is the same everywhere",
            reasons=[(reason, math.nan)],
            reason=reason,
        )


def weights_of(network: nn.Module, prefix: str) -> dict[str, Tensor]:
    """The parameters and buffers whose names begin so."""
    return {name: value for name, value in network.state_dict().items() if name.startswith(prefix)}


def same_weights(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    """Whether all of them are equal."""
    return all(torch.equal(a[name], b[name]) for name in a)


def twin(network: nn.Module) -> nn.Module:
    """A copy whose batch normalisation has seen something."""
    twin = copy.deepcopy(network)
    with torch.no_grad():
        for module in twin.modules():
            if isinstance(module, nn.BatchNorm2d) and module.running_mean is not None:
                module.running_mean += 3
    return twin


@check("6.3", points=1)
def test_reinitialised(mine: Any, case: Case) -> None:
    """A deep copy whose named layers, and no others, have new weights from the seed; the original is untouched."""
    network = twin(seeded(built(LongNet), case.seed))
    before = copy.deepcopy(network.state_dict())
    state = torch.get_rng_state()
    # The first time only what is global is watched: a changed original shall be answered by a sentence of its own.
    with torch.random.fork_rng(devices=[]):
        fresh = mine.reinitialised(network, ["features"], case.seed)
        untouched_seed = torch.equal(torch.get_rng_state(), state)
    demand(
        same_weights(before, network.state_dict()),
        "the network that you were given keeps its weights",
        "they have changed",
        "make a copy first, and a deep one: copy.copy shares the weights with the original",
    )
    demand(
        isinstance(fresh, nn.Module),
        "a network",
        f"a value of type {type(fresh).__name__}",
        "return the copy at the end",
    )
    demand(
        untouched_seed,
        "torch's global generator as it was",
        "it was seeded or drawn from",
        "seed and draw within `with torch.random.fork_rng():`, which puts it back",
    )
    fresh = call(mine.reinitialised, network, ["features"], case.seed)
    demand(
        same_weights(weights_of(network, "fc"), weights_of(fresh, "fc")),
        "a layer that is not named keeps its weights",
        "the weights of `fc` have changed, and only `features` was named",
        "reset only what is inside the named layers",
    )
    weight = fresh.state_dict()["features.0.weight"]
    demand(
        not torch.equal(weight, before["features.0.weight"]),
        "new weights of the convolution inside the block `features`",
        "the old ones",
        "a name stands for everything inside that layer: go through layer.modules()",
    )
    demand(
        bool(weight.std() > 0),
        "random weights",
        f"the same number everywhere, {weight.flatten()[0]:g}",
        "a layer of equal weights is not a random one: call its reset_parameters()",
    )
    demand(
        not bool(fresh.state_dict()["features.1.running_mean"].any()),
        "batch normalisation that begins anew, with a running mean of 0",
        "a running mean from the old network",
        "drawing numbers for the parameters forgets the running averages: call each module's reset_parameters()",
    )
    demand(
        all(bool(fresh.get_parameter(f"features.{i}.factor") == -1) for i in range(3, 11)),
        "-1 in each module whose reset_parameters() sets its only weight to -1",
        "another number",
        "each kind of module knows itself how it begins: call its own reset_parameters(), and draw no numbers yourself",
    )
    first = call(mine.reinitialised, network, ["features.1"], case.seed)
    demand(
        same_weights(weights_of(network, "features.10."), weights_of(first, "features.10.")),
        "a layer that is not named keeps its weights",
        "the weights of `features.10` have changed, and only `features.1` was named",
        "`features.10` begins with `features.1`, and does not lie in it: get_submodule knows whole names",
    )
    again, other = (call(mine.reinitialised, network, ["features"], case.seed + more) for more in (0, 1))
    demand(
        same_weights(fresh.state_dict(), again.state_dict()),
        "the same weights from the same seed",
        "others",
        "seed torch's generator inside the fork, before the first layer is reset",
    )
    demand(
        not torch.equal(weight, other.state_dict()["features.0.weight"]),
        "other weights from another seed",
        "the same",
        "use `seed`, and not a fixed number",
    )
    both = call(mine.reinitialised, network, ["fc", "features.0"], case.seed)
    changed = [not torch.equal(both.state_dict()[f"{name}.weight"], before[f"{name}.weight"]) for name in LAYERS]
    agree(
        changed,
        [True, True],
        "whether the weights of fc and of features.0 are new",
        reason="all the named layers are made random, also a layer that lies in a block: get_submodule finds it",
    )
    demand(
        not fresh.training,
        "a copy in the same mode (eval)",
        "one in train mode",
        "copy.deepcopy keeps the mode: leave it",
    )


LAYERS = ("fc", "features.0")


# --- 6.4 ---


def pixels_in(boxes: np.ndarray) -> list[tuple[int, int]]:
    """All pixels of all boxes, as (row, column) counted from 0; those of two boxes twice."""
    return [
        (row, column)
        for x0, y0, x1, y1 in boxes.astype(int)
        for row in range(y0 - 1, y1)
        for column in range(x0 - 1, x1)
    ]


@check("6.4", points=1)
def test_heat_on_other(mine: Any, case: Case) -> None:
    """The shares of positive heat and of pixels in the other class's boxes, and in none of the class's own."""
    height, width = case.whole(20, 26), case.whole(30, 38)
    heatmap = case.array(height, width) + 0.2
    own = np.array([[3, 4, 14, 15]], dtype=float)
    other = np.array([[8, 6, 22, 17], [18, 9, 29, 19]], dtype=float)  # two that overlap, one over our own
    own, other = own + case.whole(0, 1), other + case.whole(0, 1)
    mine_alone, theirs, twice = set(pixels_in(own)), set(pixels_in(other)), pixels_in(other)
    positive = heatmap.clip(min=0)

    def heat(pixels: Any, values: np.ndarray = positive) -> float:
        return float(sum(values[place] for place in pixels) / values.sum())

    def area(pixels: Any) -> float:
        return len(pixels) / heatmap.size

    right = theirs - mine_alone
    share = (heat(right), area(right))
    inner = [(row, column) for row, column in right if row + 1 < height and column + 1 < width]
    shifted = [(row + 1, column + 1) for row, column in inner]
    agree(
        call(mine.heat_on_other, heatmap, own, other),
        share,
        "the shares of heat and of area",
        reasons=[
            ("the pixels that both classes cover count too: take out what is in `own`", (heat(theirs), area(theirs))),
            (
                "a pixel in two boxes counts twice: mark the pixels first, as `covered` does",
                (heat([p for p in twice if p not in mine_alone]), area([p for p in twice if p not in mine_alone])),
            ),
            ("negative heat was counted: only positive heat argues for the class", (heat(right, heatmap), share[1])),
            ("the heat lies in the class's own boxes here: `other` are the boxes that it must leave", lambda: (
                heat(mine_alone - theirs), area(mine_alone - theirs))),
            ("the heat lies in the class's own boxes here: `other` are the boxes that it must leave", lambda: (
                heat(mine_alone), area(mine_alone))),
            ("the two numbers are swapped: heat first, then area", share[::-1]),
            ("the heat is not divided by the map's: it is a share of all positive heat",
             (heat(right) * float(positive.sum()), share[1])),
            ("this is the mean heat there: sum it, and divide by all positive heat",
             (float(np.mean([positive[p] for p in right])), share[1])),
            ("the area is counted in pixels: divide it by all pixels", (share[0], float(len(right)))),
            ("the boxes are shifted by one: they count from 1", (heat(shifted), share[1])),
        ],
        reason="mark the pixels of `other`, take out those of `own`, and divide the positive heat there by all of it",
    )  # fmt: skip
    cold = call(mine.heat_on_other, -positive, own, other)
    agree(
        tuple(cold),
        (float("nan"), area(right)),
        "the shares of a map without positive heat",
        reason="there is no heat to share out: the first number is NaN, the second as always",
    )
    for value in (1.0, 1e-6):
        even = call(mine.heat_on_other, np.full((height, width), value), own, other)
        reason = "a weak map has heat to share out too: the first number is NaN only where none is positive"
        about = f"the shares of a map that is {value:g} everywhere"
        agree(tuple(even), (area(right), area(right)), about, reason=reason, atol=1e-7)
    alone = call(mine.heat_on_other, heatmap, np.zeros((0, 4)), other)
    reason = "where the class has no object of its own, all the pixels of `other` count"
    agree(tuple(alone), (heat(theirs), area(theirs)), "the shares where `own` is empty", reason=reason)


# --- 6.6 ---


def centre_of(heatmap: np.ndarray, axis: int = 1) -> float:
    """The mean column (or, along the axis 0, row) of a map's cells, each weighted by its heat, by a loop."""
    places = list(np.ndindex(*heatmap.shape))
    return sum(place[axis] * heatmap[place] for place in places) / sum(heatmap[place] for place in places)


@check("6.6", points=1)
def test_mirror_shift(mine: Any, case: Case) -> None:
    """Half the distance of the centres of mass of the positive heat, once the second map is mirrored back."""
    height, width = case.sizes(2, 5, 9)
    heatmap, mirrored = case.array(height, width), case.array(height, width)
    heatmap[case.whole(0, height - 1), 0] = 4  # the hottest cells at opposite ends: their distance is no other's
    mirrored[case.whole(0, height - 1), 0] = 3
    a, b = heatmap.clip(min=0), mirrored.clip(min=0)
    back, upside_down = b[:, ::-1], b[::-1]
    distance = centre_of(a) - centre_of(back)
    agree(
        call(mine.mirror_shift, heatmap, mirrored),
        distance / 2,
        "the shift, in cells",
        reasons=[
            ("this is the distance of the two maps, which is twice the shift: halve it", distance),
            ("the sign is turned round: a map that lies too far right has a shift above 0", -distance / 2),
            ("the sign is turned round: a map that lies too far right has a shift above 0", -distance),
            ("the second map was not mirrored back, left to right: [:, ::-1]", (centre_of(a) - centre_of(b)) / 2),
            ("these are rows, and the shift to the right is one of columns: the last axis",
             (centre_of(a, 0) - centre_of(b, 0)) / 2),
            ("these are rows, and the shift to the right is one of columns: the last axis",
             (centre_of(a, 0) - centre_of(upside_down, 0)) / 2),
            ("negative heat was counted: only positive heat has mass",
             lambda: (centre_of(heatmap) - centre_of(mirrored[:, ::-1])) / 2),
            ("negative heat was turned into positive: only heat that was positive has mass",
             lambda: (centre_of(abs(heatmap)) - centre_of(abs(mirrored[:, ::-1]))) / 2),
            ("these are the hottest cells: take the centres of mass, which move by less than a cell",
             (float(a.argmax() % width) - float(np.ascontiguousarray(back).argmax() % width)) / 2),
            ("every column that has heat counts the same: weight it by its heat",
             (centre_of(1.0 * (a > 0)) - centre_of(1.0 * (back > 0))) / 2),
            ("the shift is a share of the map's width: give it in cells", distance / 2 / width),
            ("the heat of both maps is put together: each map has a centre of its own",
             lambda: float(((a - back).sum(axis=0) * np.arange(width)).sum() / (a + back).sum())),
        ],
        reason="the centre of mass is the sum of column times positive heat, over the sum of positive heat; half the "
        "distance of the two",
    )  # fmt: skip
    symmetric = case.array(height, width)
    reason = "a map and its mirror image lie on one another: their shift is 0"
    agree(call(mine.mirror_shift, symmetric, symmetric[:, ::-1].copy()), 0.0, "the shift of such a pair", reason=reason)
    weak = "a weak map has a centre too: the shift is NaN only where no heat is positive"
    agree(call(mine.mirror_shift, 1e-9 * heatmap, mirrored), distance / 2, "the shift of a weak map", reason=weak)
    gaps, reason = np.zeros_like(a), "columns without heat are no reason for NaN: one positive cell has a centre"
    gaps[0, 0] = 1
    agree(call(mine.mirror_shift, gaps, gaps), (1 - width) / 2, "the shift of a map with one hot cell", reason=reason)
    reason = "such a map has no centre, so there is no shift either, and none is not 0: NaN"
    for first, second in ((-a, mirrored), (heatmap, -b), (-a, -b), (np.zeros_like(a), mirrored)):
        found = call(mine.mirror_shift, first, second)
        agree(found, math.nan, "the shift where a map has no positive heat", reason=reason)


# --- all together ---


class Bright(nn.Module):
    """Probability: the mean of red in the upper left quarter. One parameter, which a reset sets to -1."""

    def __init__(self) -> None:
        super().__init__()
        self.head = Sign()

    def forward(self, images: Tensor) -> Tensor:
        """Return (N,)."""
        height, width = images.shape[2:]
        return self.head(images[:, 0, : height // 2, : width // 2].mean(dim=(1, 2)))


@check("6")
def test_a_map_is_examined(mine: Any, case: Case) -> None:
    """Your own functions, all tests on one map of one small network."""
    network = Bright().eval().requires_grad_(False)
    height, width = 2 * case.whole(3, 5), 2 * case.whole(6, 8)
    quarter = np.zeros((height, width), dtype=np.float32)
    quarter[: height // 2, : width // 2] = np.arange(1, quarter.size // 4 + 1).reshape(height // 2, width // 2)
    # A quarter of the pixels is all that counts: it is gone (or there) after the first of four steps.
    start, end = torch.ones(3, height, width), torch.zeros(3, height, width)
    heat = torch.from_numpy(quarter)
    areas = [
        mine.area_under(call(mine.replacement_curve, network, a, b, heat, 4)) for a, b in ((start, end), (end, start))
    ]
    reason = "one function of the chain gives something else: `check` the tasks 6.1 to 6.6 one by one"
    agree(areas, [0.125, 0.875], "the areas of deletion and insertion", reason=reason)

    def explain(model: nn.Module) -> np.ndarray:
        return quarter * float(model.get_parameter("head.factor"))

    with unchanged(network):
        correlations = mine.randomisation_test(network, ["head"], explain, case.seed)
    agree(correlations, [-1.0], "the rank correlation with the map of the random network", reason=reason)
    left, right = [1, 1, width // 2, height // 2], [width // 2 + 1, 1, width, height // 2]
    found = [
        call(mine.pointing_game, quarter, np.array([box], dtype=float), np.array([False]), tolerance=0)
        for box in (left, right)
    ]
    agree(found, [HIT, MISS], "the pointing game on both sides", reason=reason)
    share = call(mine.heat_on_other, quarter, np.array([right], dtype=float), np.array([left], dtype=float))
    agree(tuple(share), (1.0, 0.25), "the shares on the other class", reason=reason)
    first, second = np.array([[0, 1.0, 2, 0, 0, 0]]), np.array([[0, 0, 0, 0, 2, 1.0]])  # at 5/3, and 2/3
    agree(call(mine.mirror_shift, first, second), 0.5, "the shift that the mirror shows", reason=reason)
