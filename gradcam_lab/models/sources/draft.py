"""A network as it comes from its source, before its outputs have names and its layer is chosen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from gradcam_lab.models.classifier import Activation, Preprocessing


@dataclass(frozen=True)
class Draft:
    """What a source says of a network; what it does not say is None.

    Attributes:
        name: of the architecture, for messages and reports.
        network: maps (N, 3, size, size) to logits.
        preprocessing: that of its weights.
        outputs: their number.
        classes: their names.
        activation: how its logits become probabilities.
        layer: the layer of its last feature map.
        code_sha256: of the user's code that it is made of; "" where it is of a library.
        metadata: where the weights come from, as in `Classifier`.
    """

    name: str
    network: nn.Module
    preprocessing: Preprocessing = field(default_factory=Preprocessing)
    outputs: int | None = None
    classes: tuple[str, ...] | None = None
    activation: Activation | None = None
    layer: str | None = None
    code_sha256: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
