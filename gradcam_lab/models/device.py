"""Where a network runs."""

import torch

from gradcam_lab.errors import LabError
from gradcam_lab.models.model_choice import Device


def find_device(name: Device = "auto") -> torch.device:
    """Return the device of a name; `auto` is a CUDA GPU where torch has one, else the CPU.

    Raises:
        LabError: this machine, or this build of torch, has no such device.
    """
    cuda = torch.cuda.is_available()
    if name == "auto":
        return torch.device("cuda" if cuda else "cpu")
    if (name == "cuda" and not cuda) or (name == "mps" and not torch.backends.mps.is_available()):
        raise LabError(f"PyTorch {torch.__version__} finds no {name} device here: give --device cpu or auto.")
    return torch.device(name)
