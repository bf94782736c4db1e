"""The reference lessons satisfy the protocols: mypy compares the types, and the tests names, kinds and defaults.

A protocol lets a positional parameter have another name, but the lab may pass it by its name, so the tests look.
mypy knows the lessons by the name of their folder, Python by their place in the package.
"""

import inspect
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from gradcam_lab.lesson_protocols import PROTOCOLS

if TYPE_CHECKING:
    from gradcam_lab.lesson_protocols import (
        BoxesLesson,
        CamLesson,
        FaithfulnessLesson,
        GradCamLesson,
        MetricsLesson,
        SegmentationLesson,
    )
    from lessons import step1_cam, step2_gradcam, step3_boxes, step4_metrics, step5_segmentation, step6_faithfulness

    cam: CamLesson = step1_cam
    gradcam: GradCamLesson = step2_gradcam
    boxes: BoxesLesson = step3_boxes
    metrics: MetricsLesson = step4_metrics
    segmentation: SegmentationLesson = step5_segmentation
    faithfulness: FaithfulnessLesson = step6_faithfulness


def parameters(function):
    """The name, the kind and the default of each parameter, without `self` and the types."""
    return [
        (parameter.name, parameter.kind, parameter.default)
        for parameter in inspect.signature(function).parameters.values()
        if parameter.name != "self"
    ]


MEMBERS = [
    pytest.param(step, name, member, id=f"{step} {name}")
    for step, (*_, protocol) in PROTOCOLS.items()
    for name, member in inspect.getmembers(protocol)
    if not name.startswith("_")
]


@pytest.mark.parametrize(("step", "name", "member"), MEMBERS)
def test_a_lesson_offers_what_its_protocol_names_with_the_same_parameters(step, name, member):
    offered = getattr(import_module(f"gradcam_lab.lessons.{step}"), name)
    if inspect.isfunction(member):
        assert parameters(offered) == parameters(member)
    else:
        assert isinstance(member, property)  # a class or a constant, whose type mypy compares
