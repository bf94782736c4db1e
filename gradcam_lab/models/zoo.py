"""Classifiers: the embedded one, torchvision's, timm's, the user's own, and those in files, by one name each."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from difflib import get_close_matches
from pathlib import Path

import torch
from torch import nn

from gradcam_lab.console import warn
from gradcam_lab.data.registry import TOYVOC
from gradcam_lab.data.toyvoc import is_drawn
from gradcam_lab.errors import LabError
from gradcam_lab.files import digest
from gradcam_lab.models import imagenet
from gradcam_lab.models.class_list import checked_classes, read_classes
from gradcam_lab.models.classifier import LAST_BLOCK, Activation, Classifier, Preprocessing, weights_hash
from gradcam_lab.models.device import find_device
from gradcam_lab.models.groups import with_groups
from gradcam_lab.models.layers.find_layer import find_layer
from gradcam_lab.models.layers.probe import put_probe
from gradcam_lab.models.model_choice import EMBEDDED, IMAGENET, Device, ModelChoice
from gradcam_lab.models.networks.architectures import TORCHVISION
from gradcam_lab.models.sources.draft import Draft
from gradcam_lab.models.sources.fitting_weights import fit_weights
from gradcam_lab.models.sources.logits import prepared, with_logits
from gradcam_lab.models.sources.network_file import LabelsOf, draft_of, first_of, look_into, read_draft
from gradcam_lab.models.sources.own_function import ITS_OWN, describe_module, is_function, load_function
from gradcam_lab.models.sources.timm_models import PREFIX, load_timm
from gradcam_lab.models.sources.torchvision_models import load_torchvision, torchvision_names
from gradcam_lab.models.weights import model_file

EMBEDDED_FILE = Path(__file__).parent / "weights" / "toyvoc.safetensors"
"""The weights of ToyNet that come with the package."""

LEAST_STD = 1e-6
"""The least standard deviation that is one: less would make every number of the input too large."""


def load_chosen(choice: ModelChoice, labels: LabelsOf | None = None) -> Classifier:
    """Return the classifier of a choice on the command line; see `load`."""
    said = {field.name: getattr(choice, field.name) for field in fields(choice)}
    return replace(load(**said, labels=labels), choice=choice)


def load(
    model: str | Path | nn.Module = EMBEDDED,
    weights: str | Path | None = None,
    *,
    classes: str | Sequence[str] | None = None,
    groups: Sequence[str] = (),
    activation: Activation | None = None,
    size: int | None = None,
    mean: str | Sequence[float] | None = None,
    std: str | Sequence[float] | None = None,
    layer: str | None = None,
    device: Device = "auto",
    batch: int | None = None,
    labels: LabelsOf | None = None,
) -> Classifier:
    """Return a classifier.

    Args:
        model: as in `ModelChoice`; or a network, of which a copy is taken.
        weights: as in `ModelChoice`.
        classes: the names of the outputs, or what `read_classes` takes.
        groups: see `with_groups`.
        activation: how logits become probabilities.
        size: height and width of the input in pixels.
        mean: of R, G, B between 0 and 1, as numbers or as a text with commas.
        std: likewise.
        layer: the layer whose output is explained, as in `named_modules()`.
        device: where the network runs.
        batch: images at once.
        labels: of the data set that the user names, see `LabelsOf`.

    Raises:
        LabError: there is no such model, or something of it cannot be had, read or used.
    """
    find_device(device)
    names = (
        read_classes(classes) if isinstance(classes, str) else checked_classes(classes, "classes") if classes else None
    )
    draft = _draft(model, str(weights) if weights else None, size, None if names else labels, bool(names))
    preprocessing = Preprocessing(
        size or draft.preprocessing.size,
        _colours("mean", mean) or draft.preprocessing.mean,
        _colours("std", std) or draft.preprocessing.std,
    )
    draft = replace(
        draft, preprocessing=preprocessing, classes=names or draft.classes, activation=activation or draft.activation
    )
    classifier = replace(_finished(draft, layer, bool(names)), device=device, batch=batch)
    return with_groups(classifier, groups) if groups else classifier


def load_file(path: Path, labels: LabelsOf | None = None, size: int | None = None) -> Classifier:
    """Return the classifier in a file, as `load` does of its name.

    Args:
        path: a file that `gradcam-lab train` has made, the VOC checkpoint of the EFEO exercise, or a state dict.
        labels: see `LabelsOf`. Without it 1000 outputs are ImageNet's, 10 are Imagenette's, and others are numbered;
            the 20 of a ResNet-50 are those of the EFEO exercise, also for data whose classes are among them.
        size: height and width of the input in pixels; for a state dict 160 for Imagenette's classes and 224 for others
            by default.

    Raises:
        LabError: the file is missing, damaged, or of no kind that is known; or the data set has other classes.
    """
    draft = read_draft(path, look_into(path, "--model"), labels, size)
    preprocessing = replace(draft.preprocessing, size=size or draft.preprocessing.size)
    return _finished(replace(draft, preprocessing=preprocessing), None, False)


# ------------------------------------------------------------------------------------------ from a name to a network


def _draft(
    model: str | Path | nn.Module, weights: str | None, size: int | None, labels: LabelsOf | None, named: bool
) -> Draft:
    if isinstance(model, nn.Module):
        return _of_module(_copied(model), type(model).__name__, weights)
    if not isinstance(model, str | Path):
        raise LabError(f"A network is given by its name, its file or itself, and not by an object of {type(model)}.")
    name = str(model)
    if name == EMBEDDED:
        return _embedded(weights)
    if is_function(name):
        if weights == IMAGENET:
            raise LabError(f"'{name}' is a function of yours, which has no weights of ImageNet: give --weights FILE.")
        return load_function(name, weights)
    if name.startswith(PREFIX):
        return load_timm(name.removeprefix(PREFIX), weights or IMAGENET, size)
    if name in torchvision_names():
        return _torchvision(name, weights or IMAGENET, size, labels, named)
    if not _may_be_file(name):
        raise LabError(f"There is no model '{name}': {_proposal(name)}")
    if weights:
        raise LabError(f"The file '{name}' brings its own weights: leave --weights out, or give --model its name.")
    return read_draft(Path(name), look_into(Path(name), "--model"), labels, size, named)


def _copied(network: nn.Module) -> nn.Module:
    try:
        return copy.deepcopy(network)
    except Exception as error:  # scripts, tensors inside of a graph, and __deepcopy__ of the user's own
        raise LabError(
            f"The network '{type(network).__name__}' cannot be copied, which keeps yours as it is "
            f"({type(error).__name__}): give FILE.py:FUNCTION, a function that builds it."
        ) from error


def _of_module(network: nn.Module, name: str, weights: str | None) -> Draft:
    if weights == IMAGENET:
        raise LabError(f"'{name}' is a network of yours, which has no weights of ImageNet: leave them out.")
    if weights:
        network = fit_weights(Path(weights), f"'{name}'", network)
    return describe_module(network, name, Path(weights).name if weights else "")


def _may_be_file(name: str) -> bool:
    path = Path(name)
    try:
        there = bool(name.strip()) and path.exists()
    except (OSError, ValueError):  # no file has a name as long as that
        return False
    return there or len(path.parts) > 1 or path.suffix in (".safetensors", ".pt", ".pth", ".tar", ".ckpt")


def _proposal(name: str) -> str:
    near = get_close_matches(name, (EMBEDDED, *torchvision_names()), n=3, cutoff=0.5)
    kinds = "a model of torchvision such as resnet50, timm:NAME, FILE.py:FUNCTION or a file of a network"
    return f"did you mean {' or '.join(near)}?" if near else f"give {EMBEDDED}, {kinds}."


def _embedded(weights: str | None) -> Draft:
    if weights == IMAGENET:
        raise LabError("The embedded network has no ImageNet weights: leave --weights out, or choose another --model.")
    if not weights and not EMBEDDED_FILE.is_file():
        raise LabError(
            f"The embedded network '{EMBEDDED_FILE}' is missing: install gradcam-lab again, or give another --model."
        )
    if not weights:
        return draft_of(model_file.load(EMBEDDED_FILE))
    held = look_into(Path(weights), "--weights")
    if held.kind != "ours" and held.name not in (EMBEDDED, "cam_net"):
        raise LabError(f"'{weights}' holds '{held.name}': give --model {held.name}.")
    return read_draft(Path(weights), held)


def _torchvision(name: str, weights: str, size: int | None, labels: LabelsOf | None, named: bool) -> Draft:
    if weights == IMAGENET or (name not in TORCHVISION and not model_file.is_model_file(Path(weights))):
        return load_torchvision(name, weights, size)
    held = look_into(Path(weights), "--weights")
    if held.name != name:
        instead = weights if held.kind == "ours" else held.name
        raise LabError(f"'{weights}' holds '{held.name}' and not '{name}': give --model {instead}.")
    return read_draft(Path(weights), held, labels, size, named)


# -------------------------------------------------------------------------------------- from a network to a classifier


def _finished(draft: Draft, layer: str | None, named: bool) -> Classifier:
    """Choose the layer, and name the outputs."""
    network, outputs, size = prepared(draft.network, draft.name), draft.outputs, draft.preprocessing.size
    weights = weights_hash(network)
    if outputs is None:
        network, outputs = with_logits(network, size, draft.name)
        layer = f"network.{layer}" if layer and network is not draft.network else layer
    classes = _classes(draft, outputs, named)
    if draft.layer and not layer:
        place, reason = draft.layer, LAST_BLOCK
    else:
        found = find_layer(network, size, layer)
        place, reason = put_probe(network, found), "the layer that you asked for" if layer else found.why
    if classes == imagenet.class_names():
        groups: Mapping[str, tuple[int, ...]] = imagenet.VOC_GROUPS
    else:
        groups = {name: (index,) for index, name in enumerate(classes)}
    return Classifier(
        name=draft.name,
        network=network,
        output_names=classes,
        groups=groups,
        activation=draft.activation or ("sigmoid" if outputs == 1 else "softmax"),
        layer=place,
        preprocessing=draft.preprocessing,
        sha256=digest(weights, draft.code_sha256) if draft.code_sha256 else weights,
        metadata=dict(draft.metadata),
        layer_reason=reason,
    )


def _classes(draft: Draft, outputs: int, named: bool) -> tuple[str, ...]:
    """Return the names of the outputs, numbers where nobody names them.

    Raises:
        LabError: there are more or fewer names than outputs.
    """
    classes = draft.classes
    if classes is not None and len(classes) != outputs:
        whose = "--classes names" if named else f"'{draft.name}' names"
        raise LabError(
            f"'{draft.name}' has {outputs} outputs, and {whose} {len(classes)} classes ({first_of(classes)}): give one "
            "name an output."
        )
    if classes is not None:
        return classes
    if outputs == len(imagenet.class_names()) and draft.name != "cam_net":
        return imagenet.class_names()
    weights = draft.metadata.get("weights", IMAGENET)
    whose = draft.name if weights in (IMAGENET, ITS_OWN) else weights
    warn(f"'{whose}' does not name its {outputs} classes, so they are numbered: --classes names them.")
    return tuple(f"class {index}" for index in range(outputs))


def _colours(name: str, value: str | Sequence[float] | None) -> tuple[float, ...] | None:
    if value is None:
        return None
    try:
        numbers = tuple(map(float, value.split(",") if isinstance(value, str) else value))
    except ValueError:
        numbers = ()
    if len(numbers) != 3 or not torch.tensor(numbers).isfinite().all() or (name == "std" and min(numbers) < LEAST_STD):
        above = " above 0" if name == "std" else ""
        raise LabError(f"--{name} {value} should be three numbers{above}, of R, G and B, such as 0.5,0.5,0.5.")
    return numbers


def warn_of_photos(classifier: Classifier, image: Path, instead: str = "--model resnet50") -> None:
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
