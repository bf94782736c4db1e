"""The bars of TIDE's kinds of errors."""

import re

import pytest
from defusedxml.ElementTree import parse

from gradcam_lab.evaluate.tide.delta_ap import tide_errors
from gradcam_lab.evaluate.tide.kinds import KINDS
from gradcam_lab.report.figures.style import BLUE, OURS
from gradcam_lab.report.figures.tide_bars import draw_tide
from tests.bench.tide import scene


def bars(path):
    """Return the colour and the width of each bar, in the order in which they are drawn."""
    drawn = []
    for element in parse(path).iter("{http://www.w3.org/2000/svg}path"):
        style = element.get("style", "")
        colour = next((c for c in (OURS, BLUE) if f"fill: {c}" in style), None)
        if colour:
            xs = [float(x) for x in re.findall(r"[ML] (\S+)", element.get("d", ""))]
            drawn.append((colour, max(xs) - min(xs)))
    return drawn


@pytest.fixture(scope="module")
def errors():
    drawn = scene(20, 3, 5, seed=0)
    return tide_errors(drawn.found, drawn.objects, ["dog", "cat", "bird"])


def test_a_bar_is_as_long_as_what_its_kind_costs(tmp_path, errors):
    draw_tide(tmp_path / "errors.svg", errors)
    drawn = bars(tmp_path / "errors.svg")
    assert [colour for colour, _ in drawn] == [OURS] * len(KINDS) + [BLUE] * 2
    costs = [cost["dap"] for part in (errors["kinds"], errors["totals"]) for cost in part.values()]
    lengths = [length for _, length in drawn]
    assert [length / max(lengths) for length in lengths] == pytest.approx([c / max(costs) for c in costs], abs=1e-4)


def test_nothing_is_wrong(tmp_path, errors):
    for part in (errors["kinds"], errors["totals"]):
        for name in part:
            part[name] = {"count": 0, "dap": 0.0}
    draw_tide(tmp_path / "errors.svg", errors)
    assert [length for _, length in bars(tmp_path / "errors.svg")] == pytest.approx([0] * 8)
