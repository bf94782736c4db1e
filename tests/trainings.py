"""Small trainings, and what the tests look at in them."""

import csv
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from gradcam_lab.models.training.config_file import settings_of
from gradcam_lab.models.training.settings import TrainingSettings
from gradcam_lab.models.weights import model_file


def settings(data: Path, out: Path, **flags: Any) -> TrainingSettings:
    """A training of a second: the CAM network on small inputs."""
    return settings_of({"data": str(data), "out": out, "img_size": 32, "arch": "cam_net", "batch": 10, **flags})


def state_of(path: Path) -> dict[str, Tensor]:
    """The weights in a file."""
    return model_file.read(path)[1]


def equal(first: Path, second: Path) -> bool:
    """Whether two files hold the same weights, to the bit."""
    one, two = state_of(first), state_of(second)
    return all(torch.equal(one[name], two[name]) for name in one)


def log_of(folder: Path) -> list[dict[str, str]]:
    """The rows of the log but for the seconds, which are never the same."""
    with (folder / "log.csv").open(encoding="utf-8", newline="") as stream:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(stream)]


def draw_labelled(root: Path) -> None:
    """Make a folder in Imagenette's layout: red and blue pictures with noise, of several sizes."""
    random = np.random.default_rng(0)
    for split, count in (("train", 12), ("val", 6)):
        for name, channel in (("blue", 0), ("red", 2)):  # OpenCV writes BGR
            folder = root / split / name
            folder.mkdir(parents=True)
            for i in range(count):
                picture = random.integers(0, 120, (30 + 5 * i, 50, 3), dtype=np.uint8)
                picture[..., channel] += 100
                (folder / f"{i}.png").write_bytes(cv2.imencode(".png", picture)[1].tobytes())
