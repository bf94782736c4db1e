"""The words of the command line that name a network."""

import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcam_lab.models.model_choice import ModelChoice

WORD = st.text(st.characters(exclude_categories=["C"]), min_size=1).filter(lambda word: not word.startswith("--"))
CHOICES = st.builds(
    ModelChoice,
    model=WORD,
    weights=st.none() | WORD,
    classes=st.none() | WORD,
    groups=st.lists(WORD, max_size=3).map(tuple),
    activation=st.sampled_from([None, "softmax", "sigmoid"]),
    size=st.none() | st.integers(32, 2048),
    layer=st.none() | WORD,
    device=st.sampled_from(["auto", "cpu"]),
    batch=st.none() | st.integers(1, 99),
)


@given(CHOICES)
def test_a_choice_is_read_from_its_command_again(choice):
    command = shlex.join(["gradcam-lab", "run-all", "--data", "pets", *choice.words(), "--quick"])
    assert ModelChoice.of_command(command) == choice


@pytest.mark.parametrize(
    ("command", "means"),
    [
        ("--classifier vgg16 --weights imagenet", {"model": "vgg16", "weights": "imagenet"}),
        ("--checkpoint 'a b.pth'", {"model": "a b.pth"}),
        ("--model a.pth --img-size 96", {"model": "a.pth", "size": 96}),
        ("--quick", {}),
    ],
)
def test_a_command_of_before_is_read_too(command, means: dict[str, Any]):
    assert ModelChoice.of_command(f"gradcam-lab run-all {command}") == ModelChoice(**means)


@pytest.mark.parametrize(
    ("choice", "shown"),
    [
        (ModelChoice("runs/best.safetensors"), "best.safetensors"),
        (ModelChoice("resnet50", "imagenet"), "resnet50"),
        (ModelChoice("timm:vit_tiny_patch16_224", "w/mine.pth"), "mine.pth"),
    ],
)
def test_what_a_table_shows(choice, shown):
    assert choice.shown == shown
