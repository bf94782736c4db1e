"""`explain`: where a network looks in one photo."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import overload

import numpy as np

from gradcam_lab.api.checked import checked
from gradcam_lab.api.heatmap import heatmap_of
from gradcam_lab.api.load import Network, loaded
from gradcam_lab.api.photos import Photo, Photos, many_photos, one_photo, words
from gradcam_lab.api.sentences import sentences
from gradcam_lab.console import tracked
from gradcam_lab.errors import LabError
from gradcam_lab.explain import export
from gradcam_lab.explain.explain_image import ImageExplainer, Wish
from gradcam_lab.explain.explanation import Explanation
from gradcam_lab.files import require_writable
from gradcam_lab.lesson_modules import load_lessons
from gradcam_lab.localise.experiment import Align
from gradcam_lab.localise.map_recipe import GRADCAM
from gradcam_lab.models.model_choice import PHOTOS


class ExplainedClass:
    """One class in the photo, or the difference of two.

    Attributes:
        name: the class, or the group of classes.
        outputs: the network's outputs that make it up.
        probability: that the photo holds it.
        score: what was explained: a logit, the log-sum-exp of a group's logits, or the difference of two of these.
        maps: the raw maps, float32, by method: such as `gradcam` of shape (h, w) on the layer's grid; `input_gradient`
            and `smoothgrad` of shape (3, size, size) at the pixels of the network's input.
        boxes: float64, shape (n, 5): `xmin, ymin, xmax, ymax, score`, the best first, as in `Found`; None where none
            were asked for.
        on_class: how much the map of another probable class is like this one: a rank correlation, from -1 to 1. A map
            that does not depend on the class has 1. None where there is nothing to compare.
        on_weights: the same with the map of a network of random weights.
    """

    name: str
    outputs: tuple[int, ...]
    probability: float
    score: float
    maps: Mapping[str, np.ndarray]
    boxes: np.ndarray | None
    on_class: float | None
    on_weights: float | None

    def __init__(self, explanation: Explanation) -> None:
        target, photo = explanation.target, explanation.photo
        self._explanation = explanation
        self.name, self.outputs = target.name, tuple(target.outputs)
        self.probability, self.score = photo.probability(target), photo.score(target)
        self.maps, self.boxes = explanation.maps, explanation.boxes
        found = explanation.dependence
        self.on_class, self.on_weights = (found.on_class, found.on_weights) if found else (None, None)

    @cached_property
    def heatmap(self) -> np.ndarray:
        """The last of the maps that have cells, stretched over the photo: float32, shape (height, width), from 0 to 1.

        Raises:
            LabError: there are gradients at the pixels only.
        """
        kind, photo = self._explanation.grid, self._explanation.photo
        if kind is None:
            raise LabError(f"There is no heatmap among {', '.join(self.maps)}: explain by another method.")
        return heatmap_of(self._explanation.aligned(self.maps[kind]), photo.size, photo.lessons)


class Explained:
    """Where a network looks in one photo, for one class or several.

    Attributes:
        path: the photo's file; of an image without one, its name.
        size: `(width, height)` in pixels.
        classes: the classes, each with its `name`, `probability`, `score`, raw `maps` and `heatmap`, in the order in
            which they were named.

    Examples:
        >>> import gradcam_lab as lab
        >>> seen = lab.explain("photo.jpg", "embedded", classes=["dog", "cat"])
        >>> [one.name for one in seen.classes]
        ['dog', 'cat']
        >>> seen.maps["gradcam"].shape, seen.heatmap.shape
        ((14, 14), (176, 235))
    """

    path: Path
    size: tuple[int, int]
    classes: tuple[ExplainedClass, ...]

    def __init__(self, explanations: Sequence[Explanation]) -> None:
        self._explanations = explanations
        self.path, self.size = explanations[0].photo.path, explanations[0].photo.size
        self.classes = tuple(ExplainedClass(one) for one in explanations)

    @property
    def maps(self) -> Mapping[str, np.ndarray]:
        """The raw maps of the first class, by method."""
        return self.classes[0].maps

    @property
    def heatmap(self) -> np.ndarray:
        """The heatmap of the first class, float32, shape (height, width), from 0 to 1."""
        return self.classes[0].heatmap

    @sentences()
    @checked()
    def save(self, out: str | Path) -> list[Path]:
        """Write the files of `gradcam-lab explain` into a folder: pictures, raw maps as `.npz`, the numbers as JSON.

        Args:
            out: the folder; files of another explanation in it are kept.

        Returns:
            The files.

        Raises:
            LabError: they cannot be written.
        """
        require_writable(Path(out))
        return export.write(self._explanations, Path(out))

    def __repr__(self) -> str:
        said = "; ".join(f"{one.name} {one.probability:.3f}: {', '.join(one.maps)}" for one in self.classes)
        return f"Explained({f'{self.path}: {said}'!r})"


@overload
def explain(  # type: ignore[overload-overlap]  # a text is a path, although it is also several letters
    photos: Photo,
    model: Network = ...,
    *,
    classes: Sequence[str | int] = ...,
    method: str = ...,
    against: str | int | None = ...,
    smooth: int = ...,
    boxes: bool = ...,
    threshold: float | None = ...,
    align: Align = ...,
    seed: int = ...,
) -> Explained: ...


@overload
def explain(
    photos: Photos,
    model: Network = ...,
    *,
    classes: Sequence[str | int] = ...,
    method: str = ...,
    against: str | int | None = ...,
    smooth: int = ...,
    boxes: bool = ...,
    threshold: float | None = ...,
    align: Align = ...,
    seed: int = ...,
) -> list[Explained]: ...


@sentences()
@checked()
def explain(
    photos: Photo | Photos,
    model: Network = PHOTOS,
    *,
    classes: Sequence[str | int] = (),
    method: str = GRADCAM,
    against: str | int | None = None,
    smooth: int = 0,
    boxes: bool = False,
    threshold: float | None = None,
    align: Align = "auto",
    seed: int = 0,
) -> Explained | list[Explained]:
    """Show where a network looks in a photo, and whether its map depends on the class and on the weights.

    Args:
        photos: one photo or several. A photo is a path, an image of Pillow, or an array, RGB, uint8, shape (height,
            width, 3).
        model: a network from `load`, or anything that `load` takes; without it a ResNet-50 with ImageNet's weights,
            which is downloaded once. Another layer is chosen by `load(..., layer=...)`.
        classes: what to explain, by name, group or index; without them the most probable class.
        method: a localisation method, as in `run_all`; `"input-gradient"`; or `"all"`: CAM, Grad-CAM, the gradient at
            the pixels and SmoothGrad.
        against: explain why each class rather than this one.
        smooth: number of noisy copies for SmoothGrad, beside the method; 0 for none.
        boxes: also find boxes.
        threshold: of the boxes, which it asks for too; a fraction of the map's maximum.
        align: whether pictures and the `heatmap` show maps that lie aside, as mirrors find, moved back, `"auto"`, or as
            the network gave them, `"off"`.
        seed: of SmoothGrad's noise, and of the random weights.

    Returns:
        Of one photo its maps, of several a list.

    Raises:
        LabError: a photo cannot be read, the network has no such class, or the method is not defined for it.

    Examples:
        >>> import gradcam_lab as lab
        >>> seen = lab.explain("photo.jpg", "embedded", classes=["dog"], method="all")
        >>> list(seen.maps)
        ['cam', 'gradcam', 'input_gradient', 'smoothgrad']
        >>> [file.name for file in seen.save("seen")]
        ['photo-all-4-dog.jpg', 'photo-all-4-dog.npz', 'photo-all.json']
    """
    sources = [one_photo(photos)] if isinstance(photos, Photo) else many_photos(photos)
    classifier = loaded(model)
    other = None if against is None else str(against)
    wish = Wish(words(classes), method, other, smooth, boxes, threshold, seed, align)
    explainer = ImageExplainer(classifier, load_lessons(), wish, classifier.choice.layer if classifier.choice else None)
    seen = [Explained(explainer(source)) for source in tracked(sources, "photos", len(sources))]
    return seen[0] if isinstance(photos, Photo) else seen
