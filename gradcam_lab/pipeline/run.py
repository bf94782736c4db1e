"""`run-all`: every stage from a folder of images to a report, each one skipped where nothing has changed."""

import inspect
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from gradcam_lab.console import say, tracked, warn
from gradcam_lab.data.box_files import json_boxes as box_files
from gradcam_lab.data.layouts.reading import Split
from gradcam_lab.data.masks import check_masks, masks_hash
from gradcam_lab.data.registry import BoxData, open_data
from gradcam_lab.errors import LabError
from gradcam_lab.evaluate import all_classes, cam_agreement, classification, method_comparison, segmentation
from gradcam_lab.evaluate import error_types as failures
from gradcam_lab.evaluate import faithfulness as truth
from gradcam_lab.evaluate import max_box_acc as oracle
from gradcam_lab.evaluate import scores as scoring
from gradcam_lab.files import digest, read_json, write_json, write_text
from gradcam_lab.lesson_modules import NAMES, Lessons, load_lessons
from gradcam_lab.localise import baselines, box_finders, multi_method
from gradcam_lab.localise import cam_variants as methods
from gradcam_lab.localise import maps as heatmaps
from gradcam_lab.localise import methods as recipes
from gradcam_lab.localise import threshold as sweep
from gradcam_lab.localise.maps import Heatmaps
from gradcam_lab.localise.methods import Method
from gradcam_lab.models import distributed, zoo
from gradcam_lab.models.classifier import Classifier
from gradcam_lab.pipeline import provenance as about
from gradcam_lab.pipeline.engine import Make, Stages
from gradcam_lab.pipeline.settings import PLAIN, Settings
from gradcam_lab.pipeline.stages.report import Rendered, report
from gradcam_lab.pipeline.supervise import enter, supervise
from gradcam_lab.report.figures import captions, photos, pictures, plots, rgb, select, style
from gradcam_lab.report.text import findings

SCHEMA = "gradcam-lab/results/1"
IOU_THRESHOLDS = (0.3, 0.4, 0.5)
FAILURE_IOU = 0.5
BOXING = ("step3_boxes", "step4_metrics")
"""The steps that have a part in finding and scoring boxes."""
SCORED = ("classifier", "cam", "threshold", "scores", "classes", "methods", "masks", "truth")
"""The stages whose numbers go into `results.json`."""
KEPT = ("data", "heatmaps", "maps", "boxes")
"""The stages whose files `sweep` and `show` read; `results.json` says which files it tells of."""
METHOD_CODE = (method_comparison, box_finders, multi_method, methods, recipes, scoring, sweep)
"""The modules behind the methods' maps and boxes."""
ITS_OWN = (1.0,)
"""The grid of a method that gives each image a threshold of its own: so many times that."""
MIN_AREA = 30
"""The smallest island that becomes a box, in pixels of the image."""


def run_all(settings: Settings, *, pdf: bool = True) -> Rendered | None:
    """Run every stage, from the images to the report; those with a student's code in a process of their own.

    Returns:
        The report; None in the processes of `torchrun` that only help the first one with the heatmaps.

    Raises:
        LabError: the data, the classifier, the output folder or a student's code cannot be used.
    """
    if settings.students:
        if distributed.launched():
            raise LabError("torchrun does not run a student's code: use --impl reference, or leave torchrun out.")
        _say_whose(settings)
        log = settings.folder / "error.log"
        supervise(compute, settings, files=settings.students, stall=settings.stall, log=log)
    else:
        with distributed.session():
            if not distributed.leads():
                Run(settings).help_with_heatmaps()
                return None
            _say_whose(settings)
            compute(settings)
    return report(settings.folder, pdf)


def _say_whose(settings: Settings) -> None:
    for chosen in settings.course.steps if settings.course else ():
        say(str(chosen))


def compute(settings: Settings) -> None:
    """Run every stage up to the figures: all that the lessons' code has a part in."""
    run = Run(settings)
    say(f"{settings.data}: {run.described}")
    for skipped in run.val.skipped + run.test.skipped:
        warn(f"  skipped: {skipped}")
    if count := len(run.val.skipped) + len(run.test.skipped):
        say(f"  {count} bad images or objects were skipped")
    run.stages_in_order()


