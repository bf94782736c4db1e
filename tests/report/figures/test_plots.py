"""The report's curves: every line where its numbers are, the same bytes every time."""

import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcam_lab.report.figures import plots
from gradcam_lab.report.figures.style import BLUE, OURS
from tests.synthetic_run import results

CURVES: dict[str, Callable[[Path, Any], None]] = {
    "threshold_sweep": lambda path, r: plots.draw_threshold_sweep(path, r["threshold"]),
    "precision_recall": lambda path, r: plots.draw_precision_recall(path, r["curves"], r["table"]),
    "class_ap": lambda path, r: plots.draw_class_ap(path, r["classifier"], r["run"]["target"]),
    "segmentation_curve": lambda path, r: plots.draw_segmentation_curve(path, r["segmentation"], r["run"]["target"]),
    "replacement": lambda path, r: plots.draw_replacement(path, r["truth"]["replacement"], r["truth"]["target"]),
    "randomisation": lambda path, r: plots.draw_randomisation(path, r["truth"]["randomisation"]),
    "two_class_test": lambda path, r: plots.draw_two_classes(path, r["truth"]["two_classes"], r["truth"]["target"]),
}


@given(st.lists(st.integers(), max_size=50), st.integers(2, 20))
def test_thinning_keeps_the_ends_and_the_order(points, most):
    kept = plots.thinned(list(enumerate(points)), most)
    assert len(kept) == min(len(points), most)
    assert kept == sorted(set(kept))
    assert not points or (kept[0], kept[-1]) == ((0, points[0]), (len(points) - 1, points[-1]))


def test_falling_is_the_best_from_here_on():
    assert plots.falling([0.5, 1.0, 0.2, 0.4]) == [1.0, 1.0, 0.4, 0.4]
    assert plots.falling([]) == []


def drawn(folder: Path, name: str, content: dict[str, Any]) -> str:
    """The SVG of a figure."""
    path = folder / f"{name}.svg"
    CURVES[name](path, content)
    return path.read_text(encoding="utf-8")


def lines(svg: str, colour: str) -> list[list[tuple[float, float]]]:
    """The points of every line of a colour that is longer than a sample in a legend."""
    paths = re.findall(r'<path d="([^"]*)"[^>]*style="[^"]*stroke: ' + colour, svg)
    found = [[(float(x), float(y)) for x, y in re.findall(r"[ML] (\S+) (\S+)", path)] for path in paths]
    return [points for points in found if abs(points[-1][0] - points[0][0]) > 25 or len(points) > 3]


@pytest.mark.parametrize("name", CURVES)
def test_curves_are_small_and_the_same_every_time(tmp_path, name):
    first, second = (drawn(tmp_path, name, results()) for _ in range(2))
    assert first == second
    assert len(first) < 150_000


def test_curves_of_a_run_that_found_nothing(tmp_path):
    content = results()
    content["curves"] = {iou: {"recall": [], "precision": []} for iou in content["curves"]}
    content["classifier"]["classes"]["boat"]["ap"] = None
    assert drawn(tmp_path, "precision_recall", content)
    assert drawn(tmp_path, "class_ap", content)


def test_the_segmentation_curve_has_levels_that_stand_where_their_numbers_are(tmp_path):
    content = results()
    content["segmentation"]["curve"]["test"]["mean_iou"] = [0.6] * 19  # the refined mask's
    content["segmentation"]["curve"]["test"]["target"] = [0.9] * 19
    svg = drawn(tmp_path, "segmentation_curve", content)
    (level, level_of_target), (flat, *_) = lines(svg, BLUE), lines(svg, OURS)
    assert {y for _, y in level} == {y for _, y in flat}
    assert {y for _, y in level} != {y for _, y in level_of_target}


def test_replacement_has_a_curve_for_each_map_from_all_to_nothing(tmp_path):
    content = results()
    left, right = lines(drawn(tmp_path, "replacement", content), OURS)
    assert len(left) == len(right) == 11
    assert left[0][1] < left[-1][1]  # the probability falls, and y grows downwards
    assert right[0][1] > right[-1][1]


def test_randomisation_draws_each_random_network_and_the_baselines(tmp_path):
    content = results()
    svg = drawn(tmp_path, "randomisation", content)
    assert len(lines(svg, OURS)) == 3 + 1
    ys = {line[0][1] for line in lines(svg, OURS)}
    assert len(ys) == 3  # the mean of these three begins where the middle one does
    content["truth"]["randomisation"]["by_seed"] = []
    assert len(lines(drawn(tmp_path, "randomisation", content), OURS)) == 1


def test_a_pair_of_classes_is_blue_only_where_its_interval_lies_left_of_0(tmp_path):
    content = results()
    svg = drawn(tmp_path, "two_class_test", content)
    assert (len(lines(svg, BLUE)), len(lines(svg, OURS))) == (3, 1)
    (leaking,) = lines(svg, OURS)
    assert min(x for x, _ in leaking) > max(x for line in lines(svg, BLUE) for x, _ in line)
    content["truth"]["two_classes"]["pairs"][1]["gains"]["area"]["high"] = 0.01
    svg = drawn(tmp_path, "two_class_test", content)
    assert (len(lines(svg, BLUE)), len(lines(svg, OURS))) == (2, 2)


def test_curves_of_a_run_in_which_nothing_was_asked(tmp_path):
    content = results()
    nothing = {"value": None, "low": None, "high": None}
    maps = ("Grad-CAM", "centre map", "random map")
    truth, curve = content["truth"], content["segmentation"]["curve"]
    for way in ("deletion", "insertion"):
        part = truth["replacement"][way]
        part.update(rows=dict.fromkeys(maps, nothing), curves={name: [] for name in maps})
    truth["randomisation"].update(curve=[nothing] * 6, by_seed=[], baselines=dict.fromkeys(maps[1:], nothing))
    for key in ("target_on_others", "others_on_target"):
        truth["two_classes"][key]["gains"]["area"] = nothing
    truth["two_classes"]["pairs"] = []
    content["run"]["target"] = "church"
    for split in ("val", "test"):
        curve[split]["target"] = [None] * 19
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in list(CURVES)[3:]:
            svg = drawn(tmp_path, name, content)
            assert "nan" not in svg.lower()
