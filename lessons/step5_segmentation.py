r"""# Step 5: From a heatmap to a mask

A box says *between these corners*. A mask says *these pixels*, and nobody has ever shown the network a mask. The
heatmap knows roughly where the dog is, but its cells are coarse: on a grid of 14 x 14 no cell can follow a tail.
The image knows where the tail ends, for there the colour changes, but it does not know what a dog is. This step
lets each say what it knows:

1. **seeds**: where the heatmap is hot, the pixels are surely dog; where it is cold, surely not; between the two it
   is asked nothing;
2. **refine**: GrabCut decides the unknown pixels by their colours. It learns two mixtures of Gaussians, the colours
   of the foreground and those of the background, and looks for the cheapest labels $\alpha_i$ of the pixels $z_i$:

$$E(\alpha) = \sum_i -\log p(z_i \mid \alpha_i)
+ \gamma \sum_{i \sim j} [\alpha_i \neq \alpha_j] \, e^{-\beta |z_i - z_j|^2}$$

   The first sum asks each pixel for a colour that suits its side. The second makes a border expensive where
   two neighbours look alike, and cheap where the image itself has an edge. The seeds stay as they are;
3. **measure**: intersection over union again, counted in pixels, per class, and its mean over the classes;
4. **box**: a mask that fits has a box that fits.

How hot is hot? Both fractions are chosen on the validation images, as in step 3.

Sources: Rother, Kolmogorov and Blake, *[GrabCut](https://doi.org/10.1145/1015706.1015720)*, SIGGRAPH 2004, and
[OpenCV's page](https://docs.opencv.org/4.x/d8/d83/tutorial_py_grabcut.html) about it; Kolesnikov and Lampert,
*[Seed, Expand and Constrain](https://arxiv.org/abs/1603.06098)*, ECCV 2016, for seeds from a heatmap
([code](https://github.com/kolesman/SEC)); Everingham et al., [IJCV 2010](https://doi.org/10.1007/s11263-009-0275-4),
section 4.4, for the measure.

| task | what you write | points |
| --- | --- | --- |
| 5.1 | `seeds`: surely dog, surely not, unknown | 1 |
| 5.2 | `refine`: GrabCut from these seeds | 2 |
| 5.3 | `confusion`, `class_iou`, `mean_iou`: how good is a mask? | 2 |
| 5.4 | `mask_box`: boxes of a refined mask | 1 |
| 5.5 | written: where the mask follows the image, and where the heatmap | 2 |
"""

import cv2
import numpy as np

BACKGROUND, FOREGROUND, UNKNOWN = 0, 1, 255
"""What a seed can be. UNKNOWN has the number that VOC's masks give to pixels that nobody labelled."""

VOID = 255
"""In a true mask: the border of an object, which belongs to no class and is not counted."""

# ## 5.1 What the heatmap is sure of
#
# One threshold cuts a map in two, and half of the pixels near the cut are on the wrong side. Two thresholds leave
# out what is doubtful. The upper one should be so high that hardly a pixel above it is wrong, and the lower one so
# low that hardly a dog is below it. It is better to know little than to know something false, because GrabCut never
# changes a seed.
#
# ![What the map is sure of: the map of the dog; the seeds, dog in orange, not dog in blue, unknown in grey; the mask
# that GrabCut makes of them; and the annotated mask. GrabCut has given a part of the cat to the dog, and has lost the
# dog's paws.](figure:trimap)


def seeds(heatmap: np.ndarray, sure_foreground: float, sure_background: float) -> np.ndarray:
    """Say of each pixel what the heatmap is sure of.

    Args:
        heatmap: the raw map at the image's size, shape (H, W).
        sure_foreground: a fraction of the map's maximum; what reaches it (`>=`) is FOREGROUND.
        sure_background: a fraction, at most `sure_foreground`; what does not reach it (`<`) is BACKGROUND.

    Returns:
        uint8, shape (H, W): FOREGROUND, BACKGROUND, or UNKNOWN between the two. Where the map's maximum is not
        positive there is no evidence of the class, and all is BACKGROUND.

    Examples:
        >>> seeds(np.array([[10.0, 7.0, 6.0], [2.0, 1.0, 0.0]]), 0.7, 0.2)  # the limits are 7 and 2
        array([[  1,   1, 255],
               [255,   0,   0]], dtype=uint8)
    """
    ### BEGIN SOLUTION 5.1
    peak = heatmap.max()
    result = np.full(heatmap.shape, UNKNOWN, dtype=np.uint8)
    result[heatmap >= sure_foreground * peak] = FOREGROUND
    result[(heatmap < sure_background * peak) | (peak <= 0)] = BACKGROUND
    return result
    ### END SOLUTION 5.1


