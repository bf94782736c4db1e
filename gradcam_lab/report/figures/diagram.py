"""The way from an image to its average precision as a diagram: what computes what, and in which task it is written."""

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from gradcam_lab.report.figures.style import BLUE, INK, MUTED, OURS, svg_figure
from gradcam_lab.report.results import Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, HEIGHT = 6.7, 4.75
"""Inches; also the units in which the diagram is laid out, from its upper left corner."""

COLUMNS = (0.76, 2.08, 3.4, 4.72, 6.04)
"""The middle of each column of boxes."""

BOX_WIDTH, BOX_HEIGHT = 1.13, 0.66

GAP = 0.17
"""Between a line that leads to a row and its boxes."""

TINTS = {"network": "#f1f3f6", "step 2": "#fdf1e7", "step 3": "#e8f1f8", "step 4": "#e6f4ee", "baseline": "#ffffff"}
"""The background of the boxes of each part."""


class Node(NamedTuple):
    """A box of the diagram: its column, the middle of its row, its part, its words, and the task that writes it."""

    column: int
    y: float
    part: str
    title: str
    detail: str
    task: str = ""

    @property
    def x(self) -> float:
        """Its middle."""
        return COLUMNS[self.column]


def nodes_of(results: Results) -> dict[str, Node]:
    """The boxes of the diagram by name, with the settings of a run."""
    run, parameters = results["run"], results["run"]["parameters"]
    size, ious = run["input_size"], ", ".join(f"{iou:g}" for iou in parameters["iou_thresholds"])
    first, second, third, fourth = 0.55, 1.74, 3.06, 4.35
    return {
        "image": Node(0, first, "network", "image", "W × H pixels"),
        "preprocessing": Node(1, first, "network", "preprocessing", f"{size} × {size} pixels,\nless mean, over std"),
        "network": Node(2, first, "network", "network", f"up to {run['layer']},\nwithout a graph"),
        "features": Node(3, first, "step 2", "feature map A", "K channels, h × w;\na forward hook", "2.3"),
        "head": Node(0, second, "step 2", "head", "rest of the network,\nlogit y and p", "2.5"),
        "gradient": Node(1, second, "step 2", "gradient ∂y/∂A", "of the head alone:\nautograd.grad", "2.5"),
        "weights": Node(2, second, "step 2", "weights α", "the gradient's mean\nover the cells", "2.1"),
        "sum": Node(3, second, "step 2", "sum, ReLU", "Σ α A over channels,\nthen cut at 0", "2.2"),
        "upsample": Node(0, third, "step 3", "upsample", "bilinear,\nto W × H", "3.1"),
        "threshold": Node(1, third, "step 3", "threshold", "a fraction of the\nmap's maximum", "3.2"),
        "components": Node(
            2, third, "step 3", "components", f"connected, at least\n{parameters['min_area']} pixels", "3.3"
        ),
        "boxes": Node(3, third, "step 3", "boxes", "the smallest around\neach component", "3.3"),
        "score": Node(
            4, third, "step 3", "score, NMS", f"p × relative peak;\nIoU > {parameters['nms']:g} goes", "3.4, 3.5"
        ),
        "centre": Node(0, fourth, "baseline", "baseline C", "a box in the middle,\nscore p"),
        "match": Node(2, fourth, "step 4", "match", f"annotated boxes,\nIoU > {ious}", "4.1, 4.2"),
        "curve": Node(3, fourth, "step 4", "precision, recall", "down the list\nof scores", "4.3"),
        "ap": Node(4, fourth, "step 4", "AP", "area under\nthe curve", "4.4"),
    }


def draw_pipeline(path: Path, results: Results) -> None:
    """Draw the way of plain Grad-CAM, and where the baseline C leaves it; the steps are those of the course."""
    nodes = nodes_of(results)
    with svg_figure(path, WIDTH, HEIGHT) as figure:
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, WIDTH), ylim=(HEIGHT, 0))
        axes.set_axis_off()
        for node in nodes.values():
            _box(axes, node)
        for row in (
            ("image", "preprocessing", "network", "features"),
            ("head", "gradient", "weights", "sum"),
            ("upsample", "threshold", "components", "boxes", "score"),
            ("match", "curve", "ap"),
        ):
            for start, end in pairwise(row):
                _beside(axes, nodes[start], nodes[end], INK)
        _beside(axes, nodes["centre"], nodes["match"], BLUE)
        _below(axes, nodes["features"], nodes["head"], INK, "A")
        _straight_down(axes, nodes["features"], nodes["sum"], "A")
        _below(axes, nodes["sum"], nodes["upsample"], INK, "raw map, h × w")
        _below(axes, nodes["score"], nodes["match"], INK, "boxes with scores")
        _probability(axes, nodes)
        _headings(axes, nodes)


