r"""# Step 3: From a heatmap to boxes

A heatmap is a picture; a detection is a claim: *there is a dog between these two corners, and I am this sure.*
A claim can be wrong, and so it can be measured (step 4). This step turns the one into the other, by the
plainest means:

1. **upsample** the coarse map to the size of the original image;
2. **threshold**: keep the pixels that reach a fraction $t$ of the map's own maximum;
3. **connected components**: each island of kept pixels is one object, its bounding box one box;
4. **score** each box: the network's probability that the class is there at all, times the highest heat inside the
   box, as a share of the map's ($p \cdot \max_{\text{box}} L / \max L$). So in one image the hottest box comes
   first, and among images those in which the network believes;
5. **non-maximum suppression**: of two boxes that largely overlap, keep the better.

Sources: the CAM paper cut its maps at a share of their maximum and boxed the islands first (Zhou et al., CVPR 2016,
[section 3.2](https://arxiv.org/abs/1512.04150), [code](https://github.com/zhoubolei/CAM)); Grad-CAM did the same
([section 4.1](https://arxiv.org/abs/1610.02391), [code](https://github.com/ramprs/grad-cam)). How much the threshold
decides: Choe et al., *[Evaluating Weakly Supervised Object Localization Methods
Right](https://arxiv.org/abs/2001.07437)*, CVPR 2020, [code](https://github.com/clovaai/wsolevaluation).

Every choice here admits a weakness. Islands say that two touching dogs are one. The threshold says that all dogs
are lit equally: if the network looks only at heads, the box is a head. You will see both in the report's list
of failures.

![Two dogs: the map of the grid, stretched over the image, cut at 0.3 of its maximum, the two islands, and their boxes
with their scores (orange) beside the annotated ones (green). The network looks at the heads.](figure:map_to_boxes)

**One convention, four off-by-ones.** Boxes are `(xmin, ymin, xmax, ymax)` in PASCAL VOC's pixels: counted from
1, both ends inside. An island that covers the columns 0 to 9 has `xmin = 1` and `xmax = 10`, and is $10 - 1 + 1
= 10$ pixels wide.

| task | what you write | points |
| --- | --- | --- |
| 3.1 | `upsample`: the map at the image's size | 1 |
| 3.2 | `threshold_mask`: what is hot enough | 1 |
| 3.3 | `mask_to_boxes`: islands to boxes | 2 |
| 3.4 | `nms`: of two that overlap, the better | 2 |
| 3.5 | `detect`: the whole chain, with scores | 2 |
| 3.6 | written: the reasoning behind your detection | 2 |
"""

from collections.abc import Callable

import cv2
import numpy as np