class Run:
    """One run of the pipeline; every method writes one artifact.

    Args:
        settings: the user's choices.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        enter("loading", list(settings.students))
        self.lessons: Lessons = load_lessons(settings.course.students if settings.course else None)
        enter("reading")
        with distributed.leader_first():  # what one process has downloaded, the others find
            self.classifier: Classifier = _load(settings)
            data = open_data(settings.data, settings.data_root)
        heatmaps.place(self.classifier)
        self.everything = settings.target == heatmaps.ALL
        if not self.everything:
            self.classifier.outputs_of(settings.target)  # an unknown target should fail here
        if not isinstance(data, BoxData):
            raise LabError(
                f"'{settings.data}' says what each image shows, but not where, so there is nothing to score boxes by: "
                "choose other data, or look at single images by gradcam-lab show."
            )
        self.val, self.test = (self._read(data, name) for name in ("val", "test"))
        if not settings.quick:
            check_masks([*self.val.samples, *self.test.samples])
        self.target = self._main_target()
        self.methods = self._methods()
        # The same files give other objects where bad ones are skipped, or another vocabulary leaves some out.
        reading = (settings.skip_bad, self.classifier.class_names)
        self.data_hash = digest(data.sha256(self.val), data.sha256(self.test), reading)
        self.stages = Stages(settings.folder)  # an unwritable folder fails here, before the work; bad data leaves none
        self.common = (self.data_hash, self.target)
        self.network = (self.classifier.sha256, self.classifier.layer, settings.precision)
        self.seed = settings.seed
        self.done: dict[str, str] = {}
        self.told = False
        self.looked: dict[str, dict[str, multi_method.Maps]] | None = None

    def _read(self, data: BoxData, name: str) -> Split:
        settings = self.settings
        return data.read(name, known=self.classifier.class_names, limit=settings.limit, skip_bad=settings.skip_bad)

    def _main_target(self) -> str:
        """The class of the report's pictures and main tables: the target, or the dog (or the first) of all classes."""
        wanted = self.settings.target
        for split in (self.val, self.test):
            if not self.everything and wanted not in all_classes.classes_with_objects(split.samples):
                raise LabError(
                    f"No image of the split '{split.name}' of '{split.root}' holds a {wanted} that is not difficult: "
                    "choose another --target or a larger --limit."
                )
        if not self.everything:
            return wanted
        common = all_classes.classes_with_objects(self.val.samples, self.test.samples)
        if not common:
            raise LabError(f"No class has objects in both splits of '{self.test.root}': choose a larger --limit.")
        return "dog" if "dog" in common else common[0]

    def _methods(self) -> dict[str, Method]:
        """The methods that suit the network; the wish for another one, or for one that the run cannot do, fails."""
        asked, methods = self.settings.method, recipes.applicable(self.classifier, self.lessons)
        if asked is not None and asked not in methods:
            why = "does not suit this network" if asked in recipes.METHODS else "does not exist"
            raise LabError(f"The method '{asked}' {why}: choose --method from {', '.join(methods)}.")
        if self.everything and asked not in (None, PLAIN):
            raise LabError(f"--target all runs plain Grad-CAM: leave out --method {asked}, or name one target.")
        return methods

    @property
    def compares(self) -> bool:
        """Whether the run compares methods: over all classes it runs plain Grad-CAM alone."""
        return not (self.settings.quick or self.everything)

    @cached_property
    def method(self) -> str:
        """How this run finds its boxes: as the user asked, or as val likes best."""
        if self.settings.method is not None:
            return self.settings.method
        return read_json(self.stages.folder / "methods.json")["default"] if self.compares else PLAIN

    @property
    def boxing(self) -> Sequence[str]:
        """The steps that find and score this run's boxes: step 5 too, where they are those of its masks."""
        return (*BOXING, "step5_segmentation") if self.methods[self.method].find is box_finders.refined else BOXING

    @property
    def described(self) -> str:
        """A line about the run."""
        wanted = f"all classes ({self.target} in the pictures)" if self.everything else self.target
        return (
            f"{len(self.val.samples)} images of val, {len(self.test.samples)} of test, looking for {wanted} with "
            f"{self.classifier.name} at layer {self.classifier.layer}"
        )

    def stages_in_order(self) -> None:
        """Run the stages; each is keyed by the hashes of the artifacts it reads, its parameters and its code."""
        self.look_at_images()
        self.find_boxes()
        if not self.settings.quick:
            self.go_further()
        out = self.stages.output
        before = [out(name) for name in self.done]
        code = self.begin("results", ["step3_boxes"], sys.modules[__name__], about)
        self.run("results", "results.json", (before, self.about(), self.texts, code), self.write_results)
        code = self.begin("figures", NAMES, pictures, select, captions, findings, photos, rgb, plots, style)
        self.run("figures", "figures/figures.json", (before, self.seed, self.network, code), self.write_figures)

    def look_at_images(self) -> None:
        """Everything that the network says of the images."""
        begin, run, common = self.begin, self.run, self.common
        begin("data")
        run("data", "ground_truth.json", common, self.write_ground_truth)
        code = begin("heatmaps", ["step2_gradcam"], heatmaps)
        if self.everything:
            run("all maps", "class_maps.npz", (self.data_hash, self.network, code), self.write_class_maps)
        run("heatmaps", "heatmaps.npz", (*common, self.network, code), self.write_heatmaps)
        self.tell(False)
        maps, code = self.stages.output("heatmaps"), begin("classifier", [], classification, scoring)
        run("classifier", "classification.json", (*common, maps, self.seed, code), self.write_classification)
        code = begin("cam", ["step1_cam", "step2_gradcam"], cam_agreement)
        run("cam", "comparison.json", (*common, self.network, code), self.write_comparison)

    def find_boxes(self) -> None:
        """Choose a method and its threshold on val; find and score the boxes of test."""
        begin, run, out = self.begin, self.run, self.stages.output
        maps = out("heatmaps")
        looked = (*self.common, self.network, maps, begin("methods", NAMES[:5], *METHOD_CODE))
        if self.compares:
            run("methods", "methods.json", (looked, self.seed, MIN_AREA), self.write_methods)
        if self.method != PLAIN:
            run("maps", "maps.npz", (looked, self.method), self.write_maps)
            maps = out("maps")
        code = begin("threshold", self.boxing, sweep, box_finders)
        boxing = (self.common, maps, self.method, MIN_AREA)
        compared = out("methods") if self.compares else None
        run("threshold", "threshold.json", (*boxing, compared, code), self.write_threshold)
        if self.everything:
            code = begin("classes", BOXING, all_classes, sweep, scoring, baselines)
            scored = (self.data_hash, out("all maps"), self.seed, code, MIN_AREA)
            run("classes", "classes.json", scored, self.write_classes)
        code = begin("boxes", self.boxing, sweep, box_finders)
        run("boxes", "detections.json", (*boxing, out("threshold"), code), self.write_detections)
        code = begin("scores", BOXING, scoring, baselines, failures, sweep)
        run("scores", "scores.json", (*boxing, out("heatmaps"), out("boxes"), self.seed, code), self.write_scores)

    def go_further(self) -> None:
        """Steps 5 and 6: masks, and tests of the heatmaps themselves."""
        masks = masks_hash([*self.val.samples, *self.test.samples])
        theirs = ["step2_gradcam", "step3_boxes", "step5_segmentation"]
        code = self.begin("masks", theirs, segmentation, heatmaps, sweep, scoring, baselines)
        seen = (*self.common, self.network, self.seed)
        self.run("masks", "segmentation.json", (seen, masks, code), self.write_segmentation)
        code = self.begin("truth", ["step2_gradcam", *BOXING, "step6_faithfulness"], truth, oracle, sweep, scoring)
        self.run("truth", "truth.json", (seen, self.stages.output("heatmaps"), code), self.write_truth)

    def run(self, name: str, file: str, inputs: Any, make: Make) -> None:
        """Run a stage, or leave it as it is; see `Stages.run`."""
        self.stages.run(name, file, inputs, make)
        self.done[name] = file

    def begin(self, stage: str, lessons: Sequence[str] = (), *modules: ModuleType) -> list[str]:
        """Announce a stage, and return the hashes of the code that it runs: its steps and its modules."""
        enter(stage, [step for step in lessons if self.lessons.implementation[step] == "mine"])
        sources = [inspect.getsource(module) for module in modules]
        return [self.lessons.sha256[step] for step in lessons] + [sha256(text.encode()).hexdigest() for text in sources]

    def write_ground_truth(self, path: Path) -> None:
        """The target's objects on test."""
        box_files.write_ground_truth(path, self.test.samples, self.target)

    def write_heatmaps(self, path: Path) -> None:
        """The raw maps and the probabilities, on val and test."""
        if self.everything:
            heatmaps.write_arrays(path, self.class_maps.of_class(self.target))
        else:
            self.tell(True)
            self.explain(path)

    def write_class_maps(self, path: Path) -> None:
        """The same for every class."""
        self.tell(True)
        self.explain(path)

    def explain(self, path: Path) -> None:
        """Run Grad-CAM on both splits, together with the other processes if there are some."""
        splits = {"val": self.val.samples, "test": self.test.samples}
        settings = self.settings
        heatmaps.write_heatmaps(path, self.classifier, self.lessons, splits, settings.target, settings.precision)

    def tell(self, needed: bool) -> None:
        """Tell the other processes once whether their help with the heatmaps is needed."""
        if not self.told:
            distributed.gather([needed])
        self.told = True

    def help_with_heatmaps(self) -> None:
        """Do this process's share of the heatmaps, if the first process needs them."""
        if any(distributed.gather([False])):
            self.explain(self.stages.folder / ("class_maps.npz" if self.everything else "heatmaps.npz"))

    @cached_property
    def class_maps(self) -> Heatmaps:
        """What `write_class_maps` wrote."""
        return heatmaps.read_heatmaps(self.stages.folder / "class_maps.npz")

    def write_classes(self, path: Path) -> None:
        """Every class's AP and their mean."""
        val, test, seed = self.val.samples, self.test.samples, self.seed
        write_json(
            path, all_classes.score_all(self.lessons, self.class_maps, val, test, IOU_THRESHOLDS, MIN_AREA, seed)
        )

    @cached_property
    def heatmaps(self) -> Heatmaps:
        """What `write_heatmaps` wrote."""
        return heatmaps.read_heatmaps(self.stages.folder / "heatmaps.npz")

    def write_classification(self, path: Path) -> None:
        """Per-class AP and mAP on test."""
        maps = self.heatmaps.of("test")
        names = maps.classes.tolist()
        scores = classification.evaluate_classifier(self.test.samples, maps.class_probabilities, names, self.seed)
        write_json(path, scores)

    def write_comparison(self, path: Path) -> None:
        """The top five of one image, and CAM against Grad-CAM."""
        holding = [sample for sample in self.test.samples if sample.boxes(self.target)]
        maps = cam_agreement.cam_and_gradcam(
            self.classifier, self.lessons, holding[: cam_agreement.IMAGES], self.target
        )
        top = cam_agreement.top5(self.classifier, self.lessons, holding[0])
        write_json(path, {"top5": top, "cam_vs_gradcam": cam_agreement.measure(maps)})

    def write_methods(self, path: Path) -> None:
        """Every method that suits the network, on the same images, with what it costs."""
        self.looked = self.look(self.methods)
        val, test = self.val.samples, self.test.samples
        rows = method_comparison.compare(
            self.lessons,
            self.methods,
            self.looked["val"],
            self.looked["test"],
            val,
            test,
            self.target,
            IOU_THRESHOLDS,
            MIN_AREA,
            self.seed,
        )
        chosen = {row["name"]: row["threshold"] for row in rows}
        times = method_comparison.measure_times(
            self.classifier, self.lessons, self.target, self.methods, test, chosen, MIN_AREA, self.settings.precision
        )
        rows = method_comparison.priced(rows, times)
        write_json(
            path,
            {"rows": rows, "default": method_comparison.best_affordable(rows), "limit": method_comparison.AFFORDABLE},
        )

    def look(self, methods: Mapping[str, Method]) -> dict[str, dict[str, multi_method.Maps]]:
        """The maps of some methods, by split and by method."""
        looker = multi_method.Looker(self.classifier, self.lessons, self.target, methods, self.settings.precision)
        return {
            split.name: multi_method.explain_all(looker, split.samples, f"methods on {split.name}")
            for split in (self.val, self.test)
        }

    def write_maps(self, path: Path) -> None:
        """The maps of the method that finds this run's boxes, where they are not those of plain Grad-CAM."""
        looked = self.looked or self.look({self.method: self.methods[self.method]})  # the comparison has them already
        found = [looked[split.name][self.method] for split in (self.val, self.test)]
        maps, probabilities = (np.concatenate(parts) for parts in zip(*found, strict=True))
        heatmaps.write_arrays(path, self.heatmaps._replace(maps=maps, probabilities=probabilities))

    @cached_property
    def maps(self) -> Heatmaps:
        """The maps in which boxes are found."""
        if self.method == PLAIN:
            return self.heatmaps
        return heatmaps.read_heatmaps(self.stages.folder / "maps.npz")

    def detect(self, split: Split, threshold: float) -> dict[str, np.ndarray]:
        """Find boxes in the images of a split by this run's method."""
        method, maps = self.methods[self.method], self.maps.of(split.name)
        samples = split.samples if method.needs_image else ()
        return sweep.detect_all(self.lessons, maps, threshold, MIN_AREA, method.find, samples)

    def detect_plainly(self, split: Split, threshold: float) -> dict[str, np.ndarray]:
        """Find boxes by plain Grad-CAM."""
        return sweep.detect_all(self.lessons, self.heatmaps.of(split.name), threshold, MIN_AREA)

    def write_threshold(self, path: Path) -> None:
        """The sweep on val, the threshold it chooses, and the oracle of test."""
        grid = self.methods[self.method].grid or ITS_OWN
        curves = {split.name: self.sweep(split, partial(self.detect, split), grid) for split in (self.val, self.test)}
        best = max(curves["test"]["mean_ap"])
        oracle = curves["test"]["mean_ap"].index(best)
        write_json(
            path,
            {
                "grid": grid,
                **curves,
                "chosen": self.compared_threshold(self.method) or grid[sweep.choose(curves["val"]["mean_ap"])],
                "oracle": {"threshold": grid[oracle], "mean_ap": best},
            },
        )

    def compared_threshold(self, method: str) -> float | None:
        """What val chose in the comparison, if there was one: in a report there is one threshold of a method."""
        if not self.compares:
            return None
        rows = read_json(self.stages.folder / "methods.json")["rows"]
        return next(row["threshold"] for row in rows if row["name"] == method)

    def sweep(self, split: Split, detect: sweep.Detect, grid: Sequence[float]) -> dict[str, Any]:
        """Score every threshold of a grid on a split."""
        truth = sweep.ground_truth(self.lessons, split.samples, self.target)
        return sweep.sweep(self.lessons, detect, truth, IOU_THRESHOLDS, f"thresholds on {split.name}", grid)

    @cached_property
    def threshold(self) -> float:
        """What validation chose."""
        return read_json(self.stages.folder / "threshold.json")["chosen"]

    def write_detections(self, path: Path) -> None:
        """The boxes on test, at that threshold."""
        box_files.write_detections(path, self.detect(self.test, self.threshold))

    @cached_property
    def detections(self) -> dict[str, Any]:
        """What `write_detections` wrote."""
        return box_files.read_detections(self.stages.folder / "detections.json")

    @property
    def plain_detections(self) -> dict[str, np.ndarray]:
        """The boxes on test of plain Grad-CAM, at the threshold that val chooses for it."""
        threshold = self.compared_threshold(PLAIN)
        if threshold is None:
            curves = self.sweep(self.val, partial(self.detect_plainly, self.val), sweep.GRID)
            threshold = sweep.GRID[sweep.choose(curves["mean_ap"])]
        return self.detect_plainly(self.test, threshold)

    @cached_property
    def truth(self) -> dict[str, Any]:
        """The target's objects on test, as step 4 wants them."""
        return sweep.ground_truth(self.lessons, self.test.samples, self.target)

    @cached_property
    def failures(self) -> list[failures.Failure]:
        """The objects that were not found."""
        return failures.find_failures(self.lessons, self.detections, self.truth, FAILURE_IOU)

    def write_scores(self, path: Path) -> None:
        """The main table: ours beside the baselines, with intervals; the curves; the failures."""
        maps = self.heatmaps.of("test")
        probabilities = dict(zip(maps.ids.tolist(), maps.probabilities.tolist(), strict=True))
        counts = scoring.image_draws(len(self.truth), self.seed)
        rows = [(self.methods[self.method].title, "ours", self.detections)]
        if self.method != PLAIN:
            rows.append((self.methods[PLAIN].title, "plain", self.plain_detections))
        rows += baselines.baselines(self.test.samples, self.target, probabilities)
        table = [
            {
                "name": name,
                "kind": kind,
                "boxes": sum(map(len, boxes.values())),
                "scores": scoring.score_detections(self.lessons, boxes, self.truth, IOU_THRESHOLDS, counts),
            }
            for name, kind, boxes in tracked(rows, "scores", len(rows))
        ]
        rivals = {name: boxes for name, kind, boxes in rows if kind == "plain" or name.startswith("C")}
        leads = scoring.ap_differences(self.lessons, self.detections, rivals, self.truth, IOU_THRESHOLDS, counts)
        curves = self.lessons.metrics.evaluate(self.detections, self.truth, IOU_THRESHOLDS)
        kinds = [failure.kind for failure in self.failures]
        write_json(
            path,
            {
                "table": table,
                "leads": leads,
                "curves": {
                    f"{threshold:g}": {
                        "recall": score.curve.recall.tolist(),
                        "precision": score.curve.precision.tolist(),
                    }
                    for threshold, score in curves.items()
                },
                "failures": {"counts": {kind: kinds.count(kind) for kind in failures.KINDS}, "iou": FAILURE_IOU},
            },
        )

    def write_segmentation(self, path: Path) -> None:
        """Masks seeded by Grad-CAM, of all classes; nothing where the data have no true masks."""
        write_json(
            path,
            segmentation.segment_data(
                self.classifier,
                self.lessons,
                self.val.samples,
                self.test.samples,
                self.target,
                self.seed,
                self.settings.precision,
            ),
        )

    def write_truth(self, path: Path) -> None:
        """Tests of plain Grad-CAM's maps on test."""
        maps, samples = self.heatmaps.of("test"), self.test.samples
        write_json(path, truth.examine(self.classifier, self.lessons, samples, maps, self.target, self.seed))

    def about(self) -> dict[str, Any]:
        """Everything of `results.json` that is known before the first stage: what ran, on what, with which versions."""
        settings, method = self.settings, self.methods[self.method]
        return {
            "schema": SCHEMA,
            "run": {
                "data": settings.data_name,
                "data_root": str(self.test.root),
                "target": self.target,
                **about.classifier(self.classifier),
                "seed": settings.seed,
                "limit": settings.limit,
                "precision": settings.precision,
                "method": {"name": self.method, "asked": settings.method, **method.described},
                "quick": settings.quick,
                "parameters": {
                    "min_area": MIN_AREA,
                    "iou_thresholds": IOU_THRESHOLDS,
                    "ties": "group",
                    "method": "area",
                    "nms": inspect.signature(self.lessons.boxes.detect).parameters["max_overlap"].default,
                    "bootstrap": scoring.DRAWS,
                },
            },
            "provenance": {
                **about.software(),
                "data_sha256": self.data_hash,
                "weights_sha256": self.classifier.sha256,
                "code_sha256": self.lessons.sha256,
                "command": settings.command,
            },
            "implementation": self.lessons.implementation,
            **about.course(settings.course),
            "data": about.data([self.val, self.test], self.target),
        }

    @property
    def texts(self) -> dict[str, str]:
        """What the report needs of the course's code, in files relative to the output folder."""
        texts = self.settings.course.texts if self.settings.course else {}
        return {f"code/{name}": text for name, text in texts.items()}

    def write_results(self, path: Path) -> Sequence[Path]:
        """All numbers of the run in one file, and the code that the report shows beside it."""
        read = {name: read_json(self.stages.folder / file) for name, file in self.done.items() if name in SCORED}
        kept = [self.stages.output(name) for name in KEPT if name in self.done]
        write_json(
            path,
            {
                **self.about(),
                "artifacts": {file: hash for files in kept for file, hash in files.items()},
                "classifier": {"recipe": self.classifier.metadata.get("recipe"), **read["classifier"]},
                **read["cam"],
                "threshold": read["threshold"],
                "iou_thresholds": IOU_THRESHOLDS,
                **read["scores"],
                "all_classes": read.get("classes"),
                "methods": read.get("methods"),
                "segmentation": read.get("masks"),
                "truth": read.get("truth"),
            },
        )
        return self.write_code()

    def write_code(self) -> list[Path]:
        """The texts of the course; those of the run before are taken away, for they may hold what is hidden now."""
        folder = self.stages.folder
        possible = {f"code/{place}{step}.py" for place in ("", "stubs/", "yours/") for step in NAMES}
        for name in possible & set(self.stages.records.get("results", {}).get("files", {})) - set(self.texts):
            (folder / name).unlink(missing_ok=True)
        for name, text in self.texts.items():
            write_text(folder / name, text)
        return [folder / name for name in self.texts]

    def write_figures(self, path: Path) -> Sequence[Path]:
        """Every figure of the report."""
        drawn = pictures.Pictures(
            classifier=self.classifier,
            lessons=self.lessons,
            samples=self.test.samples,
            plain=self.heatmaps.of("test"),
            heatmaps=self.maps.of("test"),
            detections=self.detections,
            failures=self.failures,
            target=self.target,
            threshold=self.threshold,
            seed=self.seed,
            precision=self.settings.precision,
            cut=self.methods[self.method].cut,
        )
        return drawn.draw(path.parent, read_json(self.stages.folder / "results.json"))


def _load(settings: Settings) -> Classifier:
    if settings.checkpoint:
        return zoo.load_file(settings.checkpoint)
    return zoo.load(settings.classifier, settings.weights)
