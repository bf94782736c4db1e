"""`locate`: classes and their boxes in photos."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import overload

import numpy as np

from gradcam_lab.api.checked import checked
from gradcam_lab.api.heatmap import heatmap_of
from gradcam_lab.api.load import Network, loaded
from gradcam_lab.api.photos import Photo, Photos, many_photos, one_photo, words
from gradcam_lab.api.sentences import sentences
from gradcam_lab.console import tracked, warn
from gradcam_lab.errors import LabError
from gradcam_lab.explain.locate import found as located
from gradcam_lab.explain.locate.locate_photos import Wanted, save
from gradcam_lab.explain.locate.locator import Locator
from gradcam_lab.explain.locate.read_ahead import BadPhoto
from gradcam_lab.explain.locate.request import Request, settled
from gradcam_lab.lesson_modules import Lessons, load_lessons
from gradcam_lab.localise.experiment import MIN_AREA, Align
from gradcam_lab.models.model_choice import PHOTOS


@dataclass(frozen=True, eq=False)
class FoundClass(located.FoundClass):
    """One class in one photo.

    Attributes:
        name: the class, or the group of classes.
        outputs: the network's outputs that make it up.
        probability: that the photo holds it.
        cam: the raw map on the layer's grid, float32, shape (h, w).
        boxes: float64, shape (n, 5): `xmin, ymin, xmax, ymax, score`, the best first; see `Found`.
    """

    _size: tuple[int, int] = field(repr=False)
    _lessons: Lessons = field(repr=False)

    @cached_property
    def heatmap(self) -> np.ndarray:
        """The map of the photo's size, float32, shape (height, width), from 0 to 1; all 0 where there is no evidence.

        Bilinear between the cells of `cam`, then divided by its maximum. The boxes are the islands where it reaches
        `threshold`.
        """
        return heatmap_of(self.cam, self._size, self._lessons)


class Found:
    """What was found in one photo.

    Boxes are in VOC's pixels, 1-based and both ends inclusive, of the photo as a viewer shows it: turned as its EXIF
    orientation says.

    Attributes:
        path: the photo's file; of an image without one, its name.
        size: `(width, height)` in pixels.
        classes: the classes, each with its `name`, `probability`, `boxes`, `heatmap` and raw map `cam`: as they were
            named, or the most probable first.
        threshold: at which the maps were cut, a fraction of each map's maximum.

    Examples:
        >>> import gradcam_lab as lab
        >>> found = lab.locate("photo.jpg", "embedded", classes=["dog", "cat"])
        >>> found.size, found.heatmap.shape
        ((235, 176), (176, 235))
        >>> for one in found.classes:
        ...     print(one.name, round(one.probability, 2), len(one.boxes))
        dog 1.0 3
        cat 0.0 7
        >>> [file.name for file in found.save("out")]
        ['boxes.json', 'heatmaps.npz', 'index.html', 'pictures']
    """

    path: Path
    size: tuple[int, int]
    classes: tuple[FoundClass, ...]
    threshold: float

    def __init__(self, one: located.Found, locator: Locator) -> None:
        self._found, self._locator = one, locator
        self.path, self.size, self.threshold = one.path, one.size, one.threshold
        self.classes = tuple(FoundClass(**vars(each), _size=one.size, _lessons=locator.lessons) for each in one.classes)

    @property
    def boxes(self) -> np.ndarray:
        """The boxes of the first class, float64, shape (n, 5): `xmin, ymin, xmax, ymax, score`, the best first."""
        return self.classes[0].boxes

    @property
    def heatmap(self) -> np.ndarray:
        """The heatmap of the first class, float32, shape (height, width), from 0 to 1."""
        return self.classes[0].heatmap

    @property
    def image(self) -> np.ndarray:
        """The photo's pixels, RGB, uint8, shape (height, width, 3)."""
        return self._found.image

    @sentences()
    @checked()
    def save(
        self,
        out: str | Path,
        *,
        formats: Sequence[str] = (),
        heatmaps: bool = True,
        pictures: bool = True,
        page: bool = True,
    ) -> list[Path]:
        """Write the files of `gradcam-lab locate` into a folder: the boxes, the raw maps, pictures and a page.

        Args:
            out: the folder. It belongs to this photo and this request: what is there of another is not replaced.
            formats: more formats of the boxes: `"coco"`, `"yolo"`, `"voc"` or `"csv"`.
            heatmaps: whether to write `heatmaps.npz`.
            pictures: whether to draw the photo with its boxes.
            page: whether to write `index.html`, a page whose threshold can be moved.

        Returns:
            The files and folders.

        Raises:
            LabError: the folder cannot be written, or has other files of these names.
        """
        wanted = Wanted(Path(out), tuple(words(formats)), heatmaps, pictures, page)
        return save([self._found], [str(self.path)], self._locator, wanted)

    def __repr__(self) -> str:
        return f"Found({_line(self._found)!r})"


