"""Where images and boxes come from: ToyVOC (made here) and folders in the VOC layout, all as `Sample`s."""

from gradcam_lab.data.sample import Object, Sample
from gradcam_lab.data.voc import Split, find_root, read_split

__all__ = ["Object", "Sample", "Split", "find_root", "read_split"]