IoU = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Any function from boxes (n, 4) and boxes (m, 4) to their overlaps (n, m); task 4.1 writes one."""

# ## 3.1 Back to the image
#
# The map is 14 x 14 or 7 x 7; the photo was 500 x 375 before it was squashed into the network's square.
# Bilinear interpolation stretches the one over the other. Two classics go wrong here:
#
# - `cv2.resize` wants `(width, height)`, an array's shape says `(height, width)`. With square test images
#   nobody notices.
# - Where is the centre of a cell? Cell 1 of 7 covers the pixels 32 to 63 of 224, so its centre is at 47.5. That
#   is `align_corners=False` in PyTorch, and what OpenCV does. With `align_corners=True` the centre lands at 37,
#   and every box is pulled towards the border.
#
# ![Where a cell is painted: one row of seven cells, of which cell 1 is hot, stretched over 224 pixels by either
# convention.](figure:cell_centres)


def upsample(heatmap: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Stretch a map over the image by bilinear interpolation (cell centres, `align_corners=False`).

    Args:
        heatmap: shape (h, w), float.
        size: `(height, width)` of the original image, in pixels.

    Returns:
        float32, shape (height, width).
    """
    ### BEGIN SOLUTION 3.1
    height, width = size
    return cv2.resize(heatmap.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    ### END SOLUTION 3.1


# ## 3.2 Hot enough
#
# Relative to what? Raw maps have no common unit, so the threshold is a fraction of the map's own maximum. And
# how large a fraction? That is chosen once, on the validation images. Whoever tries ten values on the test
# images and reports the best has trained on the test set by hand.


def threshold_mask(heatmap: np.ndarray, fraction: float) -> np.ndarray:
    """Mark the pixels that reach a fraction of the map's maximum.

    Args:
        heatmap: shape (H, W).
        fraction: from 0 to 1.

    Returns:
        bool, shape (H, W): `heatmap >= fraction * max`; all False where the maximum is not positive ("no evidence").

    Examples:
        >>> threshold_mask(np.array([[0.0, 1.0, 2.0], [4.0, 3.0, 0.0]]), 0.5).astype(int)  # the limit is 2
        array([[0, 0, 1],
               [1, 1, 0]])
    """
    ### BEGIN SOLUTION 3.2
    peak = heatmap.max()
    return (heatmap >= fraction * peak) & (peak > 0)
    ### END SOLUTION 3.2


# ## 3.3 Islands
#
# OpenCV finds the islands and their bounding boxes in one call, `connectedComponentsWithStats`. Label 0 is what lies
# between the islands. Count pixels to drop specks; do not use `contourArea`, which measures the polygon through the
# pixels' centres, so that a line one pixel wide has area 0.


def mask_to_boxes(mask: np.ndarray, min_area: int = 1) -> np.ndarray:
    """Box each connected component (8 neighbours) of at least `min_area` pixels.

    Args:
        mask: bool, shape (H, W).
        min_area: the smallest number of pixels of an island that counts.

    Returns:
        float64, shape (n, 4): `xmin, ymin, xmax, ymax`, 1-based, both ends inside; (0, 4) where there is none.

    Examples:
        >>> mask = np.array([[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]], dtype=bool)
        >>> mask_to_boxes(mask)  # columns 0 and 1 of row 0; column 3 of row 2
        array([[1., 1., 2., 1.],
               [4., 3., 4., 3.]])
        >>> mask_to_boxes(mask, min_area=2)
        array([[1., 1., 2., 1.]])
    """
    ### BEGIN SOLUTION 3.3
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    left, top, width, height, area = stats[1:].astype(np.float64).T  # row 0 is the background
    boxes = np.stack([left + 1, top + 1, left + width, top + height], axis=1)
    return boxes[area >= min_area]
    ### END SOLUTION 3.3


# ## 3.4 Of two, the better
#
# Islands do not overlap, but their boxes may: an L-shaped island can hold a small one in its corner.
# Non-maximum suppression goes through the boxes from the best score down and keeps one if no box that it kept
# already overlaps with it too much. How much they overlap is task 4.1, so the function takes it as an argument.


def nms(boxes: np.ndarray, scores: np.ndarray, max_overlap: float, iou: IoU) -> np.ndarray:
    """Suppress boxes that overlap by more than `max_overlap` with a better one.

    Args:
        boxes: shape (n, 4).
        scores: shape (n,). Of two equal scores the earlier box is the better.
        max_overlap: an IoU from 0 to 1; a box is dropped where the overlap is *greater*.
        iou: the overlap of boxes (n, 4) with boxes (m, 4), shape (n, m).

    Returns:
        The indices of the kept boxes, the best score first, int, shape (k,).
    """
    ### BEGIN SOLUTION 3.4
    overlaps = iou(boxes, boxes)
    kept: list[int] = []
    for candidate in np.argsort(-scores, kind="stable"):
        if (overlaps[candidate, kept] <= max_overlap).all():
            kept.append(int(candidate))
    return np.array(kept, dtype=int)
    ### END SOLUTION 3.4


# ## 3.5 The claim
#
# Put the chain together. Think about the score first. Probability alone would give all boxes of an image the same
# score, but average precision (step 4) depends on the order of the scores, and on nothing else of them. Heat alone
# would make the best box of *every* image equally sure, dog or no dog. The product has both.


def detect(
    heatmap: np.ndarray,
    size: tuple[int, int],
    probability: float,
    *,
    threshold: float,
    iou: IoU,
    min_area: int = 30,
    max_overlap: float = 0.5,
) -> np.ndarray:
    """Turn one raw heatmap into scored boxes.

    Args:
        heatmap: raw, shape (h, w), on the layer's grid.
        size: `(height, width)` of the original image.
        probability: that the image holds the class at all, 0..1.
        threshold: the fraction of the map's maximum for `threshold_mask`.
        iou: the overlap function for `nms`.
        min_area: the smallest island, in pixels of the image.
        max_overlap: for `nms`.

    Returns:
        float64, shape (n, 5): `xmin, ymin, xmax, ymax, score`, the best first. The score is the probability times the
        highest value of the upsampled map inside the box, as a fraction of that map's maximum. (0, 5) where there is no
        evidence.
    """
    ### BEGIN SOLUTION 3.5
    full = upsample(heatmap, size)
    boxes = mask_to_boxes(threshold_mask(full, threshold), min_area)
    peaks = np.array([full[int(y0) - 1 : int(y1), int(x0) - 1 : int(x1)].max() for x0, y0, x1, y1 in boxes])
    scores = probability * peaks / full.max()
    kept = nms(boxes, scores, max_overlap, iou)
    return np.column_stack([boxes, scores])[kept]
    ### END SOLUTION 3.5


# ## 3.6 Written (2 points)
#
# Explain to a colleague, in ten sentences, how your detections come about and why you believe in each step.
# Name the choice that you trust least, and what in the report made you doubt it.
#
# `gradcam-lab run-all --quick` makes this report, with your code once it passes, of the images of ToyVOC's test split:
# see "Drawn by lot" and "The worst failures" in `report/toyvoc/report.html`, and "Choosing the threshold".
#
# ## Optional: predict, derive, break (no points)
#
# **Predict, then run.** You raise the threshold from 0.3 to 0.5. Do the boxes grow or shrink? Does their number grow or
# fall, or can it do both? What becomes of the scores? Then run `gradcam-lab run-all --quick --threshold 0.5 --out half`
# and look at the same images as before.
#
# **Derive.** Multiply a raw map by 3. Show, line by line of `detect`, that no box and no score changes. Now add 3 to
# every cell: which line is the first to give something else?
#
# **Break it.** What happens to AP at a threshold of 0.5? First say whether it falls more at IoU 0.3 or at IoU 0.5, and
# why; then `gradcam-lab run-all --quick --out chosen` and `gradcam-lab compare chosen half` show your number beside
# that of the threshold that val chose.
