"""Where images come from: ToyVOC (made here), the official data sets, and folders of the user's, all as `Sample`s."""

from gradcam_lab.data.layouts.imagenette import LabelledSplit, read_folder
from gradcam_lab.data.layouts.reading import Split
from gradcam_lab.data.layouts.voc import find_root, read_split
from gradcam_lab.data.registry import BoxData, LabelData, data_root, open_data
from gradcam_lab.data.sample import Object, Sample

__all__ = [
    "BoxData",
    "LabelData",
    "LabelledSplit",
    "Object",
    "Sample",
    "Split",
    "data_root",
    "find_root",
    "open_data",
    "read_folder",
    "read_split",
]
