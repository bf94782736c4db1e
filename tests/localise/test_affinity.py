"""Heat that is shared among cells that look alike, and the layer at which they are compared."""

import pytest
import torch

from gradcam_lab.localise.affinity import earlier_layer, share, similarity
from tests.localise.classifiers import classifier_of


def test_heat_is_shared_by_what_looks_alike():
    """Two kinds of cells, the heat on one cell of the first kind: all of its kind get the same, the others nothing."""
    features = torch.tensor([[[[1.0, 1, 0], [1, 0, 0]], [[0, 0, 1], [0, 1, 1]]]])
    maps = torch.tensor([[[3.0, 0, 0], [0, 0, 0]]])
    shared = share(maps, similarity(features), (2, 3))
    assert torch.allclose(shared, torch.tensor([[[1.0, 1, 0], [1, 0, 0]]]), atol=1e-6)


@pytest.mark.parametrize(("name", "earlier"), [("resnet18", "layer3"), ("vgg16", "features.29")])
def test_the_earlier_layer(name, earlier):
    assert earlier_layer(classifier_of(name)).startswith(earlier)
