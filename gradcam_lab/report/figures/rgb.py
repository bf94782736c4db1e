"""Arrays as RGB pictures: what a mask keeps, the seeds of a mask, and the gradient at the pixels."""

import cv2
import numpy as np

from gradcam_lab.report.figures.style import BLUE, OURS

BRIGHTEST = 0.99
"""The quantile of the gradient that is drawn white: a single bright pixel would leave all others black."""


def dimmed(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Keep the pixels inside a mask and fade the others to a pale grey.

    Args:
        image: RGB, uint8, shape (H, W, 3).
        mask: truth values, shape (H, W).

    Returns:
        RGB, uint8, shape (H, W, 3).
    """
    grey = image.mean(axis=2, keepdims=True) * 0.25 + 185
    return np.rint(np.where(mask[..., None], image, grey)).astype(np.uint8)


def painted_seeds(image: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """Paint the seeds of a mask over the grey image: foreground orange, background blue, unknown not at all.

    Orange and blue are of `style`'s palette, in which no two colours look alike to any kind of colour vision.

    Args:
        image: RGB, uint8, shape (H, W, 3).
        seeds: step 5's, shape (H, W): 1 for the foreground, 0 for the background, anything else for unknown.

    Returns:
        RGB, uint8, shape (H, W, 3).
    """
    painted = np.repeat(image.mean(axis=2, keepdims=True), 3, axis=2)
    for value, colour in ((1, OURS), (0, BLUE)):
        tint = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
        painted[seeds == value] = 0.4 * painted[seeds == value] + 0.6 * np.array(tint)
    return np.rint(painted).astype(np.uint8)


def gradient_strength(gradient: np.ndarray) -> np.ndarray:
    """The largest absolute value of the three colours, shape (3, H, W) to (H, W)."""
    return np.abs(gradient).max(axis=0)


def gradient_picture(gradient: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Draw the strength of a gradient at the pixels: black is none, white is much.

    Args:
        gradient: shape (3, h, w).
        size: of the picture, (width, height).

    Returns:
        RGB, uint8, shape (height, width, 3).
    """
    strength = gradient_strength(gradient)
    scaled = np.clip(strength / max(float(np.quantile(strength, BRIGHTEST)), 1e-12), 0, 1)
    return cv2.cvtColor(cv2.resize(np.rint(255 * scaled).astype(np.uint8), size), cv2.COLOR_GRAY2RGB)
