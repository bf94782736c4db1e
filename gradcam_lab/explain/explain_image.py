"""`explain`: where in an image does the network see a class?

Into the output folder go, with `<image>` for the image's name and `<what>` for the method (and the layer, if one was
asked for):

- `<image>-<what>-<class>.jpg`: the image, its maps, and the raw cells, for each class;
- `<image>-<what>-<class>.npz`: the raw maps, float32, under the methods' names: `cam` (h, w), signed; `gradcam` and the
  comparison's other methods (h, w), not negative; `input_gradient` and `smoothgrad` (3, size, size), signed, at the
  pixels of the network's input;
- `<image>-<what>.jpg`: all classes side by side, where there are several;
- `<image>-<what>.json`: the numbers, the boxes, and of which network, layer and code they are.

Where another explanation has these names already, such as one of another network or of an image of the same name in
another folder, `<what>` ends in -run2, or in a higher number. The same command replaces its own files.

Boxes are drawn where they are asked for, in pixels of the image as it is displayed. A box needs a threshold, and a
threshold should be chosen on validation images, as `run-all` does: here it is the default or the user's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from gradcam_lab.console import say
from gradcam_lab.data.photo_paths import is_one_photo, photo_paths
from gradcam_lab.data.picture import Source
from gradcam_lab.errors import LabError
from gradcam_lab.explain import describe, export
from gradcam_lab.explain.dependence import measure, random_twin
from gradcam_lab.explain.explanation import (
    ALL_METHODS,
    AT_THE_PIXELS,
    INPUT_GRADIENT,
    Explanation,
    Request,
    explain_target,
)
from gradcam_lab.explain.known_shift import UNKNOWN, KnownShift, known_shift
from gradcam_lab.explain.photo import Photo
from gradcam_lab.explain.several import each_photo
from gradcam_lab.explain.targets import Target, find_target, rather_than
from gradcam_lab.files import require_writable
from gradcam_lab.lesson_modules import STEP_NAMES, Lessons, StudentsFile, load_lessons
from gradcam_lab.localise.default_threshold import default_threshold
from gradcam_lab.localise.experiment import Align
from gradcam_lab.localise.map_recipe import GRADCAM, PLAIN_RECIPE
from gradcam_lab.localise.methods import METHODS, applicable, require_method
from gradcam_lab.localise.threshold import require_fraction
from gradcam_lab.models import zoo
from gradcam_lab.models.classifier import Classifier
from gradcam_lab.models.model_choice import ModelChoice
from gradcam_lab.pipeline.students_work import StudentsWork
from gradcam_lab.pipeline.supervise import STALL, enter, supervise
from gradcam_lab.report.text.alignment import MOVED

MAPS_AND_BOXES = STEP_NAMES[:4]
"""The steps that make a map, draw it and find its boxes: these may be a student's. What is measured of the maps beside,
by step 6, is the reference's."""

COPIES = 25
"""Noisy copies for SmoothGrad where all methods are asked for and no number is given."""


@dataclass(frozen=True)
class Wish:
    """What the user wants to be explained, and how.

    Attributes:
        classes: names or indices (see `find_target`); the most probable output where there are none.
        method: one of the comparison's methods, of which those that differ only in how they find boxes have the same
            map; "input-gradient"; or "all", which draws CAM (where it is defined), Grad-CAM, the gradient at the pixels
            and SmoothGrad in one picture.
        against: explain why each class rather than this one, by the difference of their logits.
        smooth: number of noisy copies for SmoothGrad, drawn beside the rest; 0 for none ("all" takes 25 then).
        boxes: whether to find and draw boxes, in the last map that has cells.
        threshold: of the boxes, which it asks for too; None for the default.
        seed: of SmoothGrad's noise, and of the random weights in the verdict.
        align: whether pictures show the maps without the shift that mirrors find.
    """

    classes: Sequence[str] | None = None
    method: str = GRADCAM
    against: str | None = None
    smooth: int = 0
    boxes: bool = False
    threshold: float | None = None
    seed: int = 0
    align: Align = "auto"


def explain(image: Path, *, choice: ModelChoice, out: Path, **wish: Any) -> list[Path]:
    """Explain one image, write the files that the module's text lists, and say what was found.

    Args:
        image: the image file.
        choice: which network, and which layer of it.
        out: the folder.
        wish: the fields of `Wish`.

    Returns:
        The files: pictures and maps by class, the picture of all classes, the JSON.

    Raises:
        LabError: something cannot be used; the sentence says what.
    """
    explainer = ImageExplainer(zoo.load_chosen(choice), load_lessons(), Wish(**wish), choice.layer)
    return explainer.write(explainer(image), out)


@dataclass(frozen=True)
class Photos:
    """Photos to explain, by which network and whose code, and where the files go; it can be sent to another process.

    Attributes:
        paths: of the photos.
        alone: whether the user named one photo.
        choice: which network, and which layer of it.
        out: the folder.
        wish: what is to be explained.
        students: the student's files that run, by step.
    """

    paths: Sequence[Path]
    alone: bool
    choice: ModelChoice
    out: Path
    wish: Wish
    students: Mapping[str, StudentsFile] = field(default_factory=dict)

    def explain(self) -> None:
        """Explain every photo, and print the names of the files."""
        classifier = zoo.load_chosen(self.choice)
        enter("explain", tuple(self.students))
        explainer = ImageExplainer(classifier, load_lessons(self.students), self.wish, self.choice.layer)

        def one(path: Path) -> None:
            explanations = explainer(path)
            if not self.alone:
                say(f"{path}:")
            for file in explainer.write(explanations, self.out):
                say(str(file))

        each_photo(self.paths, one, alone=self.alone)


