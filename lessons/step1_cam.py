r"""# Step 1: Class activation maps

A network was shown photographs and one word for each: *dog*, or *no dog*. Nobody ever told it *where* the dog
was. It learned to say the word. In this step you will make it point.

The trick (Zhou et al., *[Learning Deep Features for Discriminative Localization](https://arxiv.org/abs/1512.04150)*,
CVPR 2016; [their code](https://github.com/zhoubolei/CAM)) needs a network that ends in a particular way, and a
[ResNet](https://arxiv.org/abs/1512.03385) does:

1. convolutions turn the image into a **feature map** $A$ of $K$ channels on a coarse grid of $H \times W$
   cells. Channel $k$ at cell $(i, j)$ says how much of "something" (floppy ears, water, wheels) is seen around
   there;
2. **global average pooling** (GAP) averages each channel over the grid: $h_k = \frac{1}{HW}\sum_{i,j}
   A^k_{ij}$. This is where the network forgets *where*;
3. one **linear layer** weighs the channels into a score, the *logit*, for each class $c$: $z_c = \sum_k w^c_k
   h_k + b_c$.

Steps 2 and 3 are sums, and sums may be taken in any order. Weigh first, and average afterwards:

$$z_c = \frac{1}{HW}\sum_{i,j} \sum_k w^c_k A^k_{ij} + b_c = \frac{1}{HW}\sum_{i,j} M^c_{ij} + b_c$$

The inner sum $M^c = \sum_k w^c_k A^k$ is the **class activation map**: one number a cell, and their mean plus
the bias *is* the logit. Nothing was approximated. A large $M^c_{ij}$ is a cell that argued loudly for class
$c$.

Two pictures to try it on are those of the CSC413 lab: a [cat](https://www.cs.toronto.edu/~lczhang/413/cat.jpg), which
ResNet-18 calls a prison, and a [boat](https://www.cs.toronto.edu/~lczhang/413/boat.jpg). ImageNet's classes have
[simpler names](https://github.com/anishathalye/imagenet-simple-labels) too, and the lab prints both.

| task | what you write | points |
| --- | --- | --- |
| 1.1 | `predict`: the top $k$ classes of an image | 1 |
| 1.2 | `get_features`: the feature map before the average | 1 |
| 1.3 | `compute_cam`: the class activation map | 1 |
| 1.4 | `normalize_map` and `overlay`: a map that can be looked at | 2 |
| 1.5 | written: compare two classes' maps of one image; why did the network err? | 2 |
"""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from torch import Tensor, nn

# ## 1.1 What does the network say?
#
# Before asking where, ask what. A network returns logits: any real numbers. An *activation* turns them into
# probabilities, and which one depends on the question the network was trained for. "Which ONE of these?" is a
# softmax: the classes compete and the probabilities sum to 1. "Which of these, possibly SEVERAL?" is a sigmoid
# for each class on its own: a photo of a dog in a boat may score 0.9 for both.


def predict(
    network: nn.Module, image: Tensor, class_names: Sequence[str], k: int = 5, activation: str = "softmax"
) -> list[tuple[str, int, float]]:
    """Name the `k` most probable classes of one image.

    Args:
        network: a classifier in eval mode that maps (1, 3, H, W) to logits (1, C).
        image: one preprocessed image, shape (3, H, W).
        class_names: the C names, in the order of the logits.
        k: how many to return, at most C.
        activation: "softmax" (one class an image) or "sigmoid" (any number of classes).

    Returns:
        `(name, index, probability)` of each, the highest probability first.
    """
    ### BEGIN SOLUTION 1.1
    with torch.no_grad():
        logits = network(image[None])[0]  # (C,)
    probabilities = logits.softmax(dim=0) if activation == "softmax" else logits.sigmoid()
    top = probabilities.topk(k)
    return [(class_names[i], i, p) for i, p in zip(top.indices.tolist(), top.values.tolist(), strict=True)]
    ### END SOLUTION 1.1


