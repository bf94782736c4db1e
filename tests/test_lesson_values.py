"""What a student's functions return becomes what the Protocols say; what cannot become it stays as it is."""

import copy
import inspect
import json
from importlib import import_module
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from torch import nn

from gradcam_lab.lesson_modules import STEP_NAMES, StudentsFile, load_lessons, reference_text
from gradcam_lab.lesson_protocols import PROTOCOLS
from gradcam_lab.lesson_values import Converted, convert
from gradcam_lab.lessons import step4_metrics

NAMED = list[tuple[str, int, float]]


def students(step, *changes):
    """A student's lesson: the reference's text with some lines changed."""
    text = reference_text(step)
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    return load_lessons({step: StudentsFile(text, Path(f"{step}.py"))})


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (np.float32(0.5), float, 0.5),
        (torch.tensor(0.5, requires_grad=True), float, 0.5),
        (1, float, 1.0),
        (np.int64(3), int, 3),
        (np.bool_(True), bool, True),
        ([(np.str_("dog"), np.int64(4), np.float32(0.5))], NAMED, [("dog", 4, 0.5)]),
        ([["dog", torch.tensor(4), torch.tensor(0.5)]], NAMED, [("dog", 4, 0.5)]),
    ],
)
def test_a_number_is_a_number(value, kind, expected):
    found = convert(value, kind, step4_metrics)
    assert found == expected
    assert json.loads(json.dumps(found)) == json.loads(json.dumps(expected))
    assert type(found) is type(expected)


@pytest.mark.parametrize("value", [[1.0, 2.0], (1.0, 2.0), 2 * torch.ones(2, requires_grad=True), np.ones(2)])
def test_an_array_is_an_array(value):
    assert type(convert(value, np.ndarray, step4_metrics)) is np.ndarray
    tensor = convert(value, torch.Tensor, step4_metrics)
    assert not tensor.requires_grad
    assert tensor.numpy().shape == (2,)


@pytest.mark.parametrize(("value", "kind"), [(None, float), ("much", float), (None, np.ndarray), (object(), NAMED)])
def test_what_cannot_be_converted_stays_as_it_is(value, kind):
    assert convert(value, kind, step4_metrics) is value


def test_a_plain_tuple_is_the_record_of_the_lesson():
    lessons = students(
        "step6_faithfulness",
        (
            "return Share(float(heat[region].sum() / total) if total > 0 else np.nan, float(region.mean()))",
            "return heat[region].sum() / total, np.float32(region.mean())",
        ),
    )
    box = np.array([[1, 1, 2, 4]])
    share = lessons.faithfulness.heat_on_other(np.ones((4, 4)), np.zeros((0, 4)), box)
    assert (share.heat, share.area) == (0.5, 0.5)
    assert type(share.area) is float


def test_the_records_of_a_mapping_are_converted_to_the_last_number():
    lessons = students(
        "step4_metrics",
        ("    return Score(ap, float(", "    return Score(np.float32(ap), np.float32("),
        ("scores[threshold] = summarise", "scores[np.float32(threshold)] = summarise"),
    )
    truth = {"a": lessons.metrics.GroundTruth(np.array([[1, 1, 4, 4]]), np.array([False]))}
    scores = lessons.metrics.evaluate({"a": np.array([[1, 1, 4, 4, 0.9]])}, truth, thresholds=(0.5,))
    assert {type(key) for key in scores} == {float}
    assert type(scores[0.5].ap) is type(scores[0.5].recall) is float
    assert isinstance(scores[0.5].curve.precision, np.ndarray)


def test_a_map_with_a_history_of_gradients_is_a_plain_one():
    lessons = students(
        "step2_gradcam",
        (
            "            return weighted_map(features.detach(), channel_weights(gradients))",
            "            return weighted_map(features, channel_weights(gradients))",
        ),
    )
    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    explain = lessons.gradcam.GradCAM(network, "0")
    assert explain.layer == "0"
    leaf = torch.zeros(1, requires_grad=True)
    assert explain.only([leaf]) is leaf
    for maps in (explain(torch.rand(2, 3, 4, 5), 1), explain.all_classes(torch.rand(2, 3, 4, 5))[:, 1]):
        assert maps.numpy().shape == (2, 4, 5)


def test_signatures_docstrings_and_copies_are_those_of_the_students_functions():
    lessons = students("step3_boxes", ("min_area: int = 30", "min_area: int = 31"))
    detect = lessons.boxes.detect
    assert inspect.signature(detect).parameters["min_area"].default == 31
    assert detect.__doc__.startswith("Turn one raw heatmap")
    assert copy.copy(lessons.boxes).detect(
        np.zeros((2, 2)), (4, 4), 0.5, threshold=0.5, iou=step4_metrics.box_iou
    ).shape == (0, 5)


@pytest.mark.parametrize("name", STEP_NAMES)
def test_the_types_of_a_protocol_are_known_where_results_are_converted(name):
    """Also those that are imported for the type checker only."""
    module = import_module(f"gradcam_lab.lessons.{name}")
    for protocol in PROTOCOLS[name]:
        original = module if protocol is PROTOCOLS[name][-1] else Mock()
        converted = Converted(original, protocol, module)
        for member in vars(protocol):
            if not member.startswith("_"):
                assert getattr(converted, member) is not None
