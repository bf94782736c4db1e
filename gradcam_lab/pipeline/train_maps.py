"""The maps of train, which no run makes: made afterwards by the run's own network, method and settings, and kept.

They lie beside the run's artifacts, which stay as they are, with a record of what went in: other inputs, other maps.
"""

from contextlib import suppress
from typing import Any
from zipfile import BadZipFile

from gradcam_lab.console import warn
from gradcam_lab.data.registry import DATA_SET_NAMES
from gradcam_lab.errors import LabError
from gradcam_lab.evaluate.alignment.mirror import aligned_maps
from gradcam_lab.files import digest, read_json, require_writable, sha256, write_json
from gradcam_lab.lesson_modules import STEP_NAMES, Lessons
from gradcam_lab.localise.experiment import Experiment
from gradcam_lab.localise.explainer import place
from gradcam_lab.localise.make_maps import make_maps
from gradcam_lab.localise.maps import Maps, read_maps, write_maps
from gradcam_lab.models import zoo
from gradcam_lab.models.classifier import Classifier
from gradcam_lab.models.model_choice import ModelChoice
from gradcam_lab.pipeline.finished_run import FinishedRun

TRAIN = "train"
ARTIFACT, RECORD = "heatmaps_train.npz", "heatmaps_train.json"


def maps_of(finished: FinishedRun, split: str, lessons: Lessons) -> Maps:
    """Return the maps of one split in which the run finds boxes; those of train are made where there are none.

    Raises:
        LabError: they are missing or damaged, or the run's network or data cannot be had again.
    """
    if split != TRAIN:
        return finished.maps(split)
    return aligned_maps(lessons.faithfulness, _of_train(finished, lessons), finished.box_shift)


def learned(finished: FinishedRun) -> bool:
    """Whether the run's network is known to have been trained on the images of train, whose maps are there."""
    recipe, name = finished.value("classifier").get("recipe") or {}, finished.value("run", "data")
    same_name = name in DATA_SET_NAMES and recipe.get("data") == name
    return same_name or recipe.get("data_sha256") == read_json(finished.folder / RECORD)["data_sha256"]


def _of_train(finished: FinishedRun, lessons: Lessons) -> Maps:
    data, (path, record) = finished.data(TRAIN), (finished.folder / name for name in (ARTIFACT, RECORD))
    train = finished.read(data, TRAIN, finished.maps("val").classes.tolist())
    data_sha256 = data.sha256(train)
    inputs = digest(
        {name: finished.value("run", name) for name in ("target", "layer", "input_size", "precision")},
        finished.value("provenance", "weights_sha256"),
        str(finished.method.recipe),
        data_sha256,
        [lessons.sha256[step] for step in STEP_NAMES[:5]],
    )
    with suppress(LabError, OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile):  # else they are made again
        told: Any = read_json(record)
        if told["inputs"] == inputs and told["sha256"] == sha256(path):
            return read_maps(path)
    classifier = network_of(finished)
    require_writable(finished.folder)
    warn(f"The run has no heatmaps of train: its network makes those of {len(train.samples)} images, and keeps them.")
    place(classifier)
    target, precision = finished.value("run", "target"), finished.value("run", "precision")
    experiment = Experiment(classifier, lessons, target, precision)
    recipes = {"train": finished.method.recipe}
    maps = make_maps(experiment, {TRAIN: train.samples}, recipes, artifact=path)[TRAIN]
    write_maps(path, maps)
    write_json(record, {"inputs": inputs, "sha256": sha256(path), "data_sha256": data_sha256})
    return maps


def network_of(finished: FinishedRun) -> Classifier:
    """Load the run's network again, from where its command took it.

    Raises:
        LabError: it is no longer there, or another one is.
    """
    command = finished.value("provenance", "command")
    gone = f"The network of the run in '{finished.folder}' cannot be had again"
    try:
        classifier = zoo.load_chosen(ModelChoice.of_command(command))
    except LabError as error:
        raise LabError(f"{gone}. {error} The run was started by: {command}") from error
    found = (classifier.sha256, classifier.layer_name, classifier.preprocessing.size)
    run = finished.value("run")
    if found != (finished.value("provenance", "weights_sha256"), run["layer"], run["input_size"]):
        raise LabError(
            f"{gone}: what '{command}' names is another network today, so give the run's own file back, or make the "
            "run again."
        )
    return classifier
