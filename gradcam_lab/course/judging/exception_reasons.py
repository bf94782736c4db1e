"""The likely reasons of exceptions: what beginners meet most, by the words of Python, torch, NumPy and OpenCV."""

import re
from collections.abc import Callable

from gradcam_lab.course.judging.troubles import (
    Trouble,
    arguments,
    dtype,
    float_index,
    missing_module,
    no_batch_axis,
    none_used,
    not_broadcast,
    opencv,
    product,
    unknown_attribute,
    unknown_name,
)

Sentence = str | Callable[[Trouble, "re.Match[str]"], str]
"""The reason, or a function that finds it; "" where it does not fit after all."""


def likely_reason(trouble: Trouble) -> str:
    """The likely reason of an exception and what to do; "" where the exception says it all."""
    for kinds, words, sentence in REASONS:
        match = re.search(words, trouble.message, re.DOTALL)
        if match and (not kinds or trouble.kind in kinds.split()):
            found = sentence if isinstance(sentence, str) else sentence(trouble, match)
            if found:
                return found
    return ""


EMPTY = "nothing is left in it: ask first whether it is empty (size, numel() or len is 0), and say what comes then"
AMBIGUOUS = (
    "a whole array is no yes or no: say .any() or .all(), and combine masks by & and |, with brackets around each"
)

