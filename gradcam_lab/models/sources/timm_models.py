"""timm's models, where timm is installed: `timm:NAME`."""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from gradcam_lab.errors import LabError
from gradcam_lab.models.classifier import Preprocessing
from gradcam_lab.models.model_choice import IMAGENET
from gradcam_lab.models.sources.draft import Draft
from gradcam_lab.models.sources.fitting_weights import fit_weights
from gradcam_lab.vision import torchvision

PREFIX = "timm:"


def timm() -> ModuleType:
    """Import timm.

    Raises:
        LabError: it is not installed.
    """
    torchvision()  # timm imports it, which fails beside a CPU build of torch unless it was done as `vision` does it
    try:
        import timm
    except ImportError as error:
        raise LabError("timm:NAME needs the package timm: install it by pip install 'gradcam-lab[timm]'.") from error
    return timm


def load_timm(name: str, weights: str, size: int | None = None) -> Draft:
    """Return a model of timm.

    Args:
        name: as `timm.create_model` takes it, such as `vit_small_patch16_224` or one with a tag behind a dot.
        weights: `imagenet` for those that timm offers, or a file of a state dict with any number of outputs.
        size: height and width of the input in pixels, for a model that is built for one.

    Raises:
        LabError: there is no such model, or the weights cannot be had or do not fit.
    """
    library = timm()
    if weights == IMAGENET:
        network, shown = _created(library, name, size, pretrained=True), IMAGENET
    else:
        network = fit_weights(
            Path(weights), f"{PREFIX}{name}", lambda outputs: _created(library, name, size, num_classes=outputs)
        )
        shown = Path(weights).name
    draft = Draft(f"{PREFIX}{name}", network, preprocessing_of(network), metadata={"weights": shown})
    return draft if weights != IMAGENET else _named(library, draft)


def preprocessing_of(network: nn.Module) -> Preprocessing:
    """Return the size, mean and standard deviation of a model of timm."""
    settings = timm().data.resolve_model_data_config(network)
    return Preprocessing(int(settings["input_size"][-1]), tuple(settings["mean"]), tuple(settings["std"]))


def _named(library: ModuleType, draft: Draft) -> Draft:
    """Name the outputs of timm's own weights for other sets of ImageNet's classes than the usual 1000."""
    from dataclasses import replace

    outputs = getattr(draft.network, "num_classes", 0)
    subset = library.data.infer_imagenet_subset(draft.network) if outputs != 1000 else None
    if not subset:
        return draft
    info = library.data.ImageNetInfo(subset)
    return replace(draft, classes=tuple(info.index_to_description(index) for index in range(outputs)))


def _created(library: ModuleType, name: str, size: int | None, **options: Any) -> nn.Module:
    """Create a model.

    Raises:
        LabError: there is none of this name, or timm's weights of it cannot be had.
    """
    sizes: Mapping[str, Any] = {"img_size": size} if size else {}
    try:
        return library.create_model(name, **options, **sizes)
    except TypeError:
        if not sizes:
            raise
        return _created(library, name, None, **options)  # its convolutions take any size
    except Exception as error:  # what fails on the way to the hub and back are a dozen kinds of error
        if "Unknown model" in str(error) or isinstance(error, ValueError | AssertionError):
            raise LabError(f"timm has no model '{name}': {_proposal(library, name)}") from error
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise LabError(
            f"timm's weights of '{name}' could not be had ({first[:160]}): go online, or give a state dict by "
            "--weights FILE."
        ) from error


def _proposal(library: ModuleType, name: str) -> str:
    near = get_close_matches(name, library.list_models(), n=3, cutoff=0.5)
    return f"did you mean {' or '.join(near)}?" if near else "see timm.list_models()."
