"""`run-all`: every stage from a folder of images to a report, each one skipped where nothing has changed."""

import inspect
import os
import platform
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

from gradcam_lab import __version__
from gradcam_lab.console import say, tracked, warn
from gradcam_lab.data import boxes as box_files
from gradcam_lab.data.named import NAMES as DATA_NAMES
from gradcam_lab.data.named import TOYVOC, BoxData, open_data
from gradcam_lab.data.reading import Split
from gradcam_lab.errors import LabError
from gradcam_lab.files import digest, read_json, write_json, write_text
from gradcam_lab.files import sha256 as file_sha256
from gradcam_lab.models import distributed, zoo
from gradcam_lab.models.classifier import Classifier
from gradcam_lab.pipeline import (
    all_classes,
    baselines,
    classification,
    comparison,
    failures,
    heatmaps,
    pictures,
    scoring,
    sweep,
)
from gradcam_lab.pipeline.child import STALL, enter, supervise
from gradcam_lab.pipeline.stages import Stages
from gradcam_lab.pipeline.steps import NAMES, Course, Steps, load_steps
from gradcam_lab.report import figures, photos, plots, style
from gradcam_lab.report.pdf import write_pdf
from gradcam_lab.report.render import Rendered, to_html

SCHEMA = "gradcam-lab/results/1"
IOU_THRESHOLDS = (0.3, 0.4, 0.5)
FAILURE_IOU = 0.5
MIN_AREA = 30
"""The smallest island that becomes a box, in pixels of the image."""


@dataclass(frozen=True)
class Settings:
    """What the user may choose.

    Attributes:
        data: a data set's name, such as "toyvoc" or "voc2007", or a folder in VOC layout.
        classifier: a name of the zoo.
        weights: "imagenet", a file, or None for the embedded classifier's own.
        target: the class to find, or "all".
        limit: only the first so many images of each split.
        out: the output folder; None for `report/<data>`.
        seed: of the bootstrap and of the random images.
        precision: "float32" or "bf16".
        skip_bad: go on without bad images.
        data_root: where the named data set lies already; None to fetch it.
        checkpoint: a file that says itself which network it holds, instead of `classifier` and `weights`.
        course: whose code runs, and what the report may show; None for the reference, all of it.
        stall: seconds without progress after which a student's code is ended.
    """

    data: str = TOYVOC
    classifier: str = "embedded"
    weights: str | None = None
    target: str = "dog"
    limit: int | None = None
    out: Path | None = None
    seed: int = 0
    precision: str = "float32"
    skip_bad: bool = False
    data_root: Path | None = None
    checkpoint: Path | None = None
    course: Course | None = None
    stall: float = STALL

    @property
    def students(self) -> dict[str, Path]:
        """The steps in which a student's code runs, with their files."""
        return self.course.students if self.course else {}

    @property
    def folder(self) -> Path:
        """The output folder."""
        return self.out or Path("report") / self.data_name

    @property
    def data_name(self) -> str:
        """The data set's name without its path."""
        return self.data if self.data in DATA_NAMES else Path(self.data).resolve().name


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


def report(folder: Path, pdf: bool) -> Rendered:
    """Render what the stages wrote; without Pango the HTML is there all the same."""
    stages = Stages(folder)
    out = stages.output
    date = os.environ.get("SOURCE_DATE_EPOCH")
    looks = [package_hash("gradcam_lab.report"), package_hash("gradcam_lab.templates"), date]
    html = stages.run("report", "report.html", (out("results"), out("figures"), looks), write_html)
    if not pdf:
        return Rendered(html, None, None)
    try:
        paper = stages.run("pdf", "report.pdf", (out("report"), date), write_paper)
    except PdfError as problem:
        return Rendered(html, None, str(problem))
    return Rendered(html, paper, None)


def write_html(path: Path) -> None:
    """The report."""
    write_text(path, to_html(path.parent))


def write_paper(path: Path) -> None:
    """The report on paper."""
    if problem := write_pdf((path.parent / "report.html").read_text(encoding="utf-8"), path):
        raise PdfError(problem)


class PdfError(Exception):
    """There is no PDF; the text says what to install."""


