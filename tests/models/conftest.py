"""What several tests of models need."""

import pytest
import torch

from gradcam_lab.vision import torchvision


@pytest.fixture(scope="session")
def squeezenet():
    """A state dict with random weights of the smallest architecture in the zoo; to be read and not to be changed."""
    torch.manual_seed(0)
    return torchvision().models.squeezenet1_1().state_dict()
