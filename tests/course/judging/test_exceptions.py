"""What a student is told of an exception: the whole message, the line with a caret, the shapes, and a likely reason."""

import re
from pathlib import Path

import pytest

from gradcam_lab.course.authoring import cut
from gradcam_lab.course.judging.exception_reasons import likely_reason
from gradcam_lab.course.judging.troubles import Trouble
from gradcam_lab.course.judging.verdicts import Status
from tests.students import step_of

BODIES = {
    "no batch axis": ("1.1", "return network(image).softmax(0)", "mat1 and mat2", "`image` is one image (3, H, W)"),
    "weights not broadcast": (
        "2.2",
        "return (weights * features).sum(1).relu()",
        "size of tensor",
        "weights[:, :, None, None]",
    ),
    "one weight a channel not broadcast": (
        "1.3",
        "w = weight[class_index]\nreturn (w * features).sum(dim=1)",
        "size of tensor",
        "`w` has 1 axis and is not broadcast over the grid: axes are lined up from the last one on, so append the "
        "missing ones, as in w[:, None, None]",
    ),
    "arrays not broadcast": (
        "4.1",
        "return a[:, :2] + np.ones((7, 3))",
        "broadcast",
        "lined up from the last one on",
    ),
    "bool mask for OpenCV": (
        "3.3",
        "return cv2.connectedComponentsWithStats(mask.astype(bool))[2]",
        "cv2.error: OpenCV",
        "OpenCV knows no bool",
    ),
    "tensor for OpenCV": (
        "1.4a",
        "t = torch.ones(3, 3)\nreturn cv2.resize(t, (4, 4))",
        "",
        "`t` is a tensor: give it t.numpy()",
    ),
    "float size for OpenCV": ("1.4a", "return cv2.resize(heatmap.astype(float), (4.5, 4.0))", "", "whole numbers"),
    "int64 for OpenCV": (
        "1.4a",
        "a = np.ones((9, 9), int)\nreturn cv2.applyColorMap(a, 2)",
        "",
        "OpenCV knows no int64 here (`a`)",
    ),
    "float index": ("1.3", "return features[:, features.shape[1] / 2]", "", "use `//`"),
    "float slice": ("4.4", "return recall[: len(recall) / 2]", "slice indices", "use `//`"),
    "float index from an array": (
        "4.4",
        "first = np.floor(recall * 0).tolist()\nreturn [precision[i] for i in first] # and/or",
        "only integers",
        "comes from a float array, or from its .tolist(), is a float: take int(...)",
    ),
    "a tensor of floats as an index": (
        "1.3",
        "return features[:, weight[0]]",
        "indices must be",
        "or .long() of a whole",
    ),
    "graph freed": (
        "2.7",
        "x = images.clone().requires_grad_()\ns = (x * x).sum()\ns.backward()\ns.backward()",
        "Specify retain_graph=True",
        "retain_graph=True in all calls but the last",
    ),
    "in place on a leaf": (
        "2.7",
        "x = images.detach().clone().requires_grad_()\nwith torch.enable_grad():\n    x += 1",
        "leaf Variable",
        ".detach().clone()",
    ),
    "overwritten for the gradient": (
        "2.7",
        "x = images.clone().requires_grad_()\ny = x.exp()\ny += 1\ny.sum().backward()",
        "Hint:",
        "something was overwritten",
    ),
    "numpy of a tensor that requires the gradient": (
        "2.1",
        "return gradients.clone().requires_grad_().numpy()",
        "Use tensor.detach().numpy() instead",
        ".detach().numpy()",
    ),
    "no gradient": (
        "2.7",
        "return torch.autograd.grad(images.detach().sum(), images)",
        "does not require grad",
        "torch.no_grad()",
    ),
    "unused in the graph": (
        "2.7",
        "x, y = (images.clone().requires_grad_() for _ in range(2))\nreturn torch.autograd.grad(x.sum(), y)",
        "not have been used in the graph",
        "do not depend on this tensor",
    ),
    "gradient of many numbers": (
        "2.7",
        "x = images.clone().requires_grad_()\nreturn torch.autograd.grad(x * 2, x)",
        "scalar outputs",
        "sum the scores first",
    ),
    "None used": ("2.2", "w = None\nreturn w.sum()", "'NoneType' object", "what stands before `.sum` is None"),
    "None returned": ("1.3", "maps = weight[class_index]", "", "a `return` is missing"),
    "None in a sum": ("2.2", "return None * features", "NoneType", "a function without a `return`"),
    "dtypes in a product": ("1.3", "return features.double()[0, 0, :, :1] @ weight[:1]", "", "x.to(y.dtype)"),
    "mean of whole numbers": ("2.1", "return gradients.long().mean(dim=(2, 3))", "Long", ".float() first"),
    "matrix product": ("1.3", "return weight @ weight.new_ones(99, 2)", "mat1 and mat2", "(n, k) @ (k, m)"),
    "matrix product of arrays": (
        "4.1",
        "return np.ones((3, 4)) @ np.ones((3, 4))",
        "core dimension",
        "(n, k) @ (k, m)",
    ),
    "einsum": ("1.3", 'return torch.einsum("k,nk->n", weight[0], features)', "einsum", "one letter an axis"),
    "index out of range": ("1.1", "return [class_names[i] for i in range(99)]", "list index", "the length minus 1"),
    "index of a tensor out of range": ("1.3", "return features[:, 99]", "out of bounds", "the length minus 1"),
    "no such axis": ("1.3", "return features.sum(dim=9)", "Dimension out of range", "axes are counted from 0"),
    "a mask of another shape": ("3.1", "return heatmap[np.ones((1, 1), bool)]", "boolean index", "compare both shapes"),
    "unknown attribute of a tensor": ("2.1", "return gradients.astype(float)", "astype", "which is NumPy's: use .to"),
    "unknown attribute of an array": ("4.1", "return a.clone()", "clone", "which is torch's"),
    "attribute of a list": ("1.1", "return list(image).shape", "'list'", "this is a plain list"),
    "unknown function of a library": ("2.1", "return torch.meen(gradients)", "meen", "torch has no function `meen`"),
    "unknown name": ("2.1", "return gradient.mean(dim=(2, 3))", "name 'gradient'", "nowhere defined"),
    "missing import": (
        "2.1",
        "return np.mean(gradients.numpy(), axis=(2, 3))",
        "name 'np'",
        "'import numpy as np' at the top",
    ),
    "assigned in a branch": ("2.1", "if gradients is None:\n    x = 1\nreturn x", "x", "assigned only in a branch"),
    "wrong arguments": (
        "2.1",
        "def mean(x, axis):\n    return x\nreturn mean(gradients)",
        "missing 1 required positional argument: 'axis'",
        "compare the call with its `def` line",
    ),
    "not callable": ("2.1", "return gradients(2, 3)", "not callable", "square brackets"),
    "missing module": (
        "2.1",
        "import helpers_of_mine\nreturn 1",
        "helpers_of_mine",
        "no file helpers_of_mine.py beside",
    ),
    "ambiguous truth": ("2.1", "if gradients > 0:\n    return 1", "ambiguous", ".any() or .all()"),
    "one number is asked for": ("2.1", "return float(gradients)", "", "one number is asked for"),
    "view": ("2.1", "return gradients.transpose(1, 2).view(-1)", "Use .reshape(...) instead", ".reshape(...) in place"),
    "reshape": ("2.1", "return gradients.reshape(7, 999)", "invalid for input of size", "write -1 for one"),
    "empty": ("1.4a", "return heatmap[:0].max()", "zero-size array", "ask first whether it is empty"),
    "unpacking": ("2.1", "n, k = gradients.shape\nreturn n", "too many values to unpack", "not equally many"),
    "negative strides": ("1.4a", "return torch.from_numpy(heatmap[::-1])", "negative", "append .copy()"),
    "rows of different lengths": ("4.1", "return np.array([[1, 2], [3]])", "inhomogeneous", "not equally long"),
    "in place on whole numbers": ("4.1", "a = np.ones(3, int)\na += 0.5\nreturn a", "Cannot cast", "a = a + b"),
    "no such key": ("2.1", "return {}['mean']", "KeyError: 'mean'", "no such key"),
    "division by zero": ("2.1", "return 1 / 0", "ZeroDivisionError", "the divisor is 0"),
}
"""The mark, a body, words of the message (the remedy in it, where it has one), and words of the reason."""


