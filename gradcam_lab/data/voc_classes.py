"""The classes of PASCAL VOC, and the indices and colours that stand for them in its masks."""

import numpy as np

VOC_CLASSES = (
    *("aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow"),
    *("diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor"),
)
"""VOC's own order: a class's index in `SegmentationClass` is its place here, counted from 1."""

LABELS = ("background", *VOC_CLASSES)
"""What each index of a mask means."""

VOID = 255
"""The index of pixels that belong to no class for certain, such as outlines."""


def voc_palette() -> np.ndarray:
    """VOC's colour map, an index's bits spread over the high bits of red, green and blue: uint8, shape (256, 3).

    Examples:
        >>> voc_palette()[LABELS.index("dog")].tolist()
        [64, 0, 128]
    """
    index = np.arange(256)
    palette = np.zeros((256, 3), np.uint8)
    for bit in range(8):
        for channel in range(3):
            palette[:, channel] |= (((index >> (3 * bit + channel)) & 1) << (7 - bit)).astype(np.uint8)
    return palette
