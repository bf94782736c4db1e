"""The bootstrap for so many images that step 4 cannot be run on a thousand samples of them.

Two things differ from the plain bootstrap, and nothing else does:

- **Blocks.** The images are assigned at random to 2000 blocks of equal size (give or take one image), and blocks are
  drawn with replacement. The sum over a block varies as the sum over as many single images, so the spread is the same
  in the mean; that it is seen in 2000 blocks only makes it uncertain by 1 / sqrt(2 * 2000) = 1.6 %, less than the
  1000 draws do anyway. With at most 2000 images each is a block of its own, and the draws are those of `image_draws`.
- **Bins.** Precision is looked at only behind 1000 of the true positives, at equal distances of recall. Between two of
  them recall grows by a thousandth, so AP may be off by two thousandths at most; what it is off by on the full sample
  is known and added to every draw. (Of the eleven points of "11point" each is read off at the next cut.) Equal scores
  are never cut apart where they are one step of the curve. With at most 1000 true positives every one is looked at,
  and each draw's AP is that of step 4.

Recall and CorLoc need no bins: they are exact for the blocks that are drawn. The point estimates are step 4's own.
"""

import numpy as np

from gradcam_lab.evaluate.bootstrap import Draws, corloc, image_draws
from gradcam_lab.lesson_protocols import Matches, MetricsLesson
from gradcam_lab.lessons.step4_metrics import IGNORED, TRUE_POSITIVE

BLOCKS = 2000
BINS = 1000


def resample_blocks(
    metrics: MetricsLesson,
    matches: Matches,
    hits: np.ndarray,
    *,
    seed: int,
    draws: int,
    ties: str,
    method: str,
    blocks: int = BLOCKS,
    bins: int = BINS,
) -> Draws:
    """Give AP, recall and CorLoc of bootstrap samples of blocks of images.

    Args:
        metrics: step 4, for the area below the curves.
        matches: its `Matches`.
        hits: whether the surest box of each image is right: 1, 0, or NaN where nothing is to be found.
        seed: of the blocks and of the draws.
        draws: how many samples.
        ties: see step 4.
        method: see step 4.
        blocks: how many blocks at most.
        bins: at how many true positives precision is looked at, at most.

    Returns:
        The samples' values.
    """
    blocks = min(len(matches.objects), blocks)
    block = deal(len(matches.objects), seed, blocks)
    counts = np.ones((draws + 1, blocks))  # first the images as they are; floats, for whole numbers multiply slowly
    counts[1:] = image_draws(blocks, seed, draws)
    claims, found = histograms(matches, block, ties, bins)
    objects = np.bincount(block, matches.objects, blocks)
    ap, recall = _scores(metrics, counts @ claims, counts @ found, counts @ objects, method)
    exact = metrics.summarise(matches.scores, matches.outcomes, int(matches.objects.sum()), ties, method).ap
    right, asked = (np.bincount(block, values, blocks) for values in (np.nan_to_num(hits), ~np.isnan(hits)))
    return Draws((ap[1:] + exact - ap[0]).clip(0, 1), recall[1:], corloc(right, asked, counts[1:]))


def deal(images: int, seed: int, blocks: int = BLOCKS) -> np.ndarray:
    """Assign the images to blocks: the block of each, shape (images,)."""
    if images <= blocks:
        return np.arange(images)
    return np.random.default_rng((seed, images)).permutation(images) % blocks


def histograms(matches: Matches, block: np.ndarray, ties: str, bins: int = BINS) -> tuple[np.ndarray, np.ndarray]:
    """Count the detections, and the true positives among them, of each block in each bin; shape (blocks, bins)."""
    counted = np.flatnonzero(matches.outcomes != IGNORED)
    counted = counted[np.argsort(-matches.scores[counted], kind="stable")]
    true = matches.outcomes[counted] == TRUE_POSITIVE
    cuts = _cuts(matches.scores[counted], true, ties, bins)
    columns, blocks = len(cuts) + 1, int(block.max(initial=-1)) + 1
    place = block[matches.image[counted]] * columns + np.searchsorted(cuts, np.arange(len(counted)))
    both = (np.bincount(place, weights, blocks * columns).reshape(blocks, columns) for weights in (None, true))
    claims, found = (histogram[:, :-1].astype(float) for histogram in both)  # no true positive behind the last cut
    return claims, found


def _cuts(scores: np.ndarray, true: np.ndarray, ties: str, bins: int) -> np.ndarray:
    """Return the places of the list behind which it is cut."""
    ends = np.arange(len(scores))
    if ties == "group":
        ends = np.flatnonzero(np.append(scores[1:] != scores[:-1], True)[: len(scores)])
    found, total = true.cumsum()[ends], int(true.sum())
    wanted = np.ceil(total * np.arange(1, bins + 1) / bins) if total > bins else np.arange(1, total + 1)
    return ends[np.unique(np.searchsorted(found, wanted))]


def _scores(
    metrics: MetricsLesson, claims: np.ndarray, found: np.ndarray, objects: np.ndarray, method: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return AP and recall of each sample, from its histograms (draws, bins) and its number of objects (draws,)."""
    claimed, found = claims.cumsum(axis=1), found.cumsum(axis=1)
    precision = found / claimed.clip(min=1)
    recall = found / objects.clip(min=1)[:, None]
    ap = [metrics.average_precision(*curve, method) for curve in zip(precision, recall, strict=True)]
    defined = objects > 0
    return np.where(defined, ap, np.nan), np.where(defined, recall.max(axis=1, initial=0), np.nan)
