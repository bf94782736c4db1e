"""`open_data`: images with their annotations."""

from pathlib import Path

from gradcam_lab.api.checked import CONVENTION, checked
from gradcam_lab.api.sentences import sentences
from gradcam_lab.data import registry
from gradcam_lab.data.box_conventions import Convention
from gradcam_lab.data.layouts.reading import Reading
from gradcam_lab.data.registry import BoxData, LabelData


@sentences()
@checked(boxes=CONVENTION)
def open_data(
    name: str | Path = "toyvoc",
    root: str | Path | None = None,
    *,
    annotations: str | Path | None = None,
    boxes: Convention | None = None,
    val_size: float | None = None,
    split_seed: int | None = None,
) -> BoxData | LabelData:
    """Open a data set: the drawn one, an official one, or a folder of yours.

    Args:
        name: `"toyvoc"`, which is drawn on first use; an official data set, such as `"voc2007"` or `"pets"`, which is
            downloaded on first use; or what you have: a folder (VOC, images and XML, COCO, YOLO, Oxford-IIIT Pet, a
            folder for each class), a JSON in COCO's format, or a `data.yaml`.
        root: with the name of a data set, the folder where you have it already.
        annotations: where `name` is a folder of images, that of their XML, or their JSON in COCO's format.
        boxes: how the files state boxes: `"voc"` (corners in pixels from 1), `"zero-based"` (corners from 0), `"coco"`
            (x, y, width, height) or `"relative"` (centre and sides as shares); None for what is usual in the layout.
        val_size: of data without val or test, the share of the images that val is, and test; from 1 on their number.
            None for 0.2.
        split_seed: of that choice; None for 0.

    Returns:
        The data set. Its `read(split)` returns a split whose `samples` each have an `id`, a `path`, a `size` (width,
        height), the pixels `image` (RGB, uint8, shape (height, width, 3)) and the annotated `objects`, each with its
        `name` and its `box`; `boxes(name)` are the boxes of one class.

    Raises:
        LabError: there is no such folder, it is in none of the layouts, or the data set cannot be had.

    Examples:
        >>> import gradcam_lab as lab
        >>> data = lab.open_data("my-photos")
        >>> sample = data.read("test").samples[0]
        >>> sample.id, sample.size
        ('000041', (253, 190))
        >>> sample.image.shape
        (190, 253, 3)
        >>> [one.name for one in sample.objects]
        ['bird']
    """
    folder = Path(root) if root is not None else None
    reading = Reading(Path(annotations) if annotations else None, boxes, val_size, split_seed)
    return registry.open_data(str(name), folder, reading=reading)