REASONS: list[tuple[str, str, Sentence]] = [
    # the batch axis, before the products and axes that it upsets
    (
        "",
        r"mat1 and mat2|expected \dD|Expected \dD|Dimension out of range|size mismatch|to have \d+ channels",
        no_batch_axis,
    ),
    ("RuntimeError", r"size of tensor a \(\d+\) must match the size of tensor b", not_broadcast),
    ("ValueError", r"operands could not be broadcast|shapes? mismatch|non-broadcastable", not_broadcast),
    (
        "RuntimeError ValueError",
        r"mat1 and mat2|mat1 dim|size mismatch|core dimension|not aligned|batch2 tensor",
        product,
    ),
    (
        "RuntimeError ValueError",
        r"einsum",
        "einsum wants one letter an axis, and one length a letter: compare the letters with the arguments' shapes",
    ),
    # autograd
    (
        "RuntimeError",
        r"backward through the graph a second time",
        "the graph is freed after its first use: take both gradients in one torch.autograd.grad, or say "
        "retain_graph=True in all calls but the last",
    ),
    (
        "RuntimeError",
        r"leaf (Variable|variable).*in-place",
        "a method whose name ends in an underscore, `+=` or an assignment to a part changes a tensor that requires the "
        "gradient: make a new one, or work on .detach().clone()",
    ),
    (
        "RuntimeError",
        r"modified by an inplace operation",
        "something was overwritten that the gradient still needs: replace `+=`, and methods whose names end in an "
        "underscore, or go on with a .clone()",
    ),
    (
        "RuntimeError",
        r"[Cc]an't call numpy\(\)|requires grad.*numpy",
        "it has a history of gradients: .detach().numpy()",
    ),
    (
        "RuntimeError",
        r"does not require grad and does not have a grad_fn",
        "nothing here has a gradient: was the forward pass run under torch.no_grad(), or was .detach() said too early?",
    ),
    (
        "RuntimeError",
        r"appears to not have been used in the graph",
        "the scores do not depend on this tensor: take the gradient by the very tensor that the network went on with, "
        "not a copy made of it before or after",
    ),
    (
        "RuntimeError",
        r"can be implicitly created only for scalar",
        "a gradient is taken of one number: sum the scores first, as in scores.sum()",
    ),
    # kinds of numbers
    (
        "RuntimeError",
        r"same dtype|expected scalar type|should be the same|dtype mismatch|[Ii]nput type .* weight type",
        dtype,
    ),
    (
        "RuntimeError",
        r"could not infer output dtype|only floating|floating point or complex",
        "whole numbers have no mean: .float() first",
    ),
    (
        "UFuncTypeError _UFuncOutputCastingError TypeError",
        r"Cannot cast ufunc",
        "an array keeps its type when it is changed in place: write a = a + b, or make it .astype(float) first",
    ),
    # OpenCV
    ("error", r"", opencv),
    # indices
    (
        "TypeError IndexError",
        r"slice indices must be integers|only integers, slices|cannot be interpreted as an integer|integer tensors of a"
        r"|indices must be integers|(?:arrays|tensors) used as indices must be",
        float_index,
    ),
    (
        "IndexError",
        r"Dimension out of range|axis \d+ is out of bounds|too many indices",
        "there is no such axis: axes are counted from 0, and -1 is the last; compare with the shape",
    ),
    ("AxisError", r"", "there is no such axis: axes are counted from 0, and -1 is the last; compare with the shape"),
    (
        "IndexError",
        r"boolean index did not match|shape of the mask",
        "a mask must have the shape of what it chooses from: compare both shapes",
    ),
    (
        "IndexError",
        r"out of (bounds|range)",
        "the last index is the length minus 1: does the loop go one too far, is the list empty, or is it another axis?",
    ),
    ("KeyError", r"", "there is no such key: print the keys, or ask by .get(...)"),
    # names
    ("UnboundLocalError", r"'(\w+)'", "it is assigned only in a branch or a loop that was not run, or further down"),
    ("NameError", r"name '(\w+)'", unknown_name),
    ("AttributeError", r"'([\w.]+)' object has no attribute '(\w+)'", unknown_attribute),
    (
        "AttributeError",
        r"module '([\w.]+)' has no attribute '(\w+)'",
        lambda trouble, match: (
            f"{match[1]} has no function `{match[2]}`: see its spelling in the library's documentation"
        ),
    ),
    ("TypeError", r"NoneType", none_used),
    ("TypeError", r"(\w+)\(\) (?:missing|takes|got) ", arguments),
    (
        "TypeError",
        r"not callable",
        "a value stands before the round brackets, not a function: is one of your variables called like the function, "
        "or are square brackets meant?",
    ),
    ("ModuleNotFoundError", r"No module named '([\w.]+)'", missing_module),
    (
        "ImportError",
        r"cannot import name '(\w+)'",
        lambda trouble, match: f"the module has no `{match[1]}`: see its spelling",
    ),
    # shapes and lists
    ("ValueError RuntimeError", r"is ambiguous", AMBIGUOUS),
    (
        "ValueError RuntimeError TypeError",
        r"only one element tensors|can only be converted|length-1 arrays|Tensor with \d+ elements cannot be converted",
        "one number is asked for, and this holds many: choose one by its index, or .sum(), .mean(), .max() first",
    ),
    (
        "RuntimeError",
        r"view size is not compatible",
        "the numbers do not lie in this order in memory: .reshape(...) in place of .view(...)",
    ),
    (
        "RuntimeError ValueError",
        r"is invalid for input of size|cannot reshape",
        "the product of the new lengths must be the number of elements: write -1 for one of them",
    ),
    (
        "ValueError RuntimeError",
        r"zero-size array|numel\(\) == 0|need at least one array|non-empty|is empty|empty sequence",
        EMPTY,
    ),
    (
        "ValueError",
        r"values to unpack",
        "left and right of the `=` are not equally many: look at the length, or the shape, of the right side",
    ),
    (
        "ValueError",
        r"step must be greater than zero",
        "torch cannot count backwards, as NumPy does in [::-1]: .flip(0), or sort with descending=True",
    ),
    (
        "ValueError",
        r"strides.*negative|negative.*strides?",
        "torch takes no array that was turned round by [::-1]: append .copy()",
    ),
    (
        "ValueError",
        r"inhomogeneous|setting an array element",
        "the rows are not equally long, so they make no array: look at each one's length",
    ),
    (
        "TypeError",
        r"expected np.ndarray|must be (a )?Tensor|expected Tensor|must be real number",
        "it is of another kind than this function takes: convert first (torch.tensor, np.array, .numpy(), float)",
    ),
    (
        "TypeError",
        r"unsupported operand",
        "these two kinds have no such operation: is one of them a list, a word or a function?",
    ),
    ("ZeroDivisionError", r"", "the divisor is 0 for some inputs: ask first, and say what comes then"),
    ("NotImplementedError", r"", "a `raise NotImplementedError` is still in the way: take it out"),
    ("AssertionError", r"", "an `assert` of yours does not hold for this input"),
]
"""Classes of exceptions by their names ("" for any), words of the message, and the reason; the first that fits."""
