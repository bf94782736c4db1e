"""SmoothGrad on scores whose gradient is known."""

import pytest
import torch
from torch import nn

from gradcam_lab.localise import smoothgrad as smoothing
from gradcam_lab.localise.smoothgrad import NOISE, smoothgrad
from tests.networks import images, seeded


def test_of_a_linear_score_is_the_gradient_itself(lessons):
    network = seeded(nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 4)))
    image = images(1, 8, 8)
    gradient = lessons.gradcam.input_gradient(network, image, 2)
    smooth = smoothgrad(lessons.gradcam.input_gradient, network, image, lambda z: z[:, 2], copies=7)
    torch.testing.assert_close(smooth, gradient)


def test_its_noise_is_a_fraction_of_the_images_range(lessons):
    """The gradient of the sum of squares is twice the pixel, so the mean of the noise can be read off."""
    image = images(1, 40, 40) * 3
    smooth = smoothgrad(lessons.gradcam.input_gradient, nn.Flatten(), image, lambda z: (z**2).sum(dim=1), copies=25)
    mean_noise = smooth / 2 - image
    expected = NOISE * float(image.max() - image.min()) / 25**0.5
    assert float(mean_noise.std()) == pytest.approx(expected, rel=0.05)
    assert abs(float(mean_noise.mean())) < 4 * expected / image.numel() ** 0.5


def test_depends_on_the_seed_and_on_nothing_else(lessons, monkeypatch):
    def smooth(seed):
        torch.rand(1)
        square = lambda z: (z**3).sum(dim=1)  # noqa: E731
        return smoothgrad(lessons.gradcam.input_gradient, nn.Flatten(), images(1, 8, 8), square, copies=6, seed=seed)

    first = smooth(1)
    assert torch.equal(first, smooth(1))
    assert not torch.allclose(first, smooth(2))
    monkeypatch.setattr(smoothing, "BATCH", 1)
    torch.testing.assert_close(first, smooth(1))


def test_without_copies_is_refused(lessons):
    with pytest.raises(ValueError, match="at least 1 copy, not 0"):
        smoothgrad(lessons.gradcam.input_gradient, nn.Flatten(), images(1), lambda z: z.sum(dim=1), copies=0)
