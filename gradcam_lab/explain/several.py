"""The user's photos one by one: a bad one is named and left out, and the others go on."""

from collections.abc import Callable, Iterable
from pathlib import Path

from gradcam_lab.console import warn
from gradcam_lab.errors import LabError


def each_photo(paths: Iterable[Path], use: Callable[[Path], None], *, alone: bool) -> None:
    """Do something with every photo.

    Args:
        paths: of the photos; they are asked for one at a time.
        use: what is done; it raises `LabError` of a photo that cannot be used.
        alone: whether the user named one photo, whose error is then the command's.

    Raises:
        LabError: photos were left out; it is raised after the last, and says how many.
    """
    count = bad = 0
    for count, path in enumerate(paths, 1):  # noqa: B007 - the last one is the number of photos
        try:
            use(path)
        except LabError as error:
            if alone:
                raise
            warn(f"Skipped: {error}")
            bad += 1
    if bad:
        raise LabError(f"{bad} of {count} photos could not be used and were left out.")
