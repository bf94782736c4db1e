"""torchvision's classification models, all of them: as they are built, with ImageNet's weights or the user's."""

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gradcam_lab.errors import LabError
from gradcam_lab.models.classifier import Preprocessing
from gradcam_lab.models.model_choice import IMAGENET
from gradcam_lab.models.networks.architectures import TORCHVISION
from gradcam_lab.models.sources.draft import Draft
from gradcam_lab.models.sources.fitting_weights import fit_weights
from gradcam_lab.models.weights.state_dict import load_weights, mismatch, read_weights
from gradcam_lab.vision import torchvision

OUTPUTS = 1000
"""ImageNet's classes."""

INCEPTIONS: Mapping[str, Any] = {"init_weights": False, "transform_input": True}
"""How GoogLeNet and Inception v3 are built: quickly, and with inputs turned into those of their own weights' origin."""

DENSENET_NAMES = re.compile(r"^(.*denselayer\d+\.(?:norm|relu|conv))\.((?:[12])\.\w+)$")
"""Names in DenseNet's official files, which are of an older layout: `norm.1.weight` is `norm1.weight` today."""


def torchvision_names() -> list[str]:
    """Return the names of all of torchvision's classification models."""
    models = torchvision().models
    return models.list_models(module=models)


def load_torchvision(name: str, weights: str, size: int | None = None) -> Draft:
    """Return a model of torchvision.

    Args:
        name: one of `torchvision_names()`.
        weights: `imagenet`, or a file of a state dict with any number of outputs.
        size: height and width of the input in pixels, for a model that is built for one.

    Raises:
        LabError: the weights cannot be had or do not fit.
    """
    layer = TORCHVISION[name].layer if name in TORCHVISION else None
    preprocessing = preprocessing_of(name)
    sizes = {"image_size": size or preprocessing.size} if name.startswith("vit_") else {}
    if weights == IMAGENET:
        network, shown = imagenet_network(name, **sizes), IMAGENET
    else:
        network = fit_weights(Path(weights), name, lambda outputs: build(name, outputs, **sizes))
        shown = Path(weights).name
    outputs = OUTPUTS if weights == IMAGENET else None
    return Draft(name, network, preprocessing, outputs, layer=layer, metadata={"weights": shown})


def build(name: str, outputs: int = OUTPUTS, **options: Any) -> nn.Module:
    """Build a model with random weights."""
    odd = INCEPTIONS if name in ("googlenet", "inception_v3") else {}
    return torchvision().models.get_model(name, weights=None, num_classes=outputs, **odd, **options)


def official_weights(name: str) -> Any:
    """Return torchvision's entry of a model's weights: the first of ImageNet-1k at the model's usual size.

    That is `IMAGENET1K_V1`, with which published Grad-CAM results are made, wherever there is one; the few models
    without it have weights of a linear layer on features that were trained otherwise.
    """
    entries = list(torchvision().models.get_model_weights(name))
    return next((entry for entry in entries if entry.name == "IMAGENET1K_V1" or "LINEAR" in entry.name), entries[0])


def cached_file(name: str) -> Path:
    """Return the file in torchvision's cache where a model's weights are, or are put by the download."""
    return Path(torch.hub.get_dir()) / "checkpoints" / official_weights(name).url.rsplit("/", 1)[-1]


def preprocessing_of(name: str) -> Preprocessing:
    """Return the size, mean and standard deviation of a model's official weights."""
    transforms = official_weights(name).transforms()
    return Preprocessing(int(transforms.crop_size[0]), tuple(transforms.mean), tuple(transforms.std))


def imagenet_network(name: str, **options: Any) -> nn.Module:
    """Build a model with torchvision's weights of ImageNet, from its cache or by its download.

    Raises:
        LabError: they cannot be had, or what lies in the cache are others.
    """
    file, entry = cached_file(name), official_weights(name)
    if not file.is_file():
        try:
            entry.get_state_dict(progress=True, check_hash=True, weights_only=True, map_location="cpu")
        except (OSError, RuntimeError) as error:  # no network, or what came has the wrong hash
            raise LabError(
                f"The ImageNet weights of {name} are not in '{file}' and could not be downloaded ({error}): go online, "
                "put that file there, or give a state dict by --weights FILE."
            ) from error
    network, state = build(name, **options), _state_in(file, name)
    wrong = mismatch(network, state)
    if wrong is None:
        load_weights(network, state)
        return network
    try:
        network.load_state_dict(state)  # it knows the names in its older files
    except (RuntimeError, ValueError) as error:
        raise LabError(f"'{file}' does not hold torchvision's weights of {name}, {wrong}: delete it.") from error
    return network


def imagenet_state(name: str) -> Mapping[str, Tensor]:
    """Return torchvision's weights of ImageNet of a model; the errors are those of `imagenet_network`."""
    return imagenet_network(name).state_dict()


def _state_in(file: Path, name: str) -> dict[str, Tensor]:
    content = read_weights(file)
    if not isinstance(content, dict):
        raise LabError(f"'{file}' does not hold torchvision's weights of {name}: delete it.")
    renamed = partial(DENSENET_NAMES.sub, r"\1\2")
    return {renamed(key): value for key, value in content.items() if isinstance(value, Tensor)}