class Run:
    """One run of the pipeline; every method writes one artifact.

    Args:
        settings: the user's choices.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        enter("loading", list(settings.students))
        self.steps: Steps = load_steps(settings.course.chosen if settings.course else None)
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
        self.target = self._main_target()
        # The same files give other objects where bad ones are skipped, or another vocabulary leaves some out.
        reading = (settings.skip_bad, self.classifier.class_names)
        self.data_hash = digest(data.sha256(self.val), data.sha256(self.test), reading)
        self.stages = Stages(settings.folder)  # an unwritable folder fails here, before the work; bad data leaves none
        self.told = False

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
        common = (self.data_hash, self.target)
        begin, run, out = self.begin, self.stages.run, self.stages.output
        begin("data")
        run("data", "ground_truth.json", common, self.write_ground_truth)
        code = begin("heatmaps", ["step2_gradcam"], heatmaps)
        network = (self.classifier.sha256, self.classifier.layer, self.settings.precision)
        if self.everything:
            run("all maps", "class_maps.npz", (self.data_hash, network, code), self.write_class_maps)
        run("heatmaps", "heatmaps.npz", (*common, network, code), self.write_heatmaps)
        self.tell(False)
        maps, code = out("heatmaps"), begin("classifier", [], classification, scoring)
        run("classifier", "classification.json", (*common, maps, self.settings.seed, code), self.write_classification)
        code = begin("cam", ["step1_cam", "step2_gradcam"], comparison)
        run("cam", "comparison.json", (*common, network, code), self.write_comparison)
        code = begin("threshold", ["step3_boxes", "step4_metrics"], sweep)
        run("threshold", "threshold.json", (*common, maps, code, MIN_AREA), self.write_threshold)
        if self.everything:
            code = begin("classes", ["step3_boxes", "step4_metrics"], all_classes, sweep, scoring, baselines)
            classes_from = (self.data_hash, out("all maps"), self.settings.seed, code, MIN_AREA)
            run("classes", "classes.json", classes_from, self.write_classes)
        code = begin("boxes", ["step3_boxes", "step4_metrics"], sweep)
        run("boxes", "detections.json", (*common, maps, out("threshold"), code, MIN_AREA), self.write_detections)
        code = begin("scores", ["step4_metrics"], scoring, baselines, failures)
        run("scores", "scores.json", (*common, maps, out("boxes"), self.settings.seed, code), self.write_scores)
        names = ("data", "classifier", "cam", "threshold", *(["classes"] if self.everything else []), "boxes", "scores")
        before = [out(name) for name in names]
        code = begin("results", ["step3_boxes"], sys.modules[__name__])
        run("results", "results.json", (before, self.about(), self.texts, code), self.write_results)
        code = begin("figures", NAMES, pictures, figures, photos, plots, style)
        seen = (before, maps, self.settings.seed, network, code)
        run("figures", "figures/figures.json", seen, self.write_figures)

    def begin(self, stage: str, steps: Sequence[str] = (), *modules: ModuleType) -> list[str]:
        """Announce a stage, and return the hashes of the code that it runs: its steps and its modules."""
        enter(stage, [step for step in steps if self.steps.implementation[step] == "mine"])
        sources = [inspect.getsource(module) for module in modules]
        return [self.steps.sha256[step] for step in steps] + [sha256(text.encode()).hexdigest() for text in sources]

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
        heatmaps.write_heatmaps(path, self.classifier, self.steps, splits, settings.target, settings.precision)

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
    def class_maps(self) -> heatmaps.Heatmaps:
        """What `write_class_maps` wrote."""
        return heatmaps.read_heatmaps(self.stages.folder / "class_maps.npz")

    def write_classes(self, path: Path) -> None:
        """Every class's AP and their mean."""
        val, test, seed = self.val.samples, self.test.samples, self.settings.seed
        write_json(path, all_classes.score_all(self.steps, self.class_maps, val, test, IOU_THRESHOLDS, MIN_AREA, seed))

    @cached_property
    def heatmaps(self) -> heatmaps.Heatmaps:
        """What `write_heatmaps` wrote."""
        return heatmaps.read_heatmaps(self.stages.folder / "heatmaps.npz")

    def write_classification(self, path: Path) -> None:
        """Per-class AP and mAP on test."""
        maps = self.heatmaps.of("test")
        names = maps.classes.tolist()
        scores = classification.evaluate_classifier(
            self.test.samples, maps.class_probabilities, names, self.settings.seed
        )
        write_json(path, scores)

    def write_comparison(self, path: Path) -> None:
        """The top five of one image, and CAM against Grad-CAM."""
        holding = [sample for sample in self.test.samples if sample.boxes(self.target)]
        maps = comparison.cam_and_gradcam(self.classifier, self.steps, holding[: comparison.IMAGES], self.target)
        top = comparison.top5(self.classifier, self.steps, holding[0])
        write_json(path, {"top5": top, "cam_vs_gradcam": comparison.measure(maps)})

    def write_threshold(self, path: Path) -> None:
        """The sweep on val, the threshold it chooses, and the oracle of test."""
        curves = {}
        for split in (self.val, self.test):
            truth = sweep.ground_truth(self.steps, split.samples, self.target)
            maps = self.heatmaps.of(split.name)
            curves[split.name] = sweep.sweep(
                self.steps, maps, truth, IOU_THRESHOLDS, MIN_AREA, f"thresholds on {split.name}"
            )
        chosen = sweep.choose(curves["val"]["mean_ap"])
        best = max(curves["test"]["mean_ap"])
        oracle = curves["test"]["mean_ap"].index(best)
        write_json(
            path,
            {
                "grid": sweep.GRID,
                **curves,
                "chosen": sweep.GRID[chosen],
                "oracle": {"threshold": sweep.GRID[oracle], "mean_ap": best},
            },
        )

    @cached_property
    def threshold(self) -> float:
        """What validation chose."""
        return read_json(self.stages.folder / "threshold.json")["chosen"]

    def write_detections(self, path: Path) -> None:
        """Step 3 on test, at that threshold."""
        box_files.write_detections(
            path, sweep.detect_all(self.steps, self.heatmaps.of("test"), self.threshold, MIN_AREA)
        )

    @cached_property
    def detections(self) -> dict[str, Any]:
        """What `write_detections` wrote."""
        return box_files.read_detections(self.stages.folder / "detections.json")

    @cached_property
    def truth(self) -> dict[str, Any]:
        """The target's objects on test, as step 4 wants them."""
        return sweep.ground_truth(self.steps, self.test.samples, self.target)

    @cached_property
    def failures(self) -> list[failures.Failure]:
        """The objects that were not found."""
        return failures.find_failures(self.steps, self.detections, self.truth, FAILURE_IOU)

    def write_scores(self, path: Path) -> None:
        """The main table: ours beside the baselines, with intervals; the curves; the failures."""
        maps = self.heatmaps.of("test")
        probabilities = dict(zip(maps.ids.tolist(), maps.probabilities.tolist(), strict=True))
        counts = scoring.image_draws(len(self.truth), self.settings.seed)
        rows = [("Grad-CAM", "ours", self.detections)]
        rows += baselines.baselines(self.test.samples, self.target, probabilities)
        table = [
            {
                "name": name,
                "kind": kind,
                "boxes": sum(map(len, boxes.values())),
                "scores": scoring.score_detections(self.steps, boxes, self.truth, IOU_THRESHOLDS, counts),
            }
            for name, kind, boxes in tracked(rows, "scores", len(rows))
        ]
        curves = self.steps.metrics.evaluate(self.detections, self.truth, IOU_THRESHOLDS)
        kinds = [failure.kind for failure in self.failures]
        write_json(
            path,
            {
                "table": table,
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

    def about(self) -> dict[str, Any]:
        """Everything of `results.json` that is known before the first stage: what ran, on what, with which versions."""
        network = self.classifier
        settings = self.settings
        course = settings.course
        return {
            "schema": SCHEMA,
            "run": {
                "data": settings.data_name,
                "data_root": str(self.test.root),
                "target": self.target,
                "classifier": network.name,
                "architecture": type(network.network).__name__,
                "weights": network.metadata.get("weights", ""),
                "layer": network.layer,
                "output": network.activation,
                "input_size": network.preprocessing.size,
                "seed": settings.seed,
                "limit": settings.limit,
                "precision": settings.precision,
                "parameters": {
                    "min_area": MIN_AREA,
                    "iou_thresholds": IOU_THRESHOLDS,
                    "ties": "group",
                    "method": "area",
                    "nms": inspect.signature(self.steps.boxes.detect).parameters["max_overlap"].default,
                    "bootstrap": scoring.DRAWS,
                },
            },
            "provenance": {
                "gradcam_lab": __version__,
                "python": platform.python_version(),
                **{name: version(name) for name in ("torch", "torchvision", "numpy")},
                "opencv": version("opencv-python-headless"),
                "platform": platform.platform(),
                "data_sha256": self.data_hash,
                "weights_sha256": network.sha256,
                "code_sha256": self.steps.sha256,
                "command": self.command,
            },
            "implementation": self.steps.implementation,
            "course": {c.step: c.as_json() for c in course.steps} if course else None,
            "answers": {
                task: {"question": q, "answer": a} for task, (q, a) in (course.answers if course else {}).items()
            },
            "data": {
                "splits": {split.name: self._counts(split) for split in (self.val, self.test)},
                "skipped": [*self.val.skipped, *self.test.skipped],
            },
        }

    @property
    def command(self) -> str:
        """The command line that gives this run again."""
        settings, default = self.settings, Settings()
        words = ["gradcam-lab", "run-all"]
        for name in (
            "data",
            "data_root",
            "checkpoint",
            "classifier",
            "weights",
            "target",
            "limit",
            "seed",
            "precision",
        ):
            if (value := getattr(settings, name)) != getattr(default, name):
                words += [f"--{name.replace('_', '-')}", str(value)]
        if settings.course and settings.course.impl != Course({}).impl:
            words += ["--impl", settings.course.impl]
        return shlex.join([*words, *(["--skip-bad"] if settings.skip_bad else [])])  # a path may hold spaces

    def _counts(self, split: Split) -> dict[str, int]:
        objects = [o for sample in split.samples for o in sample.objects if o.name == self.target]
        return {
            "images": len(split.samples),
            "images_with_target": sum(bool(sample.boxes(self.target)) for sample in split.samples),
            "objects": len(objects),
            "difficult": sum(o.difficult for o in objects),
        }

    @property
    def texts(self) -> dict[str, str]:
        """What the report needs of the course's code, in files relative to the output folder."""
        texts = self.settings.course.texts if self.settings.course else {}
        return {f"code/{name}": text for name, text in texts.items()}

    def write_results(self, path: Path) -> Sequence[Path]:
        """All numbers of the run in one file, and the code that the report shows beside it."""
        read = {
            name: read_json(self.stages.folder / f"{name}.json")
            for name in ("classification", "comparison", "threshold", "scores")
        }
        classifier = {"recipe": self.classifier.metadata.get("recipe"), **read["classification"]}
        every = read_json(self.stages.folder / "classes.json") if self.everything else None
        write_json(
            path,
            {
                **self.about(),
                "classifier": classifier,
                **read["comparison"],
                "threshold": read["threshold"],
                "iou_thresholds": IOU_THRESHOLDS,
                **read["scores"],
                "all_classes": every,
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
            steps=self.steps,
            samples=self.test.samples,
            heatmaps=self.heatmaps.of("test"),
            detections=self.detections,
            failures=self.failures,
            target=self.target,
            threshold=self.threshold,
            seed=self.settings.seed,
        )
        return drawn.draw(path.parent, read_json(self.stages.folder / "results.json"))


def _load(settings: Settings) -> Classifier:
    if settings.checkpoint:
        return zoo.load_file(settings.checkpoint)
    return zoo.load(settings.classifier, settings.weights)


def package_hash(package: str) -> str:
    """Return one hash of every file of a package, code and data alike."""
    root = Path(str(resources.files(package)))
    files = sorted(path for path in root.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return digest({path.relative_to(root).as_posix(): file_sha256(path) for path in files})
