"""Pictures of a dog and a cat."""

import cv2
import numpy as np
import pytest

from gradcam_lab.data.sample import Object, Sample
from tests.evaluate.faithfulness.networks import CAT, DOG, SIDE


@pytest.fixture(scope="session")
def scenes(tmp_path_factory) -> list[Sample]:
    """Six pictures: a dog of red stripes above on the left, a cat of green ones below on the right."""
    folder = tmp_path_factory.mktemp("scenes")
    picture = np.full((SIDE, SIDE, 3), 90, np.uint8)
    for (x0, y0, x1, y1), channel in ((DOG, 0), (CAT, 1)):
        picture[y0 - 1 : y1, x0 - 1 : x1 : 4, channel] = 255
        picture[y0 - 1 : y1, x0:x1:4, channel] = 255
    data = cv2.imencode(".png", picture[..., ::-1])[1].tobytes()
    for i in range(6):
        (folder / f"{i}.png").write_bytes(data)
    objects = (Object("dog", DOG), Object("cat", CAT))
    return [Sample(f"{i}", folder / f"{i}.png", (SIDE, SIDE), objects) for i in range(6)]
