"""Maps of networks whose weights are random."""

from typing import Any

import numpy as np
import pytest
from torch import nn

from gradcam_lab.evaluate.faithfulness.randomisation import CASCADE_STAGES, cascade, randomised_weights
from gradcam_lab.models.layers.find_layer import find_layer
from gradcam_lab.models.layers.probe import put_probe
from tests.evaluate.faithfulness.networks import examined, ramp_network
from tests.models.layers.toys import SIZE, Transformer, seeded


@pytest.mark.parametrize("turned", [True, False])
def test_maps_must_change_with_all_the_weights(experiment, scenes, turned):
    """The last layer alone changes nothing; what is judged is the end of the cascade."""
    ramp = np.arange(1, 197, dtype=np.float32).reshape(14, 14)
    found: Any = randomised_weights(examined(experiment, scenes, ramp_network(turned=turned), ramp), range(6))
    assert (found["images"], found["stages"]) == (6, ["fc", "features"])
    assert [mean["value"] for mean in found["curve"]] == pytest.approx([1, -1 if turned else 1])
    assert found["passed"] is turned
    assert all((gain["value"] < 0) is turned for gain in found["gains"].values())


def test_a_map_without_evidence_says_nothing_of_the_weights(experiment, scenes):
    """Nor do four maps: a verdict over so few images would be luck."""
    for count, heatmap in ((6, np.zeros((14, 14), np.float32)), (4, np.arange(196, dtype=np.float32).reshape(14, 14))):
        found = randomised_weights(
            examined(experiment, scenes[:count], ramp_network(turned=True), heatmap), range(count)
        )
        assert found["images"] == 0
        assert not found["passed"]


def test_the_cascade_begins_with_the_last_layer_and_misses_none(experiment):
    vgg = nn.Sequential()
    vgg.add_module("features", nn.Sequential(*(nn.Conv2d(3, 3, 1) if i % 2 == 0 else nn.ReLU() for i in range(9))))
    vgg.add_module("classifier", nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 2)))
    assert cascade(vgg, 3) == [
        ["classifier.2"],
        ["classifier.0", "features.8", "features.6"],
        ["features.4", "features.2", "features.0"],
    ]
    stages = cascade(experiment.classifier.network)
    assert stages == [["fc"], ["layer4"], ["layer3"], ["layer2"], ["layer1"], ["bn1", "conv1"]]
    assert cascade(nn.Sequential(nn.Linear(2, 2))) == [["0"]]


def test_the_cascade_goes_into_what_holds_the_parts():
    """A network in another one, and a probe around a layer: each part with weights is in one stage."""
    network = seeded(Transformer)
    put_probe(network, find_layer(network, SIZE))
    for whole in (network, nn.Sequential(network)):
        stages = cascade(whole)
        assert len(stages) == CASCADE_STAGES
        assert stages[0][0].endswith("head")
        layers = [name for stage in stages for name in stage]
        parts = [part for name in layers for part in whole.get_submodule(name).parameters()]
        inside = [weight for name, weight in whole.named_parameters() if not name.endswith(("prefix", "positions"))]
        assert sorted(map(id, parts)) == sorted(map(id, inside))
