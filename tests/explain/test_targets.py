"""What is meant by a word, and the score of it."""

from dataclasses import replace

import pytest
import torch

from gradcam_lab.errors import LabError
from gradcam_lab.explain.targets import find_target, rather_than
from gradcam_lab.models import imagenet
from tests.networks import images


@pytest.fixture(scope="module")
def imagenet_names(resnet):
    """What only looks at names needs no network for them."""
    return replace(resnet, output_names=imagenet.class_names(), groups=imagenet.VOC_GROUPS)


@pytest.mark.parametrize(
    ("word", "outputs"),
    [
        ("dog", (3,)),  # and not the beginning of dogfish
        ("DOG", (3,)),
        ("cat", (2,)),
        ("insect", (0, 1, 6)),
        ("ins", (0, 1, 6)),
        ("dogf", (4,)),
        ("0", (0,)),
        ("9", (9,)),
        ("7", (9,)),  # a class of this name comes before the index
    ],
)
def test_a_word_means_one_class(resnet, word, outputs):
    assert find_target(resnet, word).outputs == outputs


def test_capitals_tell_apart_what_differs_in_nothing_else(imagenet_names):
    assert find_target(imagenet_names, "Cardigan").index == 264
    assert find_target(imagenet_names, "cardigan").index == 474
    with pytest.raises(
        LabError, match=r"'CARDIGAN' may mean Cardigan / Cardigan Welsh Corgi \(264\) or cardigan \(474\): write"
    ):
        find_target(imagenet_names, "CARDIGAN")


@pytest.mark.parametrize(
    ("word", "index", "title"),
    [
        ("ring-tailed lemur", 383, "Madagascar cat / ring-tailed lemur (383)"),
        ("wheelbarrow", 428, "barrow / wheelbarrow (428)"),
        ("Madagascar cat", 383, "Madagascar cat / ring-tailed lemur (383)"),
        ("prison", 743, "prison (743)"),  # both lists call it so
        ("Ring_Tailed-LEMUR", 383, "Madagascar cat / ring-tailed lemur (383)"),
        ("madagascar_cat", 383, "Madagascar cat / ring-tailed lemur (383)"),
        ("chain saw", 491, "chain saw (491)"),
        ("ring-tailed", 383, "Madagascar cat / ring-tailed lemur (383)"),
        ("crane machine", 517, "crane / crane (machine) (517)"),
        ("crane bird", 134, "crane bird (134)"),
        ("Maltese", 153, "Maltese dog / Maltese (153)"),
    ],
)
def test_the_names_that_people_use_are_taken_in_any_spelling(imagenet_names, word, index, title):
    target = find_target(imagenet_names, word)
    assert (target.outputs, target.title) == ((index,), title)


def test_a_group_comes_before_every_other_name(imagenet_names):
    assert find_target(imagenet_names, "dog").outputs == imagenet.VOC_GROUPS["dog"]
    assert find_target(imagenet_names, "Dining-Table").title == "diningtable (532)"
    assert find_target(imagenet_names, "cow").title == "cow (345)"  # an ox, but a group of one keeps its own name


@pytest.mark.parametrize("word", ["", "-", "_", "-1", "lemur_ring"])
def test_separators_alone_mean_nothing(imagenet_names, word):
    with pytest.raises(LabError, match=f"has no class '{word}'"):
        find_target(imagenet_names, word)


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("crane", r"'crane' may mean crane bird \(134\) or crane / crane \(machine\) \(517\): write more of the name"),
        (
            "Maillot",
            r"'Maillot' may mean maillot / tights \(638\) or maillot tank suit / tank suit \(639\): write more",
        ),
        ("borde", r"'borde' may mean Border terrier \(182\) or Border collie \(232\): write more of the name, or"),
        ("b", r"'b' may mean .* and \d+ more: write"),
        ("samojed", "has no class 'samojed': did you mean Samoyed"),
        ("xqzw", "has no class 'xqzw': choose one of tench, goldfish, .*, ...[.]"),
        ("", "has no class ''"),
        ("1000", "There is no class 1000: 'resnet18' has 1000 outputs, 0 to 999"),
        ("-1", "has no class '-1'"),
    ],
)
def test_other_words_get_a_sentence(imagenet_names, word, says):
    with pytest.raises(LabError, match=says):
        find_target(imagenet_names, word)


def test_two_outputs_of_one_name_are_told_apart_by_the_index(resnet):
    twins = replace(resnet, output_names=("crane", "crane"), groups={})
    with pytest.raises(LabError, match=r"'crane' may mean crane \(0\) or crane \(1\)"):
        find_target(twins, "crane")
    assert find_target(twins, "1").outputs == (1,)


def test_score_and_probability_are_the_classifiers_own(imagenet_names):
    logits = 5 * torch.randn(3, 1000, generator=torch.Generator().manual_seed(0))
    dog, samoyed = find_target(imagenet_names, "dog"), find_target(imagenet_names, "Samoyed")
    assert dog.index is None
    assert torch.equal(dog.score(logits), imagenet_names.score(logits, "dog"))
    assert torch.equal(dog.probability(logits), imagenet_names.probability(logits, "dog"))
    assert torch.allclose(samoyed.score(logits), logits[:, 258])
    assert torch.allclose(samoyed.probability(logits), logits.softmax(dim=1)[:, 258])


def test_rather_than_is_the_difference_of_the_logits(resnet):
    logits = images(2, 1, 4).flatten(1)[:, :10]
    target = rather_than(find_target(resnet, "dog"), find_target(resnet, "insect"))
    assert torch.equal(target.score(logits), logits[:, 3] - logits[:, [0, 1, 6]].logsumexp(dim=1))
    assert target.title == "dog (3) rather than insect"
    with pytest.raises(LabError, match="'ant' and 'insect' overlap"):
        rather_than(find_target(resnet, "ant"), find_target(resnet, "insect"))
