"""Architectures: every network is its features and its head."""

import pytest
import torch

from gradcam_lab.models.networks.architectures import ARCHITECTURES, Head, blank, features


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_every_network_is_its_features_and_its_head(arch):
    network = blank(arch, 5).eval()
    x = torch.zeros(2, 3, 224, 224, device="meta")
    seen = features(network, arch, x)
    assert Head(network, arch)(seen).shape == network(x).shape == (2, 5)
    assert not network.get_submodule(ARCHITECTURES[arch].head)._forward_pre_hooks
