"""`load`: a network by its name, its file, or itself."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from torch import nn

from gradcam_lab.api.checked import OUTPUT_NAMES, checked
from gradcam_lab.api.sentences import sentences
from gradcam_lab.models import zoo
from gradcam_lab.models.classifier import Activation, Classifier
from gradcam_lab.models.model_choice import Device, ModelChoice

Network = str | Path | nn.Module | Classifier
"""What is taken wherever a network is needed."""


@sentences()
@checked(classes=OUTPUT_NAMES)
def load(
    model: str | Path | nn.Module,
    weights: str | Path | None = None,
    *,
    classes: str | Path | Sequence[str] | None = None,
    groups: Mapping[str, Sequence[str | int]] | Sequence[str] | None = None,
    activation: Activation | None = None,
    size: int | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    layer: str | None = None,
    device: Device = "auto",
    batch: int | None = None,
) -> Classifier:
    """Load a network, with the names of its classes, its preprocessing, and the layer that Grad-CAM looks at.

    Everything but `model` may be left out: what the network or its weights say of themselves is taken, and the layer is
    found by a dry run.

    Args:
        model: `"embedded"` (a small network of drawings, which comes with the lab), a classification model of
            torchvision, `"timm:NAME"`, `"FILE.py:FUNCTION"`, a file of `gradcam-lab train`, of the EFEO exercise or of
            a state dict; or any `torch.nn.Module` that turns images (N, 3, H, W) into logits (N, C). Of a module a copy
            is taken, so yours stays as it is.
        weights: `"imagenet"`, or a file. Without it a model of torchvision or timm has ImageNet's, and all others their
            own.
        classes: the names of the outputs, or a file that holds them.
        groups: classes made of several outputs, such as `{"kangaroo": ["wallaby", "koala"]}`; or what `--group` takes.
        activation: `"softmax"` where exactly one class is true, `"sigmoid"` where several may be.
        size: height and width of the input in pixels.
        mean: of R, G and B, between 0 and 1, which is subtracted from the input.
        std: of R, G and B, by which the difference is divided.
        layer: the layer that Grad-CAM looks at, as in `named_modules()`.
        device: `"auto"`, `"cpu"`, `"cuda"` or `"mps"`.
        batch: images at once; half as many where the memory does not suffice.

    Returns:
        The network, for `locate`, `explain` and `run_all`.

    Raises:
        LabError: there is no such model, or something of it cannot be had, read or used.

    Examples:
        >>> import gradcam_lab as lab
        >>> net = lab.load("embedded")
        >>> net.class_names
        ('bird', 'boat', 'car', 'cat', 'dog', 'horse', 'person')
        >>> net.layer, net.grid
        ('layer4', (14, 14))

        A network of your own:

        >>> from torch import nn
        >>> features = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.ReLU())
        >>> own = nn.Sequential(features, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2))
        >>> net = lab.load(own, classes=["cat", "dog"], size=64)
        >>> net.layer, net.grid
        ('0', (31, 31))
    """
    words = _words(groups)
    if isinstance(model, nn.Module):
        return zoo.load(
            *(model, weights),
            classes=str(classes) if isinstance(classes, Path) else classes,
            groups=words,
            activation=activation,
            size=size,
            mean=mean,
            std=std,
            layer=layer,
            device=device,
            batch=batch,
        )
    choice = ModelChoice(
        *(str(model), None if weights is None else str(weights)),
        classes=_line(classes),
        groups=words,
        activation=activation,
        size=size,
        mean=_line(mean),
        std=_line(std),
        layer=layer,
        device=device,
        batch=batch,
    )
    return zoo.load_chosen(choice)


def loaded(network: Network) -> Classifier:
    """Return a network that may be loaded already."""
    return network if isinstance(network, Classifier) else load(network)


def _words(groups: Mapping[str, Sequence[str | int]] | Sequence[str] | None) -> tuple[str, ...]:
    """Write groups as `--group` takes them."""
    if isinstance(groups, Mapping):
        return tuple(f"{name}={','.join(map(str, members))}" for name, members in groups.items())
    return (groups,) if isinstance(groups, str) else tuple(groups or ())


def _line(values: str | Path | Sequence[str] | Sequence[float] | None) -> str | None:
    """Write values with commas between them, as an option of the command line takes them."""
    if values is None or isinstance(values, str | Path):
        return None if values is None else str(values)
    stream = io.StringIO()
    csv.writer(stream, lineterminator="").writerow(values)
    return stream.getvalue()
