"""Images of 16 bits: how many of them hold data, and so what is white."""

from collections.abc import Iterable

import numpy as np

DEPTHS = (8, 10, 12, 14, 16)
"""Bits of the data that a file of 16 bits may hold: those of cameras and scanners, and 8 where it was not stretched."""


def as_8_bits(pixels: np.ndarray, bits: int | None = None) -> np.ndarray:
    """Scale pixels of 16 bits so that `2**bits - 1` is white; those of 8 bits are returned as they are.

    Args:
        pixels: uint8 or uint16, any shape.
        bits: that hold their data; None for those that hold the largest of these values.
    """
    if pixels.dtype == np.uint8:
        return pixels
    return (pixels >> ((bits or bits_of(pixels)) - 8)).clip(0, 255).astype(np.uint8)


def bits_of(pixels: np.ndarray) -> int:
    """Return the least of `DEPTHS` that holds the values of a file of 16 bits.

    Data of 8 bits that were stretched to 16 fill the range, however dark they are.
    """
    if pixels.any() and not ((pixels % 257).any() and (pixels % 256).any()):
        return 16
    return next(depth for depth in DEPTHS if pixels.max() < 2**depth)


def common_bits(depths: Iterable[int | None]) -> tuple[int | None, str]:
    """Return the bits that hold the data of all images of 16 bits, and a sentence where that is not plain.

    A single dark image cannot be told from one of fewer bits, a data set can: what is white in one of its images is
    white in all, so none is brightened more than another.

    Args:
        depths: `CheckedImage.bits` of each image.

    Examples:
        >>> common_bits([None, 12, 10])
        (12, 'The images of 16 bits hold data of 12: they are scaled so that 4095 is white.')
        >>> common_bits([None, None])
        (None, '')
    """
    deep = [depth for depth in depths if depth is not None]
    if not deep:
        return None, ""
    most, dark = max(deep), sum(depth <= 12 for depth in deep)
    if most < 16:
        white = 2**most - 1
        return most, f"The images of 16 bits hold data of {most}: they are scaled so that {white} is white."
    if not dark:
        return most, ""
    return most, (
        f"{dark} of the {len(deep)} images of 16 bits have no value above 4095 and stay dark, for others use all 16 "
        "bits: where they come from another camera, scale them first."
    )
