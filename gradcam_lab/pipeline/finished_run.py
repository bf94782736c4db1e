"""A finished run, read again from its folder: what `sweep` and `show` need of it."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from gradcam_lab.data.layouts.reading import Reading
from gradcam_lab.data.layouts.split import Split
from gradcam_lab.data.registry import TOYVOC, BoxData, open_data
from gradcam_lab.data.sample import Sample
from gradcam_lab.errors import LabError
from gradcam_lab.evaluate.alignment.mirror import NO_SHIFT, Shift, shift_of_run
from gradcam_lab.files import sha256
from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.localise.detector import Detector
from gradcam_lab.localise.map_recipe import GRADCAM
from gradcam_lab.localise.maps import Maps, read_maps
from gradcam_lab.localise.methods import METHODS, Method
from gradcam_lab.report.results import read_results


class FinishedRun:
    """A folder that `run-all` has filled.

    Args:
        folder: where it lies.

    Raises:
        LabError: there is no finished run in it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.results = read_results(folder)

    def value(self, *keys: str) -> Any:
        """Return what `results.json` says under these keys, one inside the other.

        Raises:
            LabError: it says nothing.
        """
        found: Any = self.results
        for key in keys:
            if not isinstance(found, dict) or key not in found:
                raise LabError(f"'{self.folder / 'results.json'}' lacks '{'.'.join(keys)}': make the run again.")
            found = found[key]
        return found

    def file(self, name: str) -> Path:
        """Return one of the run's files.

        Raises:
            LabError: it is not there, or of another run, such as one that was interrupted in this folder.
        """
        path = self.folder / name
        if not path.is_file():
            raise LabError(f"There is no '{name}' in '{self.folder}': run-all writes it, start that again.")
        told = self.results.get("artifacts", {})  # older runs did not say
        if name in told and sha256(path) != told[name]:
            raise LabError(f"'{path}' is not of the run that 'results.json' beside it tells of: start run-all again.")
        return path

    @property
    def method(self) -> Method:
        """How the run found its boxes.

        Raises:
            LabError: this version of the lab does not know the method.
        """
        name = self.results["run"].get("method", {}).get("name", GRADCAM)  # runs of older versions knew only one
        if name not in METHODS:
            raise LabError(f"The run in '{self.folder}' used the method '{name}', which this lab lacks: run it again.")
        return METHODS[name]

    @property
    def box_shift(self) -> Shift:
        """What was taken out of the maps before boxes were found in them; as val decided."""
        alignment = self.results.get("alignment")  # younger than the rest
        boxes = alignment["boxes"] if alignment else None
        if not (boxes and boxes["moved"]):
            return NO_SHIFT
        return shift_of_run(alignment, method=self.method is not METHODS[GRADCAM])

    def detector(self, lessons: Lessons) -> Detector:
        """Return what finds boxes in the maps of this run as it did, by these lessons."""
        return Detector(lessons, self.method, self.value("run", "parameters", "min_area"), self.max_detections)

    def require_cut(self) -> None:
        """Check that the run's method cuts its maps at a threshold, of which there can be another.

        Raises:
            LabError: it does not.
        """
        if not self.method.cut:
            raise LabError(
                f"The run in '{self.folder}' used the method '{self.method.title}', which cuts no map at a threshold "
                "of yours: give a run of another --method."
            )

    @property
    def max_detections(self) -> int | None:
        """The most boxes of an image; None for all, as in runs of older versions."""
        return self.value("run", "parameters").get("max_detections")

    def maps(self, split: str) -> Maps:
        """Return the maps of one split, those in which the run found its boxes.

        Raises:
            LabError: they are missing or damaged, or there is none.
        """
        own = "heatmaps.npz" if self.method is METHODS[GRADCAM] else "maps.npz"
        path = self.file(own if self.box_shift == NO_SHIFT else "aligned.npz")
        try:
            maps = read_maps(path).of(split)
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise LabError(f"'{path}' is damaged ({error}): remove it and start run-all again.") from error
        if not len(maps.ids):
            raise LabError(f"The run in '{self.folder}' has no heatmaps of '{split}': choose val or test.")
        return maps

    def samples(self, maps: Maps) -> Sequence[Sample]:
        """Return the images of some maps, in their order, from the data folder of the run.

        Raises:
            LabError: the folder has gone, or no longer holds the same images.
        """
        (split,) = set(maps.splits.tolist())
        data = self.data(split)
        by_id = {sample.id: sample for sample in self.read(data, split, maps.classes.tolist(), skip_bad=True).samples}
        for name, size in zip(maps.ids.tolist(), maps.sizes.tolist(), strict=True):
            if name not in by_id or list(by_id[name].size) != size:
                raise LabError(
                    f"The image '{name}' of '{data.root}' is not what it was in this run: make the run again."
                )
        return [by_id[name] for name in maps.ids.tolist()]

    def read(self, data: BoxData, split: str, known: Sequence[str], *, skip_bad: bool | None = None) -> Split:
        """Read a split as the run read its own: as many images, and bad ones skipped where it was asked to.

        Raises:
            LabError: the split is missing, or an image is bad.
        """
        asked = "--skip-bad" in shlex.split(self.value("provenance", "command"))
        skip = asked if skip_bad is None else skip_bad
        return data.read(split, known=known, limit=self.value("run", "limit"), skip_bad=skip)

    def data(self, split: str) -> BoxData:
        """Return the data of the run, of which a split is wanted.

        Raises:
            LabError: its folder has gone, or is another.
        """
        root, name = Path(self.value("run", "data_root")), self.value("run", "data")
        if not root.exists() and name != TOYVOC:
            raise LabError(
                f"The data of this run is no longer in '{root}', and the images and objects of '{split}' are nowhere "
                "else: bring the folder back."
            )
        reading = Reading.of_command(self.value("provenance", "command"))
        data = open_data(str(root) if root.exists() else TOYVOC, reading=reading)
        if not isinstance(data, BoxData):
            raise LabError(f"'{root}' holds no boxes any more: bring the data of this run back.")
        return data
