"""Classifiers by name: the embedded one, and torchvision's with ImageNet weights and the class names of VOC."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from gradcam_lab.console import warn
from gradcam_lab.data.layouts.imagenette import imagenette_classes
from gradcam_lab.data.registry import TOYVOC
from gradcam_lab.data.toyvoc import is_drawn
from gradcam_lab.errors import LabError
from gradcam_lab.models import imagenet
from gradcam_lab.models.classifier import Activation, Classifier, Preprocessing, weights_hash
from gradcam_lab.models.networks.architectures import TORCHVISION, blank
from gradcam_lab.models.weights import bare_state_dict, efeo_checkpoint, model_file
from gradcam_lab.models.weights.bare_state_dict import SavedNetwork
from gradcam_lab.models.weights.missing_file import missing_file
from gradcam_lab.models.weights.state_dict import load_weights
from gradcam_lab.vision import torchvision

LAYERS = {name: architecture.layer for name, architecture in TORCHVISION.items()}
"""torchvision's architectures, each with the module whose output is the last feature map."""

CLASSIFIERS = ("embedded", *LAYERS)
"""Every name that `load` knows."""

IMAGENETTE_SIZE = 160
"""Height and width in pixels of the input of a network of Imagenette, as its exercise trains it."""

EMBEDDED_FILE = Path(__file__).parent / "weights" / "toyvoc.safetensors"
"""The weights of ToyNet that come with the package."""


def load(name: str = "embedded", weights: str | None = None) -> Classifier:
    """Return a classifier with its weights.

    Args:
        name: one of `CLASSIFIERS`.
        weights: `imagenet` for torchvision's download, or a file that `load_file` reads. None is for `embedded` only,
            whose weights come with the package.

    Raises:
        LabError: there is no such name, no weights were given where they are needed, or they cannot be loaded.
    """
    if name not in CLASSIFIERS:
        raise LabError(f"There is no classifier '{name}': choose one of {', '.join(CLASSIFIERS)}.")
    if name == "embedded":
        if weights == "imagenet":
            raise LabError("The embedded classifier has no ImageNet weights: leave --weights out, or choose another.")
        if not weights and not EMBEDDED_FILE.is_file():
            raise LabError(
                f"The embedded classifier '{EMBEDDED_FILE}' is missing: install gradcam-lab again, or give --weights "
                "FILE."
            )
        return _load_given(Path(weights)) if weights else model_file.load(EMBEDDED_FILE)
    if not weights:
        raise LabError(
            f"'{name}' needs weights, because with random ones it can locate nothing: give --weights imagenet or "
            "--weights FILE."
        )
    if weights == "imagenet":
        return _imagenet_classifier(name, imagenet_state(name), weights)
    holds = _holds(Path(weights))
    if holds != name:
        raise LabError(f"'{weights}' holds '{holds}' and not '{name}': give --classifier {holds}.")
    return load_file(Path(weights), option="--weights")


def _load_given(file: Path) -> Classifier:
    """Read a file that was given without the name of its network: one of `gradcam-lab train` says it itself."""
    if not file.is_file():
        raise missing_file(file, "--weights")
    if not model_file.is_model_file(file) and (holds := _holds(file)) not in ("embedded", "cam_net"):
        raise LabError(f"'{file}' holds '{holds}': give --classifier {holds}.")
    return load_file(file, option="--weights")


def _holds(file: Path) -> str:
    """Return the zoo's name of the network in a file.

    Raises:
        LabError: as `load_file`.
    """
    if not file.is_file():
        raise missing_file(file, "--weights")
    if model_file.is_model_file(file):
        arch = model_file.read(file)[0].arch
    else:
        arch = efeo_checkpoint.ARCH if efeo_checkpoint.is_checkpoint(file) else bare_state_dict.read(file).arch
    return model_file.ZOO_NAMES.get(arch, arch)


Labels = tuple[str, tuple[str, ...], Activation]
"""A data set's name, its classes, and `sigmoid` where they may occur together."""


def load_file(
    path: Path, labels: Callable[[], Labels] | None = None, size: int | None = None, option: str = "--model"
) -> Classifier:
    """Return the classifier in a file.

    Args:
        path: a file that `gradcam-lab train` has made, the VOC checkpoint of the EFEO exercise, or a state dict.
        labels: returns those of the data set that the user names; called for a state dict only, which names no classes.
            Without it 1000 outputs are ImageNet's, 10 are Imagenette's, and others are numbered; the 20 of a ResNet-50
            are those of the EFEO exercise, also for data whose classes are among them.
        size: height and width in pixels of the input of a state dict, which does not say it; 160 for Imagenette's
            classes and 224 for others by default.
        option: by which the user named the file.

    Raises:
        LabError: the file is missing, damaged, or of no kind that is known; or the data set has other classes.
    """
    if not path.is_file():
        raise missing_file(path, option)
    ours = model_file.is_model_file(path)
    if ours or (efeo_checkpoint.is_checkpoint(path) and not _other_classes(labels)):
        model = model_file.load(path) if ours else efeo_checkpoint.load(path)
        if size not in (None, model.preprocessing.size):
            raise LabError(
                f"'{path}' says itself that its input has {model.preprocessing.size} pixels: omit --img-size."
            )
        return model
    return _named(path, bare_state_dict.read(path), labels() if labels else None, size)


