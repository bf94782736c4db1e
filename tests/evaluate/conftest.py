"""What the tests of the scores share: an experiment on a network that has learned nothing, and the images."""

import pytest

from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.localise.experiment import Experiment
from gradcam_lab.models import zoo


@pytest.fixture(scope="session")
def experiment(weights, lessons) -> Experiment:
    return Experiment(zoo.load("embedded", str(weights)), lessons, "dog")


@pytest.fixture(scope="session")
def splits(toy):
    return {name: read_split(toy, name).samples for name in ("val", "test")}
