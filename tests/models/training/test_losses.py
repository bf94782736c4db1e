"""The loss: which labels count, and that it is torch's cross-entropy of these."""

import pytest
import torch
from torch.nn import functional as F

from gradcam_lab.models.training.losses import mean_loss, number_of_labels, summed_loss

LABELS = torch.tensor([[1.0, torch.nan], [0.0, 1.0]])


def test_ignores_what_is_nan():
    logits = torch.tensor([[2.0, -1.0], [0.5, 3.0]], requires_grad=True)
    loss = summed_loss(logits, LABELS)
    known = F.binary_cross_entropy(torch.tensor([2.0, 0.5, 3.0]).sigmoid(), torch.tensor([1.0, 0.0, 1.0]))
    assert number_of_labels(LABELS) == 3
    assert loss.item() == pytest.approx(3 * known.item())
    assert mean_loss(logits.detach(), LABELS) == pytest.approx(known.item())
    loss.backward()
    assert logits.grad is not None
    assert logits.grad[0, 1] == 0
    assert (logits.grad[~LABELS.isnan()] != 0).all()


def test_numbers_of_classes_mean_a_softmax():
    logits, labels = torch.tensor([[2.0, -1.0, 0.0], [0.5, 3.0, 1.0]]), torch.tensor([2, 1])
    by_hand = -logits.softmax(dim=1)[[0, 1], [2, 1]].log().sum()
    assert summed_loss(logits, labels).item() == pytest.approx(by_hand.item())
    assert number_of_labels(labels) == 2


@pytest.mark.parametrize("labels", [LABELS[:0], torch.tensor([], dtype=torch.long)])
def test_no_image_has_no_loss(labels):
    assert summed_loss(torch.zeros(0, 2), labels).item() == number_of_labels(labels) == 0