def _box(axes: "Axes", node: Node) -> None:
    from matplotlib.patches import FancyBboxPatch

    left, top = node.x - BOX_WIDTH / 2, node.y - BOX_HEIGHT / 2
    baseline = node.part == "baseline"
    axes.add_patch(
        FancyBboxPatch(
            (left, top),
            BOX_WIDTH,
            BOX_HEIGHT,
            boxstyle="round,pad=0,rounding_size=0.06",
            facecolor=TINTS[node.part],
            edgecolor=BLUE if baseline else MUTED,
            linestyle=(0, (4, 2)) if baseline else "-",
            linewidth=0.8,
        )
    )
    axes.text(node.x, top + 0.17, node.title, ha="center", va="center", size=7.4, weight="bold")
    axes.text(node.x, top + 0.42, node.detail, ha="center", va="center", size=6.2, linespacing=1.25)
    if node.task:
        tag = {"facecolor": OURS, "edgecolor": "none", "boxstyle": "round,pad=0.22,rounding_size=0.3"}
        place = (left + BOX_WIDTH - 0.03, top)
        axes.text(*place, node.task, ha="right", va="center", size=5.6, weight="bold", color="white", bbox=tag)


def _arrow(axes: "Axes", points: list[tuple[float, float]], colour: str, dashed: bool = False) -> None:
    """A line through some points, with a head at its end."""
    line = (0, (4, 2)) if dashed else "-"
    xs, ys = zip(*points, strict=True)
    axes.plot(xs, ys, color=colour, linewidth=1.0, linestyle=line, solid_capstyle="butt")
    style = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.0, "mutation_scale": 8, "shrinkA": 0, "shrinkB": 0}
    (x0, y0), (x1, y1) = points[-2:]
    length = abs(x1 - x0) + abs(y1 - y0)
    tip = min(0.12, length) / length
    near = (x1 - tip * (x1 - x0), y1 - tip * (y1 - y0))
    axes.annotate("", (x1, y1), near, arrowprops=style)


def _beside(axes: "Axes", start: Node, end: Node, colour: str) -> None:
    points = [(start.x + BOX_WIDTH / 2, start.y), (end.x - BOX_WIDTH / 2, end.y)]
    _arrow(axes, points, colour, dashed=colour == BLUE)


def _straight_down(axes: "Axes", start: Node, end: Node, label: str) -> None:
    _arrow(axes, [(start.x, start.y + BOX_HEIGHT / 2), (end.x, end.y - BOX_HEIGHT / 2)], INK)
    _label(axes, start.x + 0.07, (start.y + end.y) / 2, label)


def _below(axes: "Axes", start: Node, end: Node, colour: str, label: str) -> None:
    """From the foot of one box into the gap below its row, and along it to the head of a box of the next row."""
    out, into = start.x - 0.2, end.x
    gap = end.y - BOX_HEIGHT / 2 - GAP
    points = [(out, start.y + BOX_HEIGHT / 2), (out, gap), (into, gap), (into, end.y - BOX_HEIGHT / 2)]
    _arrow(axes, points, colour)
    _label(axes, out - 0.07, gap - 0.08, label, side="right")


def _label(
    axes: "Axes", x: float, y: float, words: str, colour: str = INK, side: Literal["left", "right"] = "left"
) -> None:
    axes.text(x, y, words, ha=side, va="center", size=6.2, color=colour, style="italic")


def _probability(axes: "Axes", nodes: dict[str, Node]) -> None:
    """The probability's way: from the head to the score of the boxes, and to the baseline."""
    head, score, centre = nodes["head"], nodes["score"], nodes["centre"]
    foot, gap = head.y + BOX_HEIGHT / 2, head.y + BOX_HEIGHT / 2 + 0.14
    _arrow(axes, [(head.x, foot), (head.x, gap), (score.x, gap), (score.x, score.y - BOX_HEIGHT / 2)], BLUE, True)
    _label(axes, head.x + 0.1, gap + 0.09, "probability p", BLUE)
    edge = centre.x - BOX_WIDTH / 2
    margin = edge - 0.15
    _arrow(axes, [(edge, head.y), (margin, head.y), (margin, centre.y), (edge, centre.y)], BLUE, True)


def _headings(axes: "Axes", nodes: dict[str, Node]) -> None:
    """What each row is."""
    rows = {
        "image": "the image and the network",
        "head": "step 2: Grad-CAM",
        "upsample": "step 3: boxes",
        "match": "step 4: how good are they?",
    }
    for name, words in rows.items():
        node = nodes[name]
        above = 0.07 if name == "image" else GAP + 0.04  # the others stand on the line that leads to their first box
        place = (node.x - BOX_WIDTH / 2, node.y - BOX_HEIGHT / 2 - above)
        axes.text(*place, words, size=6.6, weight="bold", color=MUTED, va="bottom")