# ## 1.2 The last place where the network still knows where
#
# A torchvision ResNet is written in the order in which it runs: `conv1, bn1, relu, maxpool, layer1, ...,
# layer4`, then `avgpool` and `fc`. Its children, called one after the other and stopped before the average,
# give $A$. (A MobileNet keeps the same two halves under the names `features` and `classifier`.)
#
# For a ResNet and an image of 224 x 224 the map is 7 x 7: each cell speaks for a square of 32 pixels, and has
# seen far more around it. (The course's own small network keeps a finer map, 14 x 14 cells of 16 pixels.) No
# box will ever be sharper than this grid allows; remember it when you look at the errors.

END_OF_FEATURES = ("avgpool", "classifier")
"""The child modules that begin the second half: the average, or the classifier that includes it."""


def get_features(network: nn.Module, images: Tensor) -> Tensor:
    """Run the network up to, and not including, global average pooling.

    Args:
        network: a ResNet or MobileNet of torchvision's layout, whose children run in the order they are listed.
        images: preprocessed images, shape (N, 3, H, W).

    Returns:
        The feature map $A$, shape (N, K, h, w).
    """
    ### BEGIN SOLUTION 1.2
    features = images
    for name, child in network.named_children():
        if name in END_OF_FEATURES:
            break
        features = child(features)
    return features
    ### END SOLUTION 1.2


# ## 1.3 The map
#
# The weights $w^c_k$ are not computed: the network learned them, they are the rows of its one linear layer.
# Finding that layer is bookkeeping, so it is done for you. It also shows the limit of the method: a network
# with two or three linear layers (VGG, AlexNet) has no $w^c_k$, and needs step 2.
#
# By hand, with two channels of 2 x 2 cells, the weights 2 and -1, and no bias: let $A^1$ be `[[1, 0], [0, 0]]` and
# $A^2$ be `[[0, 0], [0, 2]]`. Then $M = 2 A^1 - A^2$ is `[[2, 0], [0, -2]]`.
#
# The network averages first: $h = (0.25, 0.5)$, and $z = 2 \cdot 0.25 - 0.5 = 0$. The mean of $M$ is 0 too. One cell
# argues for the class and one against it, and the logit alone does not show either.
#
# ![The two orders of summation: average each channel and then weigh, or weigh and then average. Both give the
# same logit.](figure:two_orders)
#
# And in a real network, of 192 channels on a grid of 14 x 14:
#
# ![A picture of ToyVOC, three channels of its feature map with their weights for the class dog (two that argue for it,
# and one against), and the map of the dog: the weighted sum of all channels. Red is above 0, blue below.
# ](figure:cam_of_channels)


def linear_layer(network: nn.Module) -> nn.Linear:
    """Find the one linear layer of a network that ends in global average pooling and a linear layer.

    Raises:
        ValueError: the network has no linear layer or several, so CAM is not defined for it.
    """
    layers = [module for module in network.modules() if isinstance(module, nn.Linear)]
    if len(layers) != 1:
        raise ValueError(f"CAM needs exactly one linear layer after the average, and this network has {len(layers)}")
    return layers[0]


def compute_cam(features: Tensor, weight: Tensor, class_index: int) -> Tensor:
    r"""Weigh the channels of the feature map by one class's row: $M^c = \sum_k w^c_k A^k$.

    There is no ReLU here and no bias: negative cells argue against the class, and `mean(M) + b` is the logit.
    Source: Zhou et al. 2016, equation 2.

    Args:
        features: $A$, shape (N, K, h, w).
        weight: the weight of the linear layer, shape (C, K).
        class_index: $c$, from 0 to C - 1.

    Returns:
        The class activation maps, shape (N, h, w).

    Examples:
        >>> features = torch.tensor([[[[1.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 2.0]]]])  # one image, two channels
        >>> cam = compute_cam(features, torch.tensor([[2.0, -1.0]]), 0)
        >>> cam.tolist()
        [[[2.0, 0.0], [0.0, -2.0]]]
        >>> cam.mean().item()  # the logit, as there is no bias
        0.0
    """
    ### BEGIN SOLUTION 1.3
    return torch.einsum("k,nkhw->nhw", weight[class_index], features)
    ### END SOLUTION 1.3


def class_activation_map(network: nn.Module, images: Tensor, class_index: int) -> Tensor:
    """Chain the tasks: images (N, 3, H, W) to their maps (N, h, w) for one class, without building a graph."""
    with torch.no_grad():
        features = get_features(network, images)
        return compute_cam(features, linear_layer(network).weight, class_index)


