"""`open_data`: images with their annotations."""

from pathlib import Path

from gradcam_lab.api.checked import checked
from gradcam_lab.api.sentences import sentences
from gradcam_lab.data import registry
from gradcam_lab.data.registry import BoxData, LabelData


@sentences()
@checked()
def open_data(name: str | Path = "toyvoc", root: str | Path | None = None) -> BoxData | LabelData:
    """Open a data set: the drawn one, an official one, or a folder of yours.

    Args:
        name: `"toyvoc"`, which is drawn on first use; an official data set, such as `"voc2007"` or `"pets"`, which is
            downloaded on first use; or a folder in the layout of VOC, Oxford-IIIT Pet or Imagenette.
        root: with the name of a data set, the folder where you have it already.

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
    return registry.open_data(str(name), folder)
