"""ToyNet: small, of torchvision's blocks, and with a map of 14 x 14 cells."""

import torch

from gradcam_lab.models.networks.toynet import WIDTHS, ToyNet
from gradcam_lab.vision import torchvision
from tests.model_files import write_toynet


def test_is_small_and_has_a_map_of_14_cells():
    network = ToyNet(20).eval()
    assert sum(p.numel() for p in network.parameters()) <= 1_500_000
    shapes = []
    network.layer4.register_forward_hook(lambda module, inputs, output: shapes.append(tuple(output.shape)))
    assert network(torch.zeros(2, 3, 224, 224)).shape == (2, 20)
    assert shapes == [(2, WIDTHS[-1], 14, 14)]


def test_has_torchvisions_names_and_blocks():
    names = [name for name, _ in ToyNet(2).named_children()]
    assert names == [name for name, _ in torchvision().models.resnet18().named_children()]
    block = torchvision().models.resnet.BasicBlock
    assert all(isinstance(getattr(ToyNet(2), f"layer{i}")[0], block) for i in (1, 2, 3, 4))


def test_fits_the_size_that_the_package_may_ship(tmp_path):
    write_toynet(tmp_path / "full.safetensors", ToyNet(3), ("boat", "cat", "dog"))
    assert (tmp_path / "full.safetensors").stat().st_size <= 3_000_000
