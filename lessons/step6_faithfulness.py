r"""# Step 6: Is the heatmap telling the truth?

A heatmap always looks like an explanation. It glows somewhere, the eye finds a reason, and one believes it. So ask it
questions whose answers are numbers, and put the same questions to maps that know nothing: a **centre map**, which
looks at the middle of every picture, and a **random map**. Where these two do as well as Grad-CAM, Grad-CAM has shown
nothing.

1. **Does it point at the object?** The pointing game (Zhang et al., *[Top-Down Neural Attention by Excitation
   Backprop](https://arxiv.org/abs/1608.00507)*, IJCV 2018): its hottest pixel should lie on the object, or
   within 15 pixels of it.
2. **Does the network need what it shows?** Take the hottest pixels away first, and the probability should fall
   quickly (*deletion*); give the hottest first, and it should rise quickly (*insertion*). Petsiuk et al.,
   *[RISE](https://arxiv.org/abs/1806.07421)*, BMVC 2018, [code](https://github.com/eclique/RISE). With $p_i$ the
   probability after $i$ of $n$ steps, the area under the curve is

   $$\frac{1}{n}\left(\frac{p_0 + p_n}{2} + \sum_{i=1}^{n-1} p_i\right)$$

   low is good for deletion, high for insertion.
3. **Does it depend on what the network has learned?** Replace the weights by random numbers, layer by layer from the
   last one down, and compare the maps (Adebayo et al., *[Sanity Checks for Saliency
   Maps](https://arxiv.org/abs/1810.03292)*, NeurIPS 2018, [code](https://github.com/adebayoj/sanity_checks_saliency)).
   A map that does not change never looked at the weights: it is an edge detector with a good reputation.
4. **Does it tell two classes apart?** Where a picture holds a cat and a dog, the map for *cat* must leave the dog.
5. **Is the heat where the network means it?** A map can be true and lie beside the object all the same. A mirror
   tells, without any label: the map of the mirrored picture, mirrored back, must lie on the map of the picture.

None of these tests proves that a map is true. A map that fails one, though, has been caught.

| task | what you write | points |
| --- | --- | --- |
| 6.1 | `pointing_game`: hit, miss, or not asked | 2 |
| 6.2 | `replacement_curve` and `area_under`: deletion and insertion | 1 |
| 6.3 | `rank_correlation` and `reinitialised`: weights made random | 2 |
| 6.4 | `heat_on_other`: the two-class test | 1 |
| 6.5 | written: what these tests prove, and what not | 2 |
| 6.6 | `mirror_shift`: how far the heat lies beside what it means | 1 |
"""

import copy
from collections.abc import Callable, Sequence
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor, nn

Probability = Callable[[Tensor], Tensor]
"""A network that is asked about one class: images (N, 3, H, W), any N, to probabilities (N,)."""

# ## Two maps that know nothing
#
# A photographer puts the subject in the middle, so the centre map is a serious rival. The random map is drawn on
# a coarse grid and stretched like a real one: single hot pixels would look nothing like Grad-CAM, and be too easy
# to beat.


def centre_map(size: tuple[int, int]) -> np.ndarray:
    """Return a map that is 1 in the middle and falls to 0 in the corners.

    Args:
        size: `(height, width)`.

    Returns:
        float32, shape (height, width).
    """
    y, x = ((np.arange(pixels) + 0.5) / pixels - 0.5 for pixels in size)  # from -0.5 to 0.5
    distance = np.hypot(y[:, None], x[None, :])
    return (1 - distance / np.hypot(0.5, 0.5)).astype(np.float32)


def random_map(size: tuple[int, int], cells: tuple[int, int], seed: int) -> np.ndarray:
    """Return uniform noise on a coarse grid, stretched by bilinear interpolation.

    Args:
        size: `(height, width)`.
        cells: `(h, w)` of the grid; use the layer's.
        seed: the same seed gives the same map.

    Returns:
        float32, shape (height, width).
    """
    noise = np.random.default_rng(seed).random(cells, dtype=np.float32)
    return cv2.resize(noise, size[::-1], interpolation=cv2.INTER_LINEAR)


