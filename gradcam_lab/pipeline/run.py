"""One run: what is loaded, the fields that its stages depend on, and typed readers of its artifacts.

What a stage computes with is imported by its own module: only so is that code part of its key.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from gradcam_lab.data.box_files import json_boxes
from gradcam_lab.data.layouts.split import Split, nameless_names
from gradcam_lab.data.masks import check_masks, masks_hash
from gradcam_lab.data.registry import BoxData, open_data
from gradcam_lab.data.sample import Sample
from gradcam_lab.errors import LabError
from gradcam_lab.evaluate.alignment.mirror import Shift, shift_of_run
from gradcam_lab.evaluate.alignment.records import Alignment
from gradcam_lab.evaluate.all_classes import classes_with_objects
from gradcam_lab.files import digest, read_json
from gradcam_lab.lesson_modules import STEP_NAMES, load_lessons
from gradcam_lab.localise.experiment import ALL, Experiment
from gradcam_lab.localise.explainer import place
from gradcam_lab.localise.map_recipe import GRADCAM
from gradcam_lab.localise.maps import Maps, read_maps
from gradcam_lab.localise.methods import Method, applicable, require_method
from gradcam_lab.models import distributed, zoo
from gradcam_lab.models.class_names import with_class
from gradcam_lab.models.classifier import Classifier
from gradcam_lab.pipeline import provenance
from gradcam_lab.pipeline.engine import Stage, UndecidedError
from gradcam_lab.pipeline.rendering import Rendering
from gradcam_lab.pipeline.settings import Settings
from gradcam_lab.pipeline.supervise import enter
from gradcam_lab.report.results import About


def _without_name(*splits: Split) -> str:
    """Name the objects that the network has no class for, as the end of a sentence that --group may mend."""
    names = nameless_names(*splits)
    return f", or map by --group the names that the network lacks: {names}" if names else ""


class Run:
    """What the stages of one run share.

    Args:
        settings: the user's choices.
        classifier: the network, where it is loaded already.

    Raises:
        LabError: the data, the classifier, the target or the method cannot be used.
    """

    def __init__(self, settings: Settings, classifier: Classifier | None = None) -> None:
        self.settings, self.folder, self.seed = settings, settings.folder, settings.seed
        enter("loading", list(settings.students))
        self.lessons = load_lessons(settings.course.students if settings.course else None)
        enter("reading")
        with distributed.leader_first():  # what one process has downloaded, the others find
            self.classifier = classifier or zoo.load_chosen(settings.model)
            data = open_data(settings.data, settings.data_root, reading=settings.reading)
        place(self.classifier)
        self.everything = settings.target == ALL
        if not self.everything:
            self.classifier, target = with_class(self.classifier, settings.target)  # an unknown one fails here
            self.settings = settings = replace(settings, target=target)
        if not isinstance(data, BoxData):
            raise LabError(
                f"'{settings.data}' says what each image shows, but not where, so there is nothing to score boxes by: "
                "choose other data, or look at single images by gradcam-lab show."
            )
        self.boxes = data.boxes
        self.val, self.test = (self._read(data, name) for name in ("val", "test"))
        self.target = self._main_target()
        self.methods = self._methods()
        if not settings.quick:
            check_masks([*self.val.samples, *self.test.samples])
        # The same files give other objects where bad ones are skipped, or another vocabulary leaves some out.
        stated = [settings.reading.boxes] if settings.reading.boxes else []
        reading = (settings.skip_bad, self.classifier.class_names, *stated)
        self.data_hash = digest(data.sha256(self.val), data.sha256(self.test), reading)
        self.looked: dict[str, Maps] = {}
        """The maps of the methods that were compared in this very process."""
        self.told = False
        self.pdf, self.pending = True, set[str]()

    def _read(self, data: BoxData, name: str) -> Split:
        settings = self.settings
        return data.read(name, known=self.classifier.class_names, limit=settings.limit, skip_bad=settings.skip_bad)

    def _main_target(self) -> str:
        """The class of the report's pictures and main tables: the target, or the dog (or the first) of all classes."""
        wanted = self.settings.target
        for split in (self.val, self.test):
            if not self.everything and wanted not in classes_with_objects(split.samples):
                raise LabError(
                    f"No image of the split '{split.name}' of '{split.root}' holds a {wanted} that is not difficult: "
                    f"choose another --target or a larger --limit{_without_name(split)}."
                )
        if not self.everything:
            return wanted
        common = classes_with_objects(self.val.samples, self.test.samples)
        if not common:
            raise LabError(
                f"No class of the network has objects in both splits of '{self.test.root}': choose a larger --limit"
                f"{_without_name(self.val, self.test)}."
            )
        return "dog" if "dog" in common else common[0]

    def _methods(self) -> dict[str, Method]:
        """The methods that suit the network; the wish for another one, or for one that the run cannot do, fails."""
        asked, threshold = self.settings.method, self.settings.threshold
        if asked is not None:
            require_method(self.classifier, asked, threshold)
        methods = applicable(self.classifier)
        if threshold is not None:
            methods = {name: method for name, method in methods.items() if method.cut}
        if self.everything and asked not in (None, GRADCAM):
            raise LabError(f"--target all runs plain Grad-CAM: leave out --method {asked}, or name one target.")
        return methods

    # --- what the engine asks ---

    def value_of(self, field: str) -> Any:
        """Return a field that a stage depends on; see `engine.Context`."""
        values = {
            "data": lambda: self.data_hash,
            "target": lambda: self.target,
            "network": lambda: (self.classifier.fingerprint, self.settings.precision),
            "seed": lambda: self.seed,
            "min_area": lambda: self.experiment.min_area,
            "max_detections": lambda: self.experiment.max_detections,
            "given_threshold": lambda: self.experiment.threshold,
            "method": lambda: self.method,
            "ap": lambda: self.settings.ap,
            "align": lambda: self.settings.align,
            "masks": lambda: masks_hash([*self.val.samples, *self.test.samples]),
            "settings": lambda: self.about,
            "texts": lambda: self.settings.texts,
            "references": lambda: load_lessons().sha256,
        }
        return values[field]() if field in values else Rendering(self.folder, self.pdf).value_of(field)

    def lesson_hash(self, lesson: str) -> str:
        """Return the hash of the text of a lesson that runs, and of the student's own modules that it imports."""
        return self.lessons.code_sha256[lesson]

    def before(self, stage: Stage, runs: bool) -> None:
        """Tell who watches a student's code what comes next, and the other processes whether they shall help."""
        enter(stage.name, self.students_steps(stage.lessons_of(self)))
        if stage.together and not self.told:
            distributed.gather([runs])
            self.told = True

    # --- what the run is about ---

    @property
    def experiment(self) -> Experiment:
        """What travels together through the stages."""
        settings = self.settings
        return Experiment(
            *(self.classifier, self.lessons, self.target, settings.precision),
            seed=self.seed,
            threshold=settings.threshold,
            max_detections=settings.max_detections,
            ap=settings.ap,
        )

    @property
    def compares(self) -> bool:
        """Whether the run compares methods: over all classes it runs plain Grad-CAM alone."""
        return not (self.settings.quick or self.everything)

    @property
    def method(self) -> str:
        """The name of the method that finds this run's boxes: as the user asked, or as val likes best."""
        if self.settings.method is not None:
            return self.settings.method
        if not self.compares:
            return GRADCAM
        if "methods" in self.pending:
            raise UndecidedError("methods")
        return read_json(self.folder / "methods.json")["default"]

    def students_steps(self, steps: Sequence[str]) -> list[str]:
        """Those of these steps that a student's code runs in."""
        return [step for step in steps if self.lessons.implementation[step] == "mine"]

    @property
    def scores_a_student(self) -> bool:
        """Whether a student's code stands between an image and its AP: in any of steps 2 to 4."""
        return bool(self.students_steps(STEP_NAMES[1:4]))

    @property
    def plain(self) -> bool:
        """Whether boxes are found in the maps of plain Grad-CAM itself."""
        return self.method == GRADCAM

    @property
    def chosen_method(self) -> Method:
        """The method itself."""
        return self.methods[self.method]

    @property
    def splits(self) -> dict[str, Sequence[Sample]]:
        """The samples by the name of their split."""
        return {split.name: split.samples for split in (self.val, self.test)}

    @property
    def described(self) -> str:
        """A line about the run."""
        wanted = f"all classes ({self.target} in the pictures)" if self.everything else self.target
        return (
            f"{len(self.val.samples)} images of val, {len(self.test.samples)} of test, looking for {wanted} with "
            f"{self.classifier.name} at layer {self.classifier.layer_name}{self._given}"
        )

    @property
    def _given(self) -> str:
        """What the user has decided in val's place, as the end of a sentence."""
        threshold, most = self.settings.threshold, self.settings.max_detections
        cut = f", cut at the given threshold {threshold:g}" if threshold is not None else ""
        return cut + (f", at most {most} box{'es' if most > 1 else ''} an image" if most else "")

    @property
    def about(self) -> About:
        """What ran, on what, with which versions."""
        return provenance.about(
            self.settings, self.experiment, self.method, (self.val, self.test), self.boxes, self.data_hash
        )

    # --- the artifacts ---

    def read(self, artifact: str) -> Any:
        """Return the content of a JSON artifact."""
        return read_json(self.folder / artifact)

    @cached_property
    def heatmaps(self) -> Maps:
        """The maps of plain Grad-CAM, on both splits."""
        return read_maps(self.folder / "heatmaps.npz")

    @cached_property
    def class_maps(self) -> Maps:
        """The maps of every class, on both splits."""
        return read_maps(self.folder / "class_maps.npz")

    @cached_property
    def maps(self) -> Maps:
        """The maps of the method that finds the boxes, on both splits, as the network gave them."""
        return self.heatmaps if self.plain else read_maps(self.folder / "maps.npz")

    @cached_property
    def alignment(self) -> Alignment | None:
        """The shift of the maps; None where it was not measured."""
        return None if self.settings.quick else self.read("alignment.json")

    @property
    def boxes_are_moved(self) -> bool:
        """Whether boxes are found in maps out of which a shift was taken."""
        return bool(self.alignment and (choice := self.alignment["boxes"]) and choice["moved"])

    @cached_property
    def box_maps(self) -> Maps:
        """The maps in which boxes are found, moved if val likes their boxes better."""
        return read_maps(self.folder / "aligned.npz") if self.boxes_are_moved else self.maps

    @property
    def shift(self) -> Shift:
        """What is taken out of plain Grad-CAM's maps in pictures and tests."""
        return shift_of_run(self.alignment)

    @property
    def method_shift(self) -> Shift:
        """What is taken out of the maps of the run's method in pictures."""
        return self.shift if self.plain else shift_of_run(self.alignment, method=True)

    @cached_property
    def threshold(self) -> float:
        """What validation chose, or the user."""
        return self.read("threshold.json")["chosen"]

    @cached_property
    def detections(self) -> dict[str, np.ndarray]:
        """The boxes on test."""
        return json_boxes.read_detections(self.folder / "detections.json")

    def compared_threshold(self, method: str) -> float | None:
        """The threshold of a method in the comparison, if there was one: a report has one threshold a method."""
        if not self.compares:
            return None
        return next(row["threshold"] for row in self.read("methods.json")["rows"] if row["name"] == method)
