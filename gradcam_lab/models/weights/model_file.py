"""Model files, the format of trained networks: safetensors, with all that is needed to use them in the metadata.

Each value of the metadata is JSON: `arch`, `options`, `classes`, `activation`, `layer`, `preprocessing`, `recipe`,
`scores`, `localisation`. Files of ToyNet from before there were other networks have no `arch`, and `widths` instead of
`options`.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor, nn

from gradcam_lab.errors import LabError
from gradcam_lab.files import moved_into_place
from gradcam_lab.models.classifier import Activation, Classifier, Preprocessing, weights_hash
from gradcam_lab.models.networks.architectures import ARCHITECTURES, blank
from gradcam_lab.models.weights.state_dict import load_weights, mismatch, read_safetensors

ZOO_NAMES = {"toynet": "embedded"}
"""The zoo's name for ToyNet; the others are called what they are."""


@dataclass(frozen=True)
class Description:
    """The description of a network in its file, beside the weights.

    Attributes:
        arch: one of `ARCHITECTURES`.
        classes: the names of its outputs.
        activation: `sigmoid` where classes may occur together, else `softmax`.
        preprocessing: how an image becomes an input.
        options: those its architecture was built with.
        recipe: how it was trained.
        scores: measured on held-out images.
        localisation: how val finds its objects best, `method` and `threshold`, and `data` and `target`, of which; see
            `keep_localisation`. Empty where nobody has kept it.
    """

    arch: str
    classes: tuple[str, ...]
    activation: Activation
    preprocessing: Preprocessing
    options: Mapping[str, Any] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)
    scores: Mapping[str, Any] = field(default_factory=dict)
    localisation: Mapping[str, Any] = field(default_factory=dict)

    def classifier(self, network: nn.Module, file: str = "") -> Classifier:
        """Return the classifier of this description and a network that fits it."""
        return Classifier(
            name=ZOO_NAMES.get(self.arch, self.arch),
            network=network,
            output_names=self.classes,
            groups={name: (index,) for index, name in enumerate(self.classes)},
            activation=self.activation,
            layer=ARCHITECTURES[self.arch].layer,
            preprocessing=self.preprocessing,
            sha256=weights_hash(network),
            metadata={
                "weights": file,
                "recipe": self.recipe,
                "scores": self.scores,
                **({"localisation": self.localisation} if self.localisation else {}),
            },
        )


def save(path: Path, state: Mapping[str, Tensor], description: Description) -> None:
    """Write a network's state dict with its description, whole or not at all.

    Raises:
        LabError: the file cannot be written.
    """
    texts = {name: json.dumps(value) for name, value in asdict(description).items()}
    texts["layer"] = json.dumps(ARCHITECTURES[description.arch].layer)
    tensors = {name: value.cpu().contiguous() for name, value in state.items()}
    with moved_into_place(path) as temporary:
        save_file(tensors, temporary, texts)


def keep_localisation(path: Path, localisation: Mapping[str, Any]) -> None:
    """Write into a model file how val finds its objects best; its weights, and all else that it says, stay.

    Raises:
        LabError: it is no model file, or cannot be written.
    """
    read(path)
    state, texts = read_safetensors(path)
    with moved_into_place(path) as temporary:
        save_file(state, temporary, {**texts, "localisation": json.dumps(dict(localisation))})


def half_precision(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Convert the weights of convolutions and linear layers to half precision, which halves the file.

    BatchNorm's statistics, few and of any magnitude, stay as they are.
    """
    return {name: value.half() if value.ndim > 1 else value for name, value in state.items()}


def is_model_file(path: Path) -> bool:
    """Say whether a file is a model file; a state dict from elsewhere has no description."""
    return path.suffix == ".safetensors" and path.is_file() and "classes" in read_safetensors(path)[1]


def load(path: Path) -> Classifier:
    """Read a classifier that `gradcam-lab train` made.

    Raises:
        LabError: the file is missing, damaged, or was not made by `gradcam-lab train`.
    """
    description, state = read(path)
    network = blank(description.arch, len(description.classes), description.options)
    load_weights(network, state)
    return description.classifier(network, path.name)


def read(path: Path) -> tuple[Description, dict[str, Tensor]]:
    """Read the description and the weights in a model file, and check that they fit each other.

    Raises:
        LabError: as for `load`.
    """
    state, texts = read_safetensors(path)
    foreign = f"'{path}' was not made by gradcam-lab train"
    try:
        description = _describe({name: json.loads(text) for name, text in texts.items()})
        network = blank(description.arch, len(description.classes), description.options)
    except (KeyError, TypeError, ValueError, IndexError, RuntimeError) as error:
        raise LabError(f"{foreign}, its metadata do not say what the network is: give a file that was.") from error
    wrong = mismatch(network, state)
    if wrong:
        raise LabError(f"{foreign}, {wrong}: give a file that was.")
    return description, state


def _describe(metadata: Mapping[str, Any]) -> Description:
    squash = metadata["preprocessing"]
    preprocessing = Preprocessing(int(squash["size"]), tuple(squash["mean"]), tuple(squash["std"]))
    old = {"widths": metadata["widths"]} if "widths" in metadata else {}
    activation = metadata.get("activation", "sigmoid")
    if activation not in ("sigmoid", "softmax"):
        raise ValueError(activation)
    return Description(
        arch=metadata.get("arch", "toynet"),
        classes=tuple(map(str, metadata["classes"])),
        activation=activation,
        preprocessing=preprocessing,
        options=metadata.get("options", old),
        recipe=metadata.get("recipe", {}),
        scores=metadata.get("scores", {}),
        localisation=metadata.get("localisation", {}),
    )
