"""The diagram: its boxes hold the settings of the run, name the tasks in which they are written, and do not overlap."""

from itertools import combinations
from typing import Any

import pytest

from gradcam_lab.course.authoring.cut import regions
from gradcam_lab.lesson_modules import STEP_NAMES, reference_text
from gradcam_lab.report.figures.diagram import BOX_HEIGHT, BOX_WIDTH, HEIGHT, WIDTH, draw_pipeline, nodes_of
from tests.synthetic_run import results

WRITTEN_IN = {
    "features": {"watched"},
    "head": {"GradCAM.__call__"},
    "gradient": {"GradCAM.__call__"},
    "weights": {"channel_weights"},
    "sum": {"weighted_map"},
    "upsample": {"upsample"},
    "threshold": {"threshold_mask"},
    "components": {"mask_to_boxes"},
    "boxes": {"mask_to_boxes"},
    "score": {"nms", "detect"},
    "match": {"box_iou", "match_detections"},
    "curve": {"precision_recall"},
    "ap": {"average_precision"},
}
"""The functions of the lessons that do what a box says."""


@pytest.fixture
def nodes():
    content: Any = results()
    return nodes_of(content)


def test_a_box_names_the_tasks_in_which_the_lessons_write_it(nodes):
    written: dict[str, set[str]] = {}
    for region in (region for name in STEP_NAMES for region in regions(reference_text(name))):
        written.setdefault(region.task, set()).add(region.unit)
    named = {name: node.task for name, node in nodes.items() if node.task}
    assert set(named) == set(WRITTEN_IN)
    for name, tasks in named.items():
        units = set().union(*(written[task] for task in tasks.split(", ")))
        assert WRITTEN_IN[name] <= units
        assert all(written[task] & WRITTEN_IN[name] for task in tasks.split(", "))


def test_the_boxes_hold_the_settings_of_the_run():
    content: Any = results()
    content["run"].update(layer="features.18", input_size=96)
    content["run"]["parameters"].update(min_area=77, nms=0.4, iou_thresholds=[0.25, 0.75])
    words = {name: f"{node.title} {node.detail}".replace("\n", " ") for name, node in nodes_of(content).items()}
    assert words["preprocessing"].startswith("preprocessing 96 × 96 pixels")
    assert words["network"] == "network up to features.18, without a graph"
    assert words["components"] == "components connected, at least 77 pixels"
    assert "IoU > 0.4" in words["score"]
    assert words["match"] == "match annotated boxes, IoU > 0.25, 0.75"


def test_the_boxes_lie_inside_the_picture_and_apart(nodes):
    for node in nodes.values():
        assert BOX_WIDTH / 2 < node.x < WIDTH - BOX_WIDTH / 2
        assert BOX_HEIGHT / 2 < node.y < HEIGHT - BOX_HEIGHT / 2
    for one, other in combinations(nodes.values(), 2):
        assert abs(one.x - other.x) > BOX_WIDTH or abs(one.y - other.y) > BOX_HEIGHT


def test_the_words_fit_into_their_boxes(tmp_path, nodes):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from gradcam_lab.report.figures.style import style

    with style():
        figure = Figure(figsize=(WIDTH, HEIGHT), dpi=100)
        renderer = FigureCanvasAgg(figure).get_renderer()
        for node in nodes.values():
            title = figure.text(0, 0, node.title, size=7.4, weight="bold").get_window_extent(renderer)
            detail = figure.text(0, 0, node.detail, size=6.2, linespacing=1.25).get_window_extent(renderer)
            assert max(title.width, detail.width) < 100 * BOX_WIDTH - 4
            assert title.height + detail.height < 100 * BOX_HEIGHT


def test_it_is_small_and_the_same_every_time(tmp_path):
    content: Any = results()
    files = [tmp_path / name for name in ("first.svg", "second.svg")]
    for file in files:
        draw_pipeline(file, content)
    first, second = (file.read_bytes() for file in files)
    assert first == second
    assert len(first) < 150_000
