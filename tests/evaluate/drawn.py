"""Images of 60 x 40 pixels that exist on paper only, and their maps."""

from pathlib import Path

import numpy as np

from gradcam_lab.data.sample import Object, Sample


def made(name: str, *objects: tuple[str, tuple[float, float, float, float]], difficult: bool = False) -> Sample:
    return Sample(name, Path(name), (60, 40), tuple(Object(kind, box, difficult) for kind, box in objects))


def inside(box: tuple[int, int, int, int]) -> np.ndarray:
    """A map of 1 in a box, at the image's size."""
    heatmap = np.zeros((40, 60), np.float32)
    heatmap[box[1] - 1 : box[3], box[0] - 1 : box[2]] = 1
    return heatmap