# ## 5.2 What the image knows
#
# `cv2.grabCut(image, labels, rect, background_model, foreground_model, iterations, mode)` has habits that one must
# know:
#
# - it has four labels: `cv2.GC_BGD` and `cv2.GC_FGD` are sure and stay; `cv2.GC_PR_BGD` and `cv2.GC_PR_FGD`
#   ("probably") are guesses, which it changes. Our unknown pixels start as *probably foreground*: so they are among
#   the first colours from which it learns what a dog looks like, and the background's colours come from sure
#   pixels alone;
# - it *writes its answer into* `labels`, which therefore must be an array of your own;
# - it wants two arrays of zeros, float64, shape (1, 65), to keep its mixtures in; the mode is
#   `cv2.GC_INIT_WITH_MASK`, in which `rect` is not read: `(0, 0, 0, 0)` will do;
# - it stops with an error where it has no pixel to learn one of the two sides from;
# - it starts its mixtures by chance, and OpenCV has a random generator of its own: `cv2.setRNGSeed(0)` just before
#   the call makes the same input give the same mask, today and tomorrow.


def refine(image: np.ndarray, known: np.ndarray, iterations: int) -> np.ndarray:
    """Decide the unknown pixels by their colours, with OpenCV's GrabCut.

    Args:
        image: uint8, shape (H, W, 3). RGB, as everywhere here; GrabCut asks only how far two colours are apart.
        known: the seeds, uint8, shape (H, W): FOREGROUND, BACKGROUND, UNKNOWN; they stay as they are. Unknown pixels
            start as probably foreground.
        iterations: how often GrabCut learns the colours and cuts anew, at least 1.

    Returns:
        bool, shape (H, W): True where GrabCut says foreground, surely or probably. The same input always gives the
        same mask: OpenCV's random generator is seeded with 0 first. Where there is no seed of the foreground, or none
        of the background, there are no two sides to compare: then only the sure foreground is in the mask.
    """
    ### BEGIN SOLUTION 5.2
    if not (known == FOREGROUND).any() or not (known == BACKGROUND).any():
        return known == FOREGROUND
    labels = np.select([known == FOREGROUND, known == BACKGROUND], [cv2.GC_FGD, cv2.GC_BGD], cv2.GC_PR_FGD)
    labels = labels.astype(np.uint8)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)
    cv2.grabCut(image, labels, (0, 0, 0, 0), *models, iterations, cv2.GC_INIT_WITH_MASK)
    return (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    ### END SOLUTION 5.2


def segment(
    heatmap: np.ndarray,
    image: np.ndarray,
    *,
    sure_foreground: float,
    sure_background: float,
    iterations: int = 1,
) -> np.ndarray:
    """Turn the raw heatmap of a class, at the image's size, into a mask: bool, shape (H, W)."""
    return refine(image, seeds(heatmap, sure_foreground, sure_background), iterations)


# ## 5.3 How good is a mask?
#
# Count pixels in a table: row *t*, column *p* holds the pixels that truly are of class *t* and were called *p*. What
# is right lies on the diagonal. VOC draws a line of 255 around every object, *void*, because people do not agree
# to the pixel where a dog ends; those pixels are not counted at all, whatever was said of them.
#
# Tables of several images are added before anything is divided: so a tiny dog counts with its pixels. (The mean of
# the IoUs of the images is another number, in which a tiny dog counts as much as a huge one.)
#
# The IoU of a class $c$ is what both call $c$, out of all that either calls $c$:
#
# $$\text{IoU}_c = \frac{n_{cc}}{\sum_j n_{cj} + \sum_j n_{jc} - n_{cc}}$$
#
# The mean over the classes has the background among them. That is VOC's measure, and it looks better than the masks
# are: on images that are mostly meadow a mask of nothing at all earns nearly 100 % on one of two classes. So look at
# the class too.
#
# By hand, with 4 x 2 pixels of which 3 are dog and 1 is void: the mask finds 2 of the 3, and calls one pixel of meadow
# dog. So $n = ((3, 1), (1, 2))$, the IoU of the dog is $2 / (1 + 2 + 1) = 0.5$, that of the background
# $3 / (3 + 1 + 1) = 0.6$, and the mean 0.55.
#
# ![Intersection and union in pixels, of the map cut at 0.3 and of the refined mask.](figure:iou_of_pixels)


def confusion(prediction: np.ndarray, truth: np.ndarray, classes: int) -> np.ndarray:
    """Count the pixels of each true class by what they were called.

    Args:
        prediction: integers from 0 to `classes - 1`, shape (H, W), often uint8.
        truth: the same, or VOID (255): those pixels are not counted.
        classes: how many there are, the background among them.

    Returns:
        int64, shape (classes, classes): row = the true class, column = the predicted one.

    Examples:
        >>> truth = np.array([[0, 1, 1, 255], [0, 0, 0, 1]])
        >>> prediction = np.array([[1, 1, 1, 1], [0, 0, 0, 0]])
        >>> confusion(prediction, truth, 2)
        array([[3, 1],
               [1, 2]])
    """
    ### BEGIN SOLUTION 5.3a
    counted = truth != VOID
    places = truth[counted].astype(np.int64) * classes + prediction[counted]  # in uint8, 20 * 21 would be 164
    return np.bincount(places, minlength=classes**2).reshape(classes, classes)
    ### END SOLUTION 5.3a


def class_iou(counts: np.ndarray) -> np.ndarray:
    """Compute the IoU of each class.

    Args:
        counts: shape (C, C), from `confusion`; of several images, their sum.

    Returns:
        float64, shape (C,). A class that occurs nowhere, neither in truth nor in a prediction, has NaN; one that was
        only predicted has 0.

    Examples:
        >>> class_iou(np.array([[3, 1], [1, 2]]))
        array([0.6, 0.5])
    """
    ### BEGIN SOLUTION 5.3b
    intersection = np.diagonal(counts).astype(np.float64)
    union = counts.sum(axis=0) + counts.sum(axis=1) - intersection
    return np.divide(intersection, union, out=np.full(len(union), np.nan), where=union > 0)
    ### END SOLUTION 5.3b


def mean_iou(counts: np.ndarray) -> float:
    """Average the IoU over the classes that occur; NaN if none does.

    Args:
        counts: shape (C, C), see `class_iou`.
    """
    ### BEGIN SOLUTION 5.3c
    occurring = counts.sum(axis=0) + counts.sum(axis=1) > 0
    return float(class_iou(counts)[occurring].mean()) if occurring.any() else float("nan")
    ### END SOLUTION 5.3c


# ## 5.4 A better box
#
# In step 3 each island of heat that was not a speck had its box. A mask has islands too, but GrabCut cuts by colour
# and leaves crumbs: a stone as brown as the dog, a bright tip of an ear beyond the collar. How small is a crumb? A
# number of pixels would suit one size of image only. And the largest island alone would be wrong wherever there are
# two dogs. So an island has its box if it is at least a *share* of the largest one. (On ToyVOC's validation images,
# with the sure seeds at 0.7 and 0.02, AP at IoU 0.5 is 39 this way, 37 with the largest island alone, 32 with one box
# around the whole mask. With other seeds the first two come nearer to each other and may change places; the one box
# stays the worst.)


def mask_box(mask: np.ndarray, share: float = 0.25) -> np.ndarray:
    """Box the large components (8 neighbours) of a mask.

    Args:
        mask: bool, shape (H, W).
        share: a component has its box if it has at least (`>=`) this share of the largest component's pixels.

    Returns:
        float64, shape (n, 4): `xmin, ymin, xmax, ymax`, 1-based, both ends inside, the largest component first;
        (0, 4) where the mask is empty.
    """
    ### BEGIN SOLUTION 5.4
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    stats = stats[1:][np.argsort(-stats[1:, cv2.CC_STAT_AREA], kind="stable")]  # row 0 is the background
    left, top, width, height, area = stats.astype(np.float64).T
    boxes = np.stack([left + 1, top + 1, left + width, top + height], axis=1)
    return boxes[area >= share * area.max(initial=0)]
    ### END SOLUTION 5.4


# ## 5.5 Written (2 points)
#
# Look at the pictures of seeds, mask and truth in the report. (a) Where does the border of the mask follow the
# image, and where the heatmap? Say of both how you can tell, and which of the two sums of $E(\alpha)$ is at work.
# (b) Find an image in which the refined mask is worse than the thresholded map. Whose mistake is it: a seed's, or
# the colours'?
#
# `gradcam-lab run-all`, without `--quick`, draws them of images of ToyVOC's test split: in `report/toyvoc/report.html`
# above "How good are the masks?". Say which image you took; two to five sentences each.
#
# ## Optional: predict, derive, break (no points)
#
# **Predict, then run.** A brown dog lies on a brown carpet. Where will GrabCut put the border? And where, if you lower
# the upper fraction from 0.7 to 0.3? Write it down, and look for such a picture in the report.
#
# **Derive.** A mask has the IoU $u$ for its class. Show that its F1 score (twice the intersection over the sum of the
# two areas) is $2 u / (1 + u)$. Can two masks change places in a ranking, if one goes from IoU to F1? And their means
# over several images?
#
# **Break it.** Leave the VOID pixels in the table, as background. First say whether the IoU of the dog rises or falls;
# then compute it for a mask that is right up to the last pixel.
