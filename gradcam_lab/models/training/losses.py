"""The loss of a training.

Labels of classes that may occur together are numbers, shape (N, C): 1 where the class is there, 0 where not, NaN where
the label does not count. Labels of which exactly one is true are class indices, shape (N,).
"""

from torch import Tensor
from torch.nn import functional as F


def summed_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Sum the cross-entropy over all labels that count: binary for numbers, of the softmax for class indices."""
    if not labels.is_floating_point():
        return F.cross_entropy(logits, labels, reduction="sum")
    known = ~labels.isnan()
    return F.binary_cross_entropy_with_logits(logits[known], labels[known], reduction="sum")


def number_of_labels(labels: Tensor) -> int:
    """Return the number of labels that count."""
    return int((~labels.isnan()).sum()) if labels.is_floating_point() else len(labels)


def mean_loss(logits: Tensor, labels: Tensor) -> float:
    """Return the mean loss over all labels that count."""
    return summed_loss(logits, labels).item() / max(number_of_labels(labels), 1)