# ## 1.4 A map that can be looked at
#
# A map has no unit: one image's peak may be 3, another's 40. To look at it, or to cut it at "half of the
# maximum", divide by its own maximum. Three traps wait here. Negative cells are evidence *against*, so they are
# set to 0 first. A map without any positive cell has no maximum to divide by: return zeros, which reads "no
# evidence" (dividing would give NaN, and one NaN pixel makes a whole figure black). And subtracting the minimum
# first, as much published code does, paints the brightest spot of an empty map bright red.


def normalize_map(heatmap: np.ndarray) -> np.ndarray:
    r"""Scale a map to 0..1 by its own maximum: $\max(m, 0) / \max_{ij} m_{ij}$, or zeros where no cell is positive.

    Args:
        heatmap: a raw map, any shape, finite.

    Returns:
        float32, the same shape, from 0 to 1, with maximum 1 unless there is no evidence at all. Never NaN.

    Raises:
        ValueError: the map holds NaN or infinity.
    """
    if not np.isfinite(heatmap).all():
        raise ValueError("the heatmap holds NaN or infinity")
    ### BEGIN SOLUTION 1.4a
    evidence = np.maximum(heatmap, 0)
    peak = evidence.max()
    return (evidence / peak if peak > 0 else np.zeros_like(evidence)).astype(np.float32)
    ### END SOLUTION 1.4a


# To lay a map over a photo, give each value a colour and mix. OpenCV's colour maps come out in the order blue,
# green, red, while everything here is red, green, blue: convert, or hot turns blue. Mix in floating point: 200
# + 100 in uint8 is 44.


def overlay(image: np.ndarray, heat: np.ndarray, alpha: float = 0.5) -> np.ndarray:
    """Mix an image with the colours of its heatmap (OpenCV's TURBO: blue is 0, red is 1).

    Args:
        image: RGB, uint8, shape (H, W, 3).
        heat: a normalised map, 0..1, shape (H, W).
        alpha: the share of the colours, from 0 (only the image) to 1 (only the map).

    Returns:
        RGB, uint8, shape (H, W, 3): `(1 - alpha) * image + alpha * colour`, rounded.

    Raises:
        ValueError: map and image differ in height or width.
    """
    if image.shape[:2] != heat.shape:
        raise ValueError(f"the image is {image.shape[:2]} (height, width) and the map {heat.shape}: upsample it first")
    ### BEGIN SOLUTION 1.4b
    levels = np.rint(255 * heat).astype(np.uint8)
    colours = cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_TURBO), cv2.COLOR_BGR2RGB)
    mixed = (1 - alpha) * image.astype(np.float32) + alpha * colours
    return np.rint(mixed).astype(np.uint8)
    ### END SOLUTION 1.4b


# ## 1.5 Written (2 points)
#
# Take an image that holds two classes, or one on which the network errs, and draw the maps of the two classes
# side by side. (a) Which parts of the image argue for each class? Are they the objects, parts of them, or their
# surroundings? (b) Where the network erred: did it look at the wrong place, or at the right place and mistook
# what it saw? Two to five sentences each; say what in the maps makes you think so.
#
# `gradcam-lab run-all --quick` draws such maps of images of ToyVOC: in `report/toyvoc/report.html` under "Two classes,
# one image" and "Where the network erred". Of a single photo, `gradcam-lab explain IMAGE --method cam --class dog
# --class cat` draws both, by a ResNet-50 of ImageNet; of a drawing of ToyVOC give `--model embedded` too, the
# network that knows those. Say which image you took.
#
# ## Optional: predict, derive, break (no points)
#
# **Predict, then run.** A picture holds a dog and a boat. Where will the boat's map be: on the hull, on the sail, or on
# the water around it? And may a cell argue for both classes? Write your answer down, and only then look under "Two
# classes, one image" in the report.
#
# **Derive.** Add the same number $a$ to the bias of every class. What becomes of the logits, of the softmax's
# probabilities, and of the maps? Now add the same row $v$ to the weights of every class: the softmax stays as it is
# again, but all the maps change. Why? And what does this say about comparing the maps of two classes?
#
# **Break it.** In 1.4, subtract the minimum before you divide by the maximum. For which maps does the picture change
# most? Draw the map of a class that is not in the picture, and say what a reader would believe.
