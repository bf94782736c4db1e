"""Masks as VOC writes them."""

from pathlib import Path

import numpy as np
from PIL import Image

from gradcam_lab.data.toyvoc.write import voc_palette


def write_mask(path: Path, indices: np.ndarray) -> None:
    """Write a PNG with VOC's palette."""
    picture = Image.fromarray(indices.astype(np.uint8))
    picture.putpalette(voc_palette().tobytes())
    picture.save(path)
