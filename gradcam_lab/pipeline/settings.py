"""What the user may choose of a run, and the command line that says so."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from gradcam_lab.data.layouts.reading import Reading
from gradcam_lab.data.registry import DATA_SET_NAMES, TOYVOC
from gradcam_lab.localise.experiment import Align, Ap, Precision
from gradcam_lab.localise.threshold import require_fraction
from gradcam_lab.models.model_choice import ModelChoice
from gradcam_lab.pipeline.students_work import StudentsWork
from gradcam_lab.pipeline.supervise import STALL

VALUES = (
    *("data", "data_root", "target", "limit", "method", "ap", "threshold", "max_detections", "align", "seed"),
    "precision",
)
FLAGS = ("quick", "skip_bad")


@dataclass(frozen=True)
class Settings:
    """What the user may choose.

    Attributes:
        data: a data set's name, such as "toyvoc" or "voc2007", or a folder, as `open_data` takes it.
        model: which network.
        target: the class to find, or "all".
        limit: only the first so many images of each split.
        out: the output folder; None for `report/<data>`.
        seed: of the bootstrap and of the random images.
        precision: "float32" or "bf16".
        skip_bad: go on without bad images.
        data_root: where the named data set lies already; None to fetch it.
        course: whose code runs, and what the report may show; None for the reference, all of it.
        stall: seconds without progress after which a student's code is ended.
        method: how boxes are found, a name of `localise.methods.METHODS`; None for the one that val likes best.
        ap: how average precision is taken, "area" or "11point".
        threshold: the fraction of the map's maximum at which every map is cut; None for the one that val chooses.
        max_detections: the most boxes of an image, the surest ones; None for all.
        reading: how the data are read, where they do not say so themselves.
        align: whether a shift of the maps that mirrors show is taken out, "auto" or "off".
        quick: plain Grad-CAM unless told otherwise, and no comparison of methods, no throughput, no steps 5 and 6.
    """

    data: str = TOYVOC
    model: ModelChoice = ModelChoice()  # noqa: RUF009  # it is frozen
    target: str = "dog"
    limit: int | None = None
    out: Path | None = None
    seed: int = 0
    precision: Precision = "float32"
    skip_bad: bool = False
    data_root: Path | None = None
    course: StudentsWork | None = None
    stall: float = STALL
    method: str | None = None
    ap: Ap = "area"
    threshold: float | None = None
    max_detections: int | None = None
    quick: bool = False
    reading: Reading = Reading()  # noqa: RUF009  # it is frozen
    align: Align = "auto"

    def __post_init__(self) -> None:
        """Refuse a threshold that is none.

        Raises:
            LabError: it is no number above 0 and up to 1.
        """
        require_fraction(self.threshold, "the one that val chooses")

    @property
    def students(self) -> dict[str, Path]:
        """The steps in which a student's code runs, with their files."""
        return {step: code.file for step, code in self.course.students.items()} if self.course else {}

    @property
    def texts(self) -> dict[str, str]:
        """What the report needs of the course's code, in files relative to the output folder."""
        return {f"code/{name}": text for name, text in self.course.texts.items()} if self.course else {}

    @property
    def folder(self) -> Path:
        """The output folder."""
        return self.out or Path("report") / self.data_name

    @property
    def data_name(self) -> str:
        """The data set's name without its path."""
        if self.data in DATA_SET_NAMES:
            return self.data
        path, annotations = Path(self.data).resolve(), self.reading.annotations
        beside = annotations and path.parent == annotations.resolve().parent and path.parent.name
        return beside or path.stem if path.is_file() or beside else path.name

    @property
    def command(self) -> str:
        """The command line that gives this run again."""
        default = Settings()
        words = ["gradcam-lab", "run-all"]
        for name in VALUES:
            if (value := getattr(self, name)) != getattr(default, name):
                words += [f"--{name.replace('_', '-')}", str(value)]
            if name == "data_root":
                words += [*self.reading.words(), *self.model.words()]
        if self.course and self.course.impl != StudentsWork.impl:
            words += ["--impl", self.course.impl]
        words += [f"--{name.replace('_', '-')}" for name in FLAGS if getattr(self, name)]
        return shlex.join(words)  # a path may hold spaces
