"""ToyVOC: a small data set in the VOC devkit's layout, drawn from a seed when it is first needed.

`toyvoc()` returns its folder and makes it where it is missing; `build` writes one anywhere.
"""

from gradcam_lab.data.toyvoc.one_image import DrawnSample, draw_one
from gradcam_lab.data.toyvoc.scene import CLASSES
from gradcam_lab.data.toyvoc.write import COUNTS, SEED, VERSION, build, is_drawn, toyvoc

__all__ = ["CLASSES", "COUNTS", "SEED", "VERSION", "DrawnSample", "build", "draw_one", "is_drawn", "toyvoc"]