# ## 6.1 The pointing game
#
# One pixel, one question: is it on the object? The 15 pixels of tolerance are Zhang's custom on VOC, because boxes
# and maps are coarse. Here they are a distance in a straight line, to the nearest pixel of the box, 15 itself inside.
#
# Three things are easily got wrong. A map that is the same everywhere points at nothing, but `argmax` names its
# upper left corner all the same. An object marked `difficult` is ignored, as in step 4: pointing at it earns
# nothing and costs nothing. (Zhang leaves out an image only if all its objects are difficult.) And boxes count
# pixels from 1, arrays from 0.

HIT, MISS, NOT_ASKED = 1, 0, -1
"""What the hottest pixel can be. NOT_ASKED: the image counts neither for nor against the map."""


def pointing_game(heatmap: np.ndarray, boxes: np.ndarray, difficult: np.ndarray, tolerance: float = 15) -> int:
    """Say whether the hottest pixel lies on an object.

    Source: Zhang et al. 2018, section 4.2.

    Args:
        heatmap: shape (H, W), at the image's size. Of equally hot pixels the first in reading order counts.
        boxes: the objects of the class, shape (m, 4): `xmin, ymin, xmax, ymax`, 1-based, both ends inside.
        difficult: bool, shape (m,).
        tolerance: the pixel may lie at most this far (Euclidean distance) from the box's nearest pixel.

    Returns:
        NOT_ASKED where no object, or none that is not difficult, is there; otherwise HIT near an object that is not
        difficult, NOT_ASKED near none but a difficult one, and MISS for all else. A map that is the same everywhere
        points at nothing: a MISS, if it is asked.
    """
    ### BEGIN SOLUTION 6.1
    if difficult.all():  # also where there is none at all
        return NOT_ASKED
    if heatmap.min() == heatmap.max():
        return MISS
    row, column = np.unravel_index(heatmap.argmax(), heatmap.shape)
    point = np.array([column + 1, row + 1])
    outside = np.maximum(boxes[:, :2] - point, point - boxes[:, 2:]).clip(min=0)  # (m, 2): how far in x and in y
    near = np.hypot(outside[:, 0], outside[:, 1]) <= tolerance
    if near[~difficult].any():
        return HIT
    return NOT_ASKED if near.any() else MISS
    ### END SOLUTION 6.1


# ## 6.2 Deletion and insertion
#
# Both are the same walk: begin with one picture, and exchange more and more of its pixels for those of another
# one, the hottest first.
#
# - deletion: from the photo to a blank (in standardised input 0 is ImageNet's mean colour);
# - insertion: from a blurred photo to the photo.
#
# Why a blurred photo and not a blank? Because on a blank the first pixels to appear have sharp edges, and edges
# are evidence of their own. Deletion has that flaw, and one should know it: a picture with holes is a picture the
# network has never seen. Both walks end where the other picture begins, so every map starts and finishes at the same
# values, and only the order in between is judged.
#
# ![Deletion: the picture with 0, 5, 10, 20 and 40% of its pixels deleted, the hottest first, and the probability of the
# dog in each; below, the whole curve and that of a random map.](figure:deletion_strip)


