"""The options that name a data set, joined."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradcam_lab.errors import LabError

if TYPE_CHECKING:
    from gradcam_lab.data.layouts.reading import Reading


def images_or_data(images: Path | None, data: str | None, annotations: Path | None) -> str | None:
    """Return the data set that `--images` or `--data` names; None for neither.

    Raises:
        LabError: both are given, or `--images` without its annotations.
    """
    if images is None:
        return data
    if data is not None:
        raise LabError("Give --data or --images, not both: --images FOLDER goes with --annotations.")
    if annotations is None:
        raise LabError("--images needs --annotations, a folder of VOC's XML or a JSON in COCO's format: add it.")
    return str(images)


def reading_of(data: str | None, **said: Any) -> "Reading":
    """Return how a data set is read.

    Args:
        data: the data set, if any.
        said: the fields of `Reading`.

    Raises:
        LabError: there are annotations, and no images.
    """
    from gradcam_lab.data.layouts.reading import Reading  # it takes numpy

    if said.get("annotations") and data is None:
        raise LabError("--annotations goes with the folder of their images: add --images.")
    return Reading(**said)