def _other_classes(labels: Callable[[], Labels] | None) -> bool:
    """Say whether the data that the user names have classes that the EFEO exercise's network lacks."""
    try:
        return labels is not None and not set(labels()[1]) <= set(efeo_checkpoint.CLASSES)
    except LabError:
        return False  # whatever is wrong with the data is said when they are read


def _named(path: Path, saved: SavedNetwork, labels: Labels | None, size: int | None) -> Classifier:
    """Give a network that was saved without a description the classes of its data set."""
    imagenette = imagenette_classes()
    saved.say_if_one_of_several(path)
    if labels:
        data, classes, activation = labels
        if len(classes) != saved.outputs:
            raise LabError(
                f"'{path}' has {saved.outputs} outputs and '{data}' {len(classes)} classes ({_some(classes)}): name "
                "the data that it was trained on by --data."
            )
    elif saved.outputs == len(imagenet.class_names()) and saved.arch in TORCHVISION:
        return _imagenet_classifier(saved.arch, saved.state, path.name)
    elif saved.outputs == len(imagenette):
        data, classes, activation = "imagenette", imagenette, "softmax"
    else:
        data, classes, activation = "", tuple(f"class {i}" for i in range(saved.outputs)), "softmax"
    size = size or (IMAGENETTE_SIZE if classes == imagenette else Preprocessing.size)
    if not labels:
        whose = f"they are taken for those of {data} ({_some(classes)})" if data else "so they are numbered"
        warn(
            f"'{path}' does not name its {saved.outputs} classes: {whose}, and its input is taken for {size} x {size} "
            "pixels; --data and --img-size say otherwise."
        )
    model = saved.classifier(classes, activation, size=size, file=path.name)
    if data and not labels:
        model.metadata["recipe"] = {"data": data}
    return model


def warn_of_photos(
    classifier: Classifier, image: Path, instead: str = "--classifier mobilenet_v2 --weights imagenet"
) -> None:
    """Say that a network of ToyVOC, such as the embedded one, knows drawings only, where an image is none of them.

    Args:
        classifier: its file says on which data it was trained.
        image: the file that it is used on.
        instead: what the user can give for a network that knows photos.
    """
    recipe = classifier.metadata.get("recipe") or {}
    if recipe.get("data") == TOYVOC and not is_drawn(image):
        warn(
            f"This network has seen ToyVOC's drawings only, so what it says of a photo means nothing: give another by "
            f"{instead}, or show it one of those drawings."
        )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def _imagenet_classifier(name: str, state: Mapping[str, Tensor], weights: str) -> Classifier:
    network = blank(name, len(imagenet.class_names()))
    load_weights(network, state)
    return Classifier(
        name=name,
        network=network,
        output_names=imagenet.class_names(),
        groups=imagenet.VOC_GROUPS,
        activation="softmax",
        layer=LAYERS[name],
        preprocessing=Preprocessing(),
        sha256=weights_hash(network),
        metadata={"weights": "imagenet" if weights == "imagenet" else Path(weights).name},
    )


def imagenet_state(name: str) -> Mapping[str, Tensor]:
    """Fetch torchvision's weights of one of its architectures, or take them from its cache.

    These are the `IMAGENET1K_V1` weights, which every architecture of the zoo has and published Grad-CAM results use.

    Raises:
        LabError: they cannot be had, or do not fit.
    """
    weights = torchvision().models.get_model_weights(name).IMAGENET1K_V1
    file = Path(torch.hub.get_dir()) / "checkpoints" / weights.url.rsplit("/", 1)[-1]
    if not file.is_file():
        try:
            weights.get_state_dict(progress=True, check_hash=True, weights_only=True, map_location="cpu")
        except (OSError, RuntimeError) as error:  # no network, or what came has the wrong hash
            raise LabError(
                f"The ImageNet weights of {name} are not in '{file}' and could not be downloaded ({error}): go online, "
                "put that file there, or give a state dict by --weights FILE."
            ) from error
    saved = bare_state_dict.read(file)
    if (saved.arch, saved.outputs) != (name, len(imagenet.class_names())):
        raise LabError(
            f"'{file}' holds {saved.arch} with {saved.outputs} outputs, and not torchvision's {name}: delete it."
        )
    return saved.state
