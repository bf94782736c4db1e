"""Networks in files: of `gradcam-lab train`, of the EFEO exercise, and state dicts of an architecture that is known."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from gradcam_lab.console import warn
from gradcam_lab.data.layouts.imagenette import imagenette_classes
from gradcam_lab.errors import LabError
from gradcam_lab.models import imagenet
from gradcam_lab.models.classifier import Activation, Classifier, Preprocessing
from gradcam_lab.models.networks.architectures import TORCHVISION, blank
from gradcam_lab.models.sources.draft import Draft
from gradcam_lab.models.weights import bare_state_dict, efeo_checkpoint, model_file
from gradcam_lab.models.weights.bare_state_dict import SavedNetwork
from gradcam_lab.models.weights.missing_file import missing_file
from gradcam_lab.models.weights.state_dict import load_weights

IMAGENETTE_SIZE = 160
"""Height and width in pixels of the input of a network of Imagenette, as its exercise trains it."""

Labels = tuple[str, tuple[str, ...], Activation]
"""A data set's name, its classes, and `sigmoid` where they may occur together."""

LabelsOf = Callable[[], Labels]
"""Returns the labels of the data set that the user names; called for a state dict only, which names no classes."""


class Held(NamedTuple):
    """What a file of weights holds, found out once, for large files take long to read.

    Attributes:
        name: of its network.
        kind: a file of `gradcam-lab train`, one with the network of the EFEO exercise, or another state dict.
        model: what a file of `gradcam-lab train` holds.
        saved: what another state dict holds.
    """

    name: str
    kind: Literal["ours", "efeo", "bare"]
    model: Classifier | None = None
    saved: SavedNetwork | None = None


def look_into(path: Path, option: str) -> Held:
    """Find out what a file of weights holds.

    Raises:
        LabError: as `load_file`.
    """
    if not path.is_file():
        raise missing_file(path, option)
    if model_file.is_model_file(path):
        model = model_file.load(path)
        return Held(model.name, "ours", model)
    saved = bare_state_dict.read(path) if not efeo_checkpoint.is_checkpoint(path) else None
    arch = saved.arch if saved else efeo_checkpoint.ARCH
    return Held(model_file.ZOO_NAMES.get(arch, arch), "bare" if saved else "efeo", saved=saved)


def read_draft(
    path: Path, held: Held, labels: LabelsOf | None = None, size: int | None = None, named: bool = False
) -> Draft:
    """Return the network in a file.

    Args:
        path: the file.
        held: what it holds.
        labels: those of the data set that the user names.
        size: height and width of the input in pixels, as the user says them.
        named: whether the user names the classes.

    Raises:
        LabError: the data set has other classes.
    """
    if held.model:
        return draft_of(held.model)
    if held.kind == "efeo" and not named and not _other_classes(labels):
        return draft_of(efeo_checkpoint.load(path))
    saved = held.saved or bare_state_dict.read(path)
    return _of_state_dict(path, saved, labels() if labels else None, size, named)


def draft_of(classifier: Classifier) -> Draft:
    """Return the draft of a network that describes itself."""
    return Draft(
        *(classifier.name, classifier.network, classifier.preprocessing),
        outputs=len(classifier.output_names),
        classes=classifier.output_names,
        activation=classifier.activation,
        layer=classifier.layer,
        metadata=classifier.metadata,
    )


def _other_classes(labels: LabelsOf | None) -> bool:
    """Say whether the data that the user names have classes that the EFEO exercise's network lacks."""
    try:
        return labels is not None and not set(labels()[1]) <= set(efeo_checkpoint.CLASSES)
    except LabError:
        return False  # whatever is wrong with the data is said when they are read


def _of_state_dict(path: Path, saved: SavedNetwork, labels: Labels | None, size: int | None, named: bool) -> Draft:
    """Return a network that was saved without a description.

    Its classes are those that the user names by --classes (`named`), or those of the user's data set, if any.
    """
    saved.say_if_one_of_several(path)
    network = blank(saved.arch, saved.outputs, saved.options)
    load_weights(network, saved.state)
    name = model_file.ZOO_NAMES.get(saved.arch, saved.arch)
    classes: tuple[str, ...] | None = None
    data = ""
    activation: Activation = "softmax"
    if labels:
        data, classes, activation = labels
        if len(classes) != saved.outputs:
            raise LabError(
                f"'{path}' has {saved.outputs} outputs and '{data}' {len(classes)} classes ({first_of(classes)}): name "
                "the data that it was trained on by --data."
            )
    elif saved.outputs == len(imagenet.class_names()) and saved.arch in TORCHVISION:
        classes = imagenet.class_names()
    elif saved.outputs == len(imagenette_classes()) and not named:
        data, classes = "imagenette", imagenette_classes()
    size = size or (IMAGENETTE_SIZE if classes == imagenette_classes() else Preprocessing.size)
    metadata: dict[str, Any] = {"weights": path.name, "recipe": {}, "scores": {}}
    if data and not labels:
        metadata["recipe"] = {"data": data}
        warn(
            f"'{path}' does not name its {saved.outputs} classes: they are taken for those of {data} "
            f"({first_of(imagenette_classes())}), and its input is taken for {size} x {size} pixels; --classes, "
            "--data and --size say otherwise."
        )
    if classes == imagenet.class_names():
        metadata = {"weights": path.name}
    layer = bare_state_dict.ARCHITECTURES[saved.arch].layer
    return Draft(*(name, network, Preprocessing(size), saved.outputs, classes, activation, layer), metadata=metadata)


def first_of(names: Sequence[str]) -> str:
    """List the first three names."""
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
