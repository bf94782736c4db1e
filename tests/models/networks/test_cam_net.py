"""CamNet: its CAM averages to the logit."""

import pytest
import torch

from gradcam_lab.models.networks.cam_net import CamNet


@pytest.mark.parametrize("residual", [False, True])
def test_the_cam_network_ends_in_an_average_and_one_linear_layer(residual):
    torch.manual_seed(0)
    network = CamNet(4, residual, widths=(8, 8, 16)).eval()
    x = torch.rand(2, 3, 64, 64)
    maps = network.get_submodule("features")(x)
    weight, bias = network.get_parameter("fc.weight"), network.get_parameter("fc.bias")
    cam = torch.einsum("ck,nkhw->nchw", weight, maps)
    assert torch.allclose(cam.mean(dim=(2, 3)) + bias, network(x), atol=1e-5)
    assert maps.shape == (2, 16, 8, 8)
