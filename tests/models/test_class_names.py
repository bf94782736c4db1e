"""A class by the user's word, as a class of the network."""

from dataclasses import replace

import pytest

from gradcam_lab.errors import LabError
from gradcam_lab.models import imagenet
from gradcam_lab.models.class_names import with_class
from gradcam_lab.models.classifier import Classifier, Preprocessing
from tests.networks import GapNet


@pytest.fixture(scope="module")
def imagenet_names():
    """What only looks at names needs no network for them."""
    names, groups = imagenet.class_names(), imagenet.VOC_GROUPS
    return Classifier("resnet18", GapNet(), names, groups, "softmax", "layer4", Preprocessing(), "0" * 64)


@pytest.mark.parametrize("word", ["dog", "DOG"])
def test_a_group_is_there_already(imagenet_names, word):
    assert with_class(imagenet_names, word) == (imagenet_names, "dog")


@pytest.mark.parametrize(
    ("word", "outputs"), [("wheelbarrow", (428,)), ("ring_tailed_lemur", (383,)), ("beagle", (162,)), ("7", (7,))]
)
def test_an_output_becomes_a_class_under_the_users_word(imagenet_names, word, outputs):
    """Because the user's annotations name it so; the other classes stay, and the weights' hash is another one's."""
    changed, name = with_class(imagenet_names, word)
    assert name == word
    assert changed.groups == {**imagenet.VOC_GROUPS, word: outputs}
    assert changed.fingerprint != imagenet_names.fingerprint


def test_what_means_nothing_or_two_things_is_refused(imagenet_names):
    with pytest.raises(LabError, match="has no class 'xqzw'"):
        with_class(imagenet_names, "xqzw")
    with pytest.raises(LabError, match=r"crane bird \(134\) or crane"):
        with_class(imagenet_names, "crane")


def test_a_network_for_other_classes_knows_them_in_any_spelling(imagenet_names):
    toy = replace(imagenet_names, output_names=("potted plant", "dog"), groups={"potted plant": (0,), "dog": (1,)})
    assert with_class(toy, "Potted_Plant")[1] == "potted plant"
    with pytest.raises(LabError, match="has no class 'wheelbarrow'"):
        with_class(toy, "wheelbarrow")