@pytest.fixture
def verdict(judge):
    """Judge a body: the first verdict of its task that did not pass."""

    def judged(mark, body):
        step = step_of(mark)
        checks = step.checks_of(mark.rstrip("abc"))
        source = cut.graft(step.source, {mark: body})
        return next(
            v for v in judge.judge(step, source, Path("lab") / step.file, checks=checks) if v.status != "passed"
        )

    return judged


@pytest.mark.parametrize("name", BODIES)
def test_the_usual_mistakes_have_a_reason_and_the_message_its_remedy(name, verdict):
    mark, body, message, reason = BODIES[name]
    found = verdict(mark, body)
    if name != "None returned":  # which a check may notice itself
        assert found.status is Status.error, found
    assert message in found.got, found
    assert reason in f"{found.got} {found.reason}", found


@pytest.mark.parametrize(
    ("number", "old", "new"),
    [
        ("2", "def channel_weights(gradients: Tensor)", "def channel_weights(gradients: Tensor, eps)"),
        ("3", "max_overlap: float = 0.5,\n) ->", "max_overlap: float = 0.5,\n    mode,\n) ->"),
        ("1", "k: int = 5, activation", "top: int = 5, activation"),
    ],
)
def test_another_def_line_is_named_as_what_it_is(number, old, new, judge):
    step = step_of(number)
    assert step.source.count(old) == 1
    verdicts = list(judge.judge(step, step.source.replace(old, new), Path(step.file)))
    (verdict, *_) = [verdict for verdict in verdicts if verdict.status is not Status.passed]
    assert "leave this line as it was; a further parameter needs a default" in verdict.reason