def explain_photos(
    words: Sequence[str],
    *,
    choice: ModelChoice,
    out: Path,
    course: StudentsWork | None = None,
    stall: float = STALL,
    **wish: Any,
) -> None:
    """Explain images, and print the names of their files; of several each that cannot be used is named and left out.

    Args:
        words: files, folders, patterns, or `-` for a list; see `photo_paths`.
        choice: which network, and which layer of it.
        out: the folder.
        course: a student's work: whose code makes the maps and finds the boxes. It runs in a process of its own.
        stall: seconds without a sign of life after which the student's code is ended.
        wish: the fields of `Wish`.

    Raises:
        LabError: something cannot be used; a photo among several is counted at the end.
    """
    photos = Photos(list(photo_paths(words)), is_one_photo(words), choice, out, Wish(**wish))
    if not course:
        photos.explain()
        return
    steps = [code for code in course.steps if code.step in MAPS_AND_BOXES]
    for code in steps:
        say(str(code))
    students = {step: file for step, file in course.students.items() if step in MAPS_AND_BOXES}
    files = {step: file.file for step, file in students.items()}
    photos = replace(photos, students=students)
    if students:
        supervise(Photos.explain, photos, files=files, stall=stall, log=out / "error.log")
    else:
        photos.explain()


class ImageExplainer:
    """Explains images by one network and one wish.

    Args:
        classifier: the network.
        lessons: whose steps do it.
        wish: what is to be explained, and how.
        layer: that the user asked for.

    Raises:
        LabError: there is no such class or method, or the wish contradicts itself.
    """

    def __init__(self, classifier: Classifier, lessons: Lessons, wish: Wish, layer: str | None = None) -> None:
        self.classifier, self.lessons = classifier, lessons
        self.request = settled(wish, classifier, lessons, layer)
        self.classes = [find_target(classifier, word) for word in wish.classes or ()]
        self.against = find_target(classifier, wish.against) if wish.against is not None else None
        self._against(self.classes)
        self.told = False

    @cached_property
    def twin(self) -> Classifier | None:
        """The network with random weights, made once for all images."""
        return random_twin(self.classifier, self.lessons, self.request.seed)

    @cached_property
    def known(self) -> KnownShift:
        """The shift of the maps that are asked for, found once for all images: the network's, whoever's code draws."""
        measured = self.request.measured
        if measured in AT_THE_PIXELS or self.request.align == "off":
            return UNKNOWN
        recipe = PLAIN_RECIPE if measured == "cam" else METHODS[measured].recipe
        return known_shift(self.classifier, load_lessons(), recipe)

    def __call__(self, source: Source) -> list[Explanation]:
        """Explain every class in one image.

        Raises:
            LabError: the image cannot be used, or its most probable class is the one that it is set against.
        """
        photo = Photo(source, self.classifier, self.lessons)
        targets = {target.outputs: target for target in self.classes or [photo.predicted()]}
        found = [explain_target(photo, self.request, target) for target in self._against(targets.values())]
        return [replace(one, dependence=measure(one, self.twin), known=self.known) for one in found]

    def _against(self, targets: Iterable[Target]) -> list[Target]:
        return [rather_than(target, self.against) if self.against else target for target in targets]

    def write(self, explanations: Sequence[Explanation], out: Path) -> list[Path]:
        """Write the files of one image and say what was found; of the first image also in which layer, and why there.

        Raises:
            LabError: a file cannot be written.
        """
        require_writable(out)
        if not self.told:
            zoo.warn_of_photos(self.classifier, explanations[0].photo.path)
            say(describe.layer(explanations[0]))
            if self.request.threshold is None and (note := describe.same_map(self.request.method)):
                say(note)
            if note := explanations[0].known.sentence(self.classifier.preprocessing.size, MOVED):
                say(note)
            self.told = True
        for one in explanations:
            say(describe.headline(one))
            if one.boxes is not None:
                say(f"{one.target.title}: {describe.boxes(one)}{describe.corners(one)}")
        for one in explanations:
            say(describe.dependence(one))
        return export.write(explanations, out)


def settled(wish: Wish, classifier: Classifier, lessons: Lessons, layer: str | None) -> Request:
    """Decide what the user left open, and check what was asked for.

    Raises:
        LabError: there is no such method, it does not suit the network, or the wish contradicts itself.
    """
    method, boxes = wish.method, wish.boxes or wish.threshold is not None
    if layer is not None and method in ("cam", INPUT_GRADIENT):
        raise LabError(f"--layer goes with Grad-CAM: '{method}' has no layer to choose, so leave --layer out.")
    if boxes and method == INPUT_GRADIENT:
        raise LabError("--boxes needs a map with cells, and the gradient has pixels: take another --method.")
    if method not in (INPUT_GRADIENT, ALL_METHODS):
        if method not in METHODS:
            known = ", ".join([*applicable(classifier), INPUT_GRADIENT, ALL_METHODS])
            raise LabError(f"The method '{method}' does not exist: choose --method from {known}.")
        require_method(classifier, method, wish.threshold)
    align: Align | None = None if wish.align == "auto" else wish.align
    request = Request(method, layer, wish.smooth or COPIES * (method == ALL_METHODS), wish.seed, align=align)
    if not boxes:
        return request
    default = default_threshold(GRADCAM if method == ALL_METHODS else method)
    require_fraction(wish.threshold, f"the default, {default:g}")
    return replace(request, threshold=default if wish.threshold is None else wish.threshold)
