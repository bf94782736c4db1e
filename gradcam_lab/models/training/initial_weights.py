"""The network that a training begins with: with random weights, or with those of `--weights`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gradcam_lab.errors import LabError
from gradcam_lab.models.networks.architectures import TORCHVISION, blank, build
from gradcam_lab.models.sources.torchvision_models import imagenet_state
from gradcam_lab.models.training.settings import TrainingSettings
from gradcam_lab.models.weights import bare_state_dict, efeo_checkpoint, model_file
from gradcam_lab.models.weights.state_dict import mismatch


def architecture_options(settings: TrainingSettings) -> dict[str, Any]:
    """Return the options that the architecture is built with, beside the number of classes.

    Raises:
        LabError: the network in the weights' file has another architecture or other options.
    """
    asked = {} if settings.residual is None or settings.arch != "cam_net" else {"residual": settings.residual}
    if not settings.weights or not model_file.is_model_file(Path(settings.weights)):
        return asked
    description = model_file.read(Path(settings.weights))[0]
    if description.arch != settings.arch:
        found = description.arch
        raise LabError(f"'{settings.weights}' holds '{found}' and not '{settings.arch}': give --arch {found}.")
    built = dict(description.options)
    if asked and built.get("residual", False) != settings.residual:
        raise LabError(f"'{settings.weights}' holds a network whose 'residual' is {built.get('residual', False)}.")
    return built


def initial_network(settings: TrainingSettings, classes: Sequence[str]) -> nn.Module:
    """Build the network of a training; random weights depend on the seed only.

    Weights for the same classes are taken over entirely, weights for other classes but for the output layer.

    Raises:
        LabError: the weights cannot be had or do not fit.
    """
    torch.manual_seed(settings.seed)
    options = architecture_options(settings)
    network = build(settings.arch, len(classes), options)
    if settings.weights:
        given = _given_weights(settings.arch, settings.weights, options, tuple(classes))
        network.load_state_dict(given, strict=False)  # they fit but for outputs that were left out
    return network


def _given_weights(arch: str, weights: str, options: Mapping[str, Any], classes: tuple[str, ...]) -> dict[str, Tensor]:
    """Return the weights that can be taken over."""
    path = Path(weights)
    if weights != "imagenet" and model_file.is_model_file(path):
        description, state = model_file.read(path)
        known = description.classes
    elif weights != "imagenet" and efeo_checkpoint.is_checkpoint(path):
        state, known = _efeo_weights(arch, path), efeo_checkpoint.CLASSES
    elif weights != "imagenet":
        state, known = _bare_weights(arch, path, options), ()
    elif arch in TORCHVISION:
        state, known = dict(imagenet_state(arch)), ()
    else:
        raise LabError(f"'{weights}' has no weights for {arch}: give a file that gradcam-lab train has made of it.")
    return state if known == classes else _without_outputs(arch, options, state)


def _efeo_weights(arch: str, path: Path) -> dict[str, Tensor]:
    state = efeo_checkpoint.load(path).network.state_dict()
    if mismatch(blank(arch, len(efeo_checkpoint.CLASSES)), state):
        raise LabError(f"'{path}' holds '{efeo_checkpoint.ARCH}' and not '{arch}': give --arch {efeo_checkpoint.ARCH}.")
    return state


def _bare_weights(arch: str, path: Path, options: Mapping[str, Any]) -> dict[str, Tensor]:
    saved = bare_state_dict.read(path)
    if saved.arch != arch:
        raise LabError(f"'{path}' holds '{saved.arch}' and not '{arch}': give --arch {saved.arch}.")
    if dict(saved.options) != dict(options):
        raise LabError(f"'{path}' holds a {arch} whose 'residual' is {saved.options.get('residual', False)}.")
    saved.say_if_one_of_several(path)
    return saved.state


def _without_outputs(arch: str, options: Mapping[str, Any], state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Leave out the weights whose shapes depend on the number of classes."""
    two, three = (blank(arch, classes, options).state_dict() for classes in (2, 3))
    return {name: value for name, value in state.items() if two[name].shape == three[name].shape}