def test_grad_of_a_tensor_that_is_no_leaf_is_none(verdict):
    body = "x = images.clone().requires_grad_() * 2\nx.sum().backward()\nreturn x.grad.mean()"
    assert "it is the `.grad` of a tensor that is no leaf" in verdict("2.7", body).reason


def test_the_line_has_a_caret_and_the_shapes_stand_below(verdict):
    found = verdict("2.2", "größe = 3\nreturn größe * (weights * features).sum(dim=1).relu()")
    step = step_of("2")
    line = next(n for n, row in enumerate(step.source.splitlines(), 1) if "BEGIN SOLUTION 2.2" in row) + 2
    assert (found.file, found.line, found.function) == (step.file, line, "weighted_map")
    assert found.code == [
        f"step2_gradcam.py, line {line}, in weighted_map:",
        "    return größe * (weights * features).sum(dim=1).relu()",
        "                    ^^^^^^^^^^^^^^^^^^",
    ]
    assert [row.partition(": shape")[0] for row in found.variables] == ["features", "weights", "größe: 3"]
    assert any(row.startswith("weights: shape (") for row in found.inputs)


def test_a_record_among_the_inputs_is_shown_by_its_fields(verdict):
    (row,) = [row for row in verdict("4.2", "return 1 / 0").inputs if row.startswith("truth: ")]
    assert re.match(
        r"truth: GroundTruth\(boxes: shape \(\d, 4\), float64.*, difficult: shape \(\d,\), bool: \[False", row
    )


def test_a_record_that_holds_itself_is_shown_once(verdict):
    body = """
from dataclasses import dataclass
@dataclass
class Node:
    size: int
    next: object = None
    def __repr__(self):
        raise SystemExit
node = Node(3)
node.next = node
nodes = [node]
return len(nodes) / 0
"""
    assert "nodes: [Node(size: 3, next: a value of type Node)]" in verdict("2.1", body).variables


def test_the_way_to_the_line_is_short_and_has_no_frames_of_ours(verdict):
    body = "def f(n):\n    return f(n - 1) if n else torch.ones(2) @ torch.ones(3)\nreturn f(20)"
    found = verdict("2.1", body)
    assert len([row for row in found.code if row.startswith("step2_gradcam.py, line ")]) == 3
    assert found.code[0].endswith("in channel_weights:")
    assert all("checking" not in row and "worker" not in row for row in found.code)


def test_lines_of_the_reference_are_not_quoted(verdict):
    """The reference stands in for the other tasks: what goes wrong inside it is told at the student's call."""
    step = step_of("2")
    body = "return weighted_map(torch.ones(2, 3, 4, 4), torch.ones(7, 7))"
    found = verdict("2.6", body)
    assert found.code[-2].strip() == body
    secret = (cut.unit_text(step.source, "weighted_map") or "").splitlines()[-2].strip()
    assert not any(secret in row for row in found.code)


def test_a_syntax_error_is_shown(judge):
    step = step_of("2")
    source = step.source.replace("    ### BEGIN SOLUTION 2.1\n", "    x = = 3\n")
    found = next(judge.judge(step, source, Path(step.file), checks=step.checks_of("2.2")))
    assert found.got == f"step2_gradcam.py, line {found.line}: invalid syntax"
    assert found.code == [f"step2_gradcam.py, line {found.line}:", "    x = = 3", "        ^"]


def test_a_nul_byte_is_found(judge):
    step = step_of("2")
    source = step.source.replace("    ### BEGIN SOLUTION 2.1\n", "    x = 3\0\n")
    line = next(n for n, row in enumerate(source.splitlines(), 1) if "\0" in row)
    found = next(judge.judge(step, source, Path(step.file), checks=step.checks_of("2.2")))
    assert found.got == f"step2_gradcam.py, line {line}: source code string cannot contain null bytes"
    assert found.reason.startswith("this line holds a NUL byte")
    assert (found.file, found.line, found.code) == (step.file, line, [])


def test_work_below_a_forgotten_raise_is_said(judge):
    step = step_of("2")
    todo = 'raise NotImplementedError("task 2.1: channel_weights")'
    source = cut.graft(step.source, {"2.1": f"{todo}\nreturn gradients.mean(dim=(2, 3))"})
    line = next(n for n, row in enumerate(source.splitlines(), 1) if todo in row)
    found = next(judge.judge(step, source, Path(step.file), checks=step.checks_of("2.1")))
    assert found.status is Status.error
    assert "still stands above your code" in found.got
    assert found.reason == f"delete line {line} of step2_gradcam.py: what is below it is never run"
    unwritten = cut.graft(step.source, {"2.1": todo})
    assert (
        next(judge.judge(step, unwritten, Path(step.file), checks=step.checks_of("2.1"))).status is Status.not_started
    )


def test_an_exception_of_the_students_own_that_cannot_be_printed(verdict):
    found = verdict("2.1", "class Mine(Exception):\n    __str__ = None\nraise Mine('a')")
    assert (found.status, found.got) == (Status.error, "Mine")


def test_what_fits_no_reason_has_none():
    assert likely_reason(Trouble("Mine", "something")) == ""
