"""Files of weights for tests: of a ToyNet as `gradcam-lab train` would write it, and of what runs code when read."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import nn

from gradcam_lab.models.classifier import Preprocessing
from gradcam_lab.models.networks.toynet import WIDTHS
from gradcam_lab.models.weights import model_file


def write_toynet(
    path: Path,
    network: nn.Module,
    classes: Sequence[str],
    widths: Sequence[int] = WIDTHS,
    preprocessing: Preprocessing | None = None,
    **measured: Any,
) -> None:
    """Write a ToyNet of these widths, its weights in half precision; `measured` is its `recipe` and its `scores`."""
    description = model_file.Description(
        "toynet",
        tuple(classes),
        "sigmoid",
        preprocessing or Preprocessing(),
        options={"widths": list(widths)},
        **measured,
    )
    model_file.save(path, model_file.half_precision(network.state_dict()), description)


class RunsCode:
    """On unpickling, it makes a folder: proof that code ran."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self.folder,)