def replacement_curve(probability: Probability, start: Tensor, end: Tensor, heatmap: Tensor, steps: int) -> Tensor:
    """Exchange pixels of one picture for another's, the hottest first, and watch the probability.

    Source: Petsiuk et al. 2018, section 4.3.

    Args:
        probability: the network, as a function from images (N, 3, H, W) to probabilities (N,).
        start: the picture to begin with, shape (3, H, W).
        end: the picture to end with, shape (3, H, W).
        heatmap: shape (H, W). Of equally hot pixels the first in reading order goes first.
        steps: n, at least 1; before step i, `i * H * W // n` pixels (all three colours) have been exchanged.

    Returns:
        The probabilities after 0, 1, ..., n steps, shape (n + 1,).
    """
    ### BEGIN SOLUTION 6.2a
    hottest_first = heatmap.flatten().argsort(descending=True, stable=True)
    images = start.flatten(1).repeat(steps + 1, 1, 1)  # (n + 1, 3, H W)
    for i, image in enumerate(images):
        pixels = hottest_first[: i * len(hottest_first) // steps]
        image[:, pixels] = end.flatten(1)[:, pixels]
    return probability(images.view(-1, *start.shape))
    ### END SOLUTION 6.2a


def area_under(curve: Tensor) -> float:
    """Measure the area under a curve over the interval from 0 to 1, by trapezoids.

    Args:
        curve: n + 1 values at equal distances, shape (n + 1,), n at least 1.

    Returns:
        The area; that of a curve which is 1 everywhere is 1.

    Examples:
        >>> area_under(torch.tensor([1.0, 0.5, 0.0]))  # (1 / 2 + 0.5 + 0 / 2) / 2
        0.5
    """
    ### BEGIN SOLUTION 6.2b
    return float((curve[1:] + curve[:-1]).mean() / 2)
    ### END SOLUTION 6.2b


def blurred(image: Tensor) -> Tensor:
    """Blur a picture (3, H, W) until an object is hardly to be recognised (a Gaussian of a tenth of its height).

    The paper blurs less, by 5 of 224 pixels. Large objects shine through that, and the walk would begin at its end.
    """
    pixels = np.ascontiguousarray(image.permute(1, 2, 0).cpu().numpy())
    soft = cv2.GaussianBlur(pixels, (0, 0), sigmaX=image.shape[1] / 10)
    return torch.from_numpy(soft).permute(2, 0, 1).to(image)


class Areas(NamedTuple):
    """The areas under the two curves: low is good for deletion, high for insertion."""

    deletion: float
    insertion: float


def deletion_and_insertion(probability: Probability, image: Tensor, heatmap: Tensor, steps: int) -> Areas:
    """Walk both ways, see `replacement_curve`; the blank picture is 0 everywhere."""
    deletion = replacement_curve(probability, image, torch.zeros_like(image), heatmap, steps)
    insertion = replacement_curve(probability, blurred(image), image, heatmap, steps)
    return Areas(area_under(deletion), area_under(insertion))


# ## 6.3 Weights made random
#
# How alike are two maps? Their scales have no common unit, so compare the *order* of their cells: Spearman's
# rank correlation. Write 1 beside the coldest cell, 2 beside the next, and so on, and correlate these ranks
# (Pearson). 1 means the same order, -1 the reverse, 0 no relation.
#
# Equal cells share the average of their ranks. That matters here: ReLU leaves many zeros, and whoever ranks them
# in reading order finds a relation between two maps where there is only the same order of counting.


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Compute Spearman's rank correlation of two maps; equal values share the mean of their ranks.

    Args:
        a: any shape.
        b: the same shape.

    Returns:
        From -1 to 1; 0 where a map is the same everywhere, because it orders nothing.

    Examples:
        >>> a = np.array([0.0, 0.0, 3.0, 9.0])  # ranks 1.5, 1.5, 3, 4: less 2.5, that is -1, -1, 0.5, 1.5
        >>> b = np.array([1.0, 2.0, 3.0, 4.0])  # ranks 1, 2, 3, 4: -1.5, -0.5, 0.5, 1.5
        >>> round(rank_correlation(a, b), 4)  # 4.5 / root(4.5 * 5)
        0.9487
        >>> rank_correlation(a, -a)
        -1.0
    """
    ### BEGIN SOLUTION 6.3a
    deviations = []
    for values in (a, b):
        _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
        ranks = counts.cumsum() - (counts - 1) / 2  # the last rank of each group of equals, less half its length
        deviations.append(ranks[group.ravel()] - (values.size + 1) / 2)
    x, y = deviations
    spread = np.sqrt((x @ x) * (y @ y))
    return float(x @ y / spread) if spread else 0.0
    ### END SOLUTION 6.3a


# Now the network. PyTorch's layers know how to begin anew, `reset_parameters()`; a block does not, but the layers in
# it do (`layer.modules()` names the layer itself and everything inside). Two things must stay as they are. The
# network belongs to the caller, so work on a deep copy. The random numbers belong to the whole program, so draw them
# within `torch.random.fork_rng()`, which puts torch's own generator back.
#
# ![Grad-CAM of the dog in a picture, of the network as it was trained, and of copies whose layers were made random from
# the last one down. Each number is the rank correlation with the first map.](figure:weights_made_random)


def reinitialised(model: nn.Module, layers: Sequence[str], seed: int) -> nn.Module:
    """Return a copy of a network in which some layers have random weights again.

    Args:
        model: left as it is.
        layers: names as in `model.named_modules()`; a name stands for everything inside that layer.
        seed: the same seed gives the same weights; torch's global generator is left as it is.

    Returns:
        The copy, in the same mode. In the named layers every module that has a `reset_parameters()` was reset by it.
    """
    ### BEGIN SOLUTION 6.3b
    fresh = copy.deepcopy(model)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for name in layers:
            for module in fresh.get_submodule(name).modules():
                if callable(reset := getattr(module, "reset_parameters", None)):
                    reset()
    return fresh
    ### END SOLUTION 6.3b


# The cascade goes from the last layer down, because the last ones are nearest to the decision: first the classifier is
# made random, then it and the layer before, and so on to the first.


def randomisation_test(
    model: nn.Module, layers: Sequence[str], explain: Callable[[nn.Module], np.ndarray], seed: int
) -> list[float]:
    """Make a network random from its last layer down, and compare its map with the real one after each step.

    Args:
        model: left as it is.
        layers: the names of its layers, the last one first.
        explain: from a network to its map.
        seed: see `reinitialised`.

    Returns:
        One rank correlation for each layer.
    """
    real = explain(model)
    networks = (reinitialised(model, layers[:count], seed) for count in range(1, len(layers) + 1))
    return [rank_correlation(real, explain(network)) for network in networks]


# ## 6.4 A cat and a dog
#
# The pointing game is easy where the picture holds one thing only: whoever finds *something* has found it. So
# look at the pictures with two classes, and ask which share of the heat of *cat* lies on the dog. A map that spreads
# its heat evenly puts as much there as the dog has area. A good map puts less, a map that only says "here is an
# animal" puts more.
#
# Where the cat sits in front of the dog, heat belongs to both; only the pixels that are the dog's alone count.


class Share(NamedTuple):
    """Which share of a map's positive heat, and which share of the image's area, lies in some region."""

    heat: float
    area: float


def covered(boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Mark the pixels that lie in at least one box (1-based, both ends inside): bool, shape `size`."""
    mask = np.zeros(size, dtype=bool)
    for left, top, right, bottom in np.rint(boxes).astype(int).clip(min=0):
        mask[max(top - 1, 0) : bottom, max(left - 1, 0) : right] = True
    return mask


def heat_on_other(heatmap: np.ndarray, own: np.ndarray, other: np.ndarray) -> Share:
    """Measure the heat of one class that lies on the objects of another one, and on them alone.

    Args:
        heatmap: the map of a class, shape (H, W), at the image's size; it may be negative in places.
        own: the boxes of this class, shape (m, 4).
        other: the boxes of the other class, shape (n, 4); boxes may overlap.

    Returns:
        Of all the positive heat, and of all the pixels, the share in a box of `other` that is in no box of `own`. The
        heat is NaN where the map has no positive value.
    """
    ### BEGIN SOLUTION 6.4
    region = covered(other, heatmap.shape) & ~covered(own, heatmap.shape)
    heat = heatmap.clip(min=0).astype(np.float64)
    total = heat.sum()
    return Share(float(heat[region].sum() / total) if total > 0 else np.nan, float(region.mean()))
    ### END SOLUTION 6.4


# ## 6.5 Written (2 points)
#
# (a) A map has the best pointing game and the best insertion curve of all, but stays as it is when every weight is
# made random. What is it good for, and what has it told you about the network? (b) Deletion shows the network
# pictures with holes. Why may a low deletion area be no proof that the map found the dog? Say what you would
# compare it with, and which result would convince you.
#
# Nothing has to be run for this; two to five sentences each. `gradcam-lab run-all`, without `--quick`, asks the
# questions of this step of Grad-CAM on ToyVOC's test split: see `report/toyvoc/report.html`.


# ## 6.6 Ask a mirror
#
# "The heatmap is shifted": users of every library for class activation maps have seen it. The dog is found, the
# pointing game is nearly won, and yet in picture after picture the heat lies some pixels to the right of the dog. What
# has gone wrong is arithmetic. Each time a network halves its grid, a convolution with stride 2 must decide on which
# side to pad: one pixel on both sides, as PyTorch does, or one on the right only, as TensorFlow does where the size is
# even. The two differ by half a pixel of that layer. Over five strides that grows to half a cell and more of the last
# grid (Alsallakh et al., *[Mind the Pad: CNNs Can Develop Blind Spots](https://arxiv.org/abs/2010.02178)*, ICLR 2021).
#
# Can it be read off the modules? No. A network that was *trained* with its padding has learned to make up for it, and
# points right as it is. Only where weights that were trained under one convention run under another is the map moved.
# The same modules can do either, so measure it. A mirror is enough, and no box is needed.
#
# Say the object stands at $x$, and the map has its heat at $x + s$. In the mirrored picture the object stands at $-x$
# (counted from the middle), and the heat at $-x + s$, for the network is the same. Mirror this map back, and its heat
# is at $x - s$. So the two maps lie $2 s$ apart, whatever $x$ is:
#
# $$s = \frac{1}{2}\left(c(M) - c(\overline{M'})\right)$$
#
# $M$ is the picture's map, $\overline{M'}$ that of the mirrored picture, mirrored back, and $c$ the column of the
# centre of mass: the mean of the columns, each weighted by its positive heat. (Why not the hottest cell? It can move
# in whole cells only.) A single pair tells little, for a network may really see another thing in the mirror; the mean
# over some dozens of pictures tells a tenth of a cell. To ask for the shift downwards, hold the mirror below, and
# turn both maps by `.T`. But a dog upside down is a strange picture, so believe that answer less.


def mirror_shift(heatmap: np.ndarray, mirrored: np.ndarray) -> float:
    """Measure by how many cells a network's maps lie too far right.

    Args:
        heatmap: the map of an image, shape (h, w); it may be negative in places.
        mirrored: the map of the image mirrored left to right, as the network gave it, shape (h, w).

    Returns:
        Half the distance from the centre of mass of the second map, mirrored back, to that of the first: above 0 where
        the heat lies too far right. Only positive heat has mass; NaN where one of the maps has none.
    """
    ### BEGIN SOLUTION 6.6
    centres = []
    for heat in (heatmap, mirrored[:, ::-1]):
        columns = heat.clip(min=0).sum(axis=0)  # (w,)
        if not columns.any():
            return np.nan
        centres.append(columns @ np.arange(len(columns)) / columns.sum())
    return float(centres[0] - centres[1]) / 2
    ### END SOLUTION 6.6


# What can be measured can be taken out: move the map by as much the other way. On the network's grid half a cell
# would blur it, so it is stretched first to a finer grid, as step 3 stretches it to the image's size. What comes in at
# the border is not known; there the last column is repeated.

FINER = 8
"""A map is moved on a grid so many times as fine."""


def moved(heatmap: np.ndarray, right: float, down: float) -> np.ndarray:
    """Move a map, to take a shift out.

    Args:
        heatmap: shape (h, w).
        right: by how many cells, to the left where it is negative.
        down: by how many cells, upwards where it is negative.

    Returns:
        float32, on the finer grid, shape (FINER h, FINER w).
    """
    height, width = heatmap.shape
    fine = cv2.resize(heatmap, (FINER * width, FINER * height), interpolation=cv2.INTER_LINEAR)
    way = np.array([[1, 0, FINER * right], [0, 1, FINER * down]], np.float64)
    return cv2.warpAffine(fine, way, fine.shape[::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


# ## Optional: predict, derive, break (no points)
#
# **Predict, then run.** You make the network random from its last layer down. After which layer will the map have
# nothing to do with the real one any more? And what will the centre map do under this test? Write it down, and look
# under "Is the heatmap telling the truth?" in the report.
#
# **Derive.** Show that the deletion area is the same for a map and for its square, if no cell is negative. Which of the
# tests of this step look at more than the order of the cells?
#
# **Break it.** In 6.3 let equal cells have the ranks in which they stand, not the mean of them. First say for which
# maps of step 2 the correlation rises, and why; then try it on two maps that are 0 in most of their cells.