class FoundPhotos(list[Found]):
    """What was found in several photos: a list of `Found`.

    Attributes:
        skipped: a sentence for each photo that was left out, because it cannot be used.
    """

    skipped: tuple[str, ...]

    def __init__(self, results: Sequence[located.Found | BadPhoto], locator: Locator) -> None:
        super().__init__(Found(one, locator) for one in results if isinstance(one, located.Found))
        self.skipped = tuple(one.problem for one in results if isinstance(one, BadPhoto))
        self._results, self._locator = results, locator

    @sentences()
    @checked()
    def save(
        self,
        out: str | Path,
        *,
        formats: Sequence[str] = (),
        heatmaps: bool = True,
        pictures: bool | None = None,
        page: bool | None = None,
    ) -> list[Path]:
        """Write the files of all photos into one folder; see `Found.save`.

        Args:
            out: the folder.
            formats: more formats of the boxes.
            heatmaps: whether to write `heatmaps.npz`.
            pictures: whether to draw each photo with its boxes; None for at most 100 photos.
            page: whether to write `index.html`, a page of all photos; None for at most 1,000 photos.
        """
        names = [str(one.path) for one in self._results]
        wanted = Wanted(Path(out), tuple(words(formats)), heatmaps, pictures, page)
        return save(self._results, names, self._locator, wanted)


@overload
def locate(  # type: ignore[overload-overlap]  # a text is a path, although it is also several letters
    photos: Photo,
    model: Network = ...,
    *,
    classes: Sequence[str | int] = ...,
    top: int = ...,
    method: str | None = ...,
    threshold: float | None = ...,
    threshold_of: str | Path | None = ...,
    min_area: int = ...,
    align: Align = ...,
    skip_bad: bool = ...,
) -> Found: ...


@overload
def locate(
    photos: Photos,
    model: Network = ...,
    *,
    classes: Sequence[str | int] = ...,
    top: int = ...,
    method: str | None = ...,
    threshold: float | None = ...,
    threshold_of: str | Path | None = ...,
    min_area: int = ...,
    align: Align = ...,
    skip_bad: bool = ...,
) -> FoundPhotos: ...


@sentences()
@checked()
def locate(
    photos: Photo | Photos,
    model: Network = PHOTOS,
    *,
    classes: Sequence[str | int] = (),
    top: int = 1,
    method: str | None = None,
    threshold: float | None = None,
    threshold_of: str | Path | None = None,
    min_area: int = MIN_AREA,
    align: Align = "auto",
    skip_bad: bool = False,
) -> Found | FoundPhotos:
    """Find classes in photos, and box them.

    Args:
        photos: one photo or several. A photo is a path, an image of Pillow, or an array, RGB, uint8, shape (height,
            width, 3).
        model: a network from `load`, or anything that `load` takes; without it a ResNet-50 with ImageNet's weights,
            which is downloaded once.
        classes: the classes to find, by name, group or index; without them the most probable ones.
        top: how many of these.
        method: a localisation method, as in `run_all`; None for the one that the command takes.
        threshold: where each map is cut, a fraction of its maximum; None for the method's own.
        threshold_of: the folder of a finished run of this network, whose threshold and method are taken.
        min_area: the smallest island that becomes a box, in pixels.
        align: whether `boxes.json` says how far the maps lie aside, `"auto"` or `"off"`.
        skip_bad: leave out photos that cannot be used, and name them, instead of raising an error.

    Returns:
        Of one photo what was found in it. Of several a list of these, which has a `save` for all together, and the
        sentences about photos that were left out in `skipped`.

    Raises:
        LabError: a photo cannot be read, or the network has no such class.

    Examples:
        >>> import gradcam_lab as lab
        >>> net = lab.load("embedded")
        >>> found = lab.locate("photo.jpg", net, classes=["dog"])
        >>> found.boxes[0].round(1).tolist()  # the surest one
        [86.0, 22.0, 210.0, 126.0, 1.0]

        Several photos, one of them mirrored:

        >>> both = lab.locate([found.image, found.image[:, ::-1]], net, classes=["dog"])
        >>> [len(one.boxes) for one in both]
        [3, 2]
    """
    if words(classes) and top > 1:
        raise LabError("classes names the classes and top takes the most probable ones: give one of the two.")
    single = isinstance(photos, Photo)
    sources = [one_photo(photos)] if isinstance(photos, Photo) else many_photos(photos)
    classifier, lessons = loaded(model), load_lessons()
    request = Request(tuple(words(classes)), top, method, threshold, min_area=min_area, align=align)
    run = Path(threshold_of) if threshold_of is not None else None
    locator = Locator(classifier, lessons, settled(request, classifier, run))
    results = list(tracked(locator.locate(sources), "photos", len(sources)))
    bad = [one for one in results if isinstance(one, BadPhoto)]
    if bad and (single or not skip_bad):
        raise LabError(bad[0].problem)
    for one in bad:
        warn(f"Skipped: {one.problem}")
    everything = FoundPhotos(results, locator)
    return everything[0] if single else everything


def _line(one: located.Found) -> str:
    parts = [f"{each.name} {each.probability:.3f}, {len(each.boxes)} boxes" for each in one.classes]
    return f"{one.path}: {'; '.join(parts)}"
