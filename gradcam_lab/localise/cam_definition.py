"""Whether CAM is defined for a network: only an average stands between its last feature map and its one linear layer.

A network may have one linear layer and yet not end so. The definition itself decides: the mean of a class's map plus
its bias must be its logit.
"""

import torch
from torch import Tensor, nn

from gradcam_lab.errors import is_out_of_memory
from gradcam_lab.lesson_modules import load_lessons
from gradcam_lab.models.classifier import Classifier


def why_no_cam(network: nn.Module, image: Tensor) -> str | None:
    """Say in a clause why step 1's CAM is not defined for a network; None where it is.

    The reference's step 1 is asked, so that a student's mistake in it is never taken for the network's.

    Args:
        network: in eval mode.
        image: preprocessed, shape (1, 3, H, W).
    """
    cam = load_lessons().cam
    with torch.no_grad():
        logits = network(image)[0].float()
    best = int(logits.argmax())
    try:
        layer = cam.linear_layer(network)
    except ValueError as error:
        return str(error)
    try:
        maps = cam.class_activation_map(network, image, best)
        logit = maps.float().mean() + (layer.bias[best] if layer.bias is not None else 0)
    except Exception as error:
        # Called one after the other, the parts of anybody's network may raise anything.
        if is_out_of_memory(error):
            raise
        return "the network's parts do not run in the order in which they are listed"
    return (
        None
        if _equal(logit, logits[best])
        else "something stands between its last feature map, the average and the linear layer"
    )


def ends_in_cam(classifier: Classifier) -> bool:
    """Say whether CAM is defined at the classifier's layer: its average and the one linear layer give the logits.

    Raises:
        ValueError: the network has no linear layer or several.
    """
    network, size = classifier.network, classifier.preprocessing.size
    linear = load_lessons().cam.linear_layer(network)
    noted: list[Tensor] = []
    image = torch.randn(1, 3, size, size, generator=torch.Generator().manual_seed(0)).to(linear.weight)
    hook = network.get_submodule(classifier.layer).register_forward_hook(
        lambda layer, given, out: noted.append(out.clone())
    )
    with hook, torch.no_grad():
        logits = network(image)
        if noted[0].shape[1] != linear.in_features:
            return False
        return _equal(linear(noted[0].mean(dim=(2, 3))), logits)


def _equal(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and torch.allclose(a.float(), b.float(), rtol=1e-3, atol=1e-3)
