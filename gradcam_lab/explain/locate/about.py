"""What is said of the work: in `boxes.json`, before it begins, and of each of a few photos."""

import platform
from importlib.metadata import version

from gradcam_lab import __version__
from gradcam_lab.explain.describe import BOX
from gradcam_lab.explain.locate.found import Found
from gradcam_lab.explain.locate.locator import Located, Locator
from gradcam_lab.explain.locate.outputs.output import About
from gradcam_lab.report.text.alignment import OVERLAID

SCHEMA = 1
"""Of `boxes.json`; another number for another meaning."""


def about(locator: Locator, first: Located | None) -> About:
    """Return what `boxes.json` says of the network and the request.

    Args:
        locator: which has found it.
        first: a photo whose maps' grid is said; one that could not be used, or None, where there is no other.
    """
    model, request = locator.classifier, locator.request
    grid = first.classes[0].cam.shape if isinstance(first, Found) else model.grid
    facts = {
        "schema": SCHEMA,
        "box": BOX,
        "network": model.name,
        "weights": model.metadata.get("weights"),
        "weights_sha256": model.sha256,
        "activation": model.activation,
        "input_size": model.preprocessing.size,
        "layer": model.layer_name,
        "layer_reason": model.layer_reason,
        "shared_at": locator.mapper.earlier or None,
        "grid": list(grid),
        "method": request.method,
        "threshold": request.threshold,
        "threshold_from": request.threshold_from,
        "min_area": request.min_area,
        "alignment": locator.known.facts(model.preprocessing.size, OVERLAID),
        "boxes_moved_by": request.shift and request.shift._asdict(),
        "classes": list(request.classes) or None,
        "top": None if request.classes else request.top,
        "versions": {
            "gradcam_lab": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "torchvision", "numpy")},
            "opencv": version("opencv-python-headless"),
        },
    }
    return About(locator.mapper.names, locator.mapper.number_of, facts)


def headlines(locator: Locator) -> list[str]:
    """Say which network, layer and threshold find the boxes, and why these."""
    model, request = locator.classifier, locator.request
    earlier = locator.mapper.earlier
    aside = locator.known.sentence(model.preprocessing.size, OVERLAID)
    shared = [f"The heat is shared at {earlier}, which is finer."] if earlier else []
    return [
        f"{model.name} at layer {model.about_layer}",
        *shared,
        f"{request.how.title}, threshold{f' {request.threshold:g}' if request.how.grid else ''}: "
        f"{request.threshold_from}",
        *([aside] if aside else []),
    ]


def line_of(found: Found) -> str:
    """Say what was found in one photo.

    Examples:
        >>> import numpy as np
        >>> from pathlib import Path
        >>> from gradcam_lab.explain.locate.found import FoundClass
        >>> dog = FoundClass("dog", (3,), 0.957, np.zeros((7, 7)), np.array([[1, 1, 9, 9, 0.957]]))
        >>> line_of(Found(Path("photos/rex.jpg"), (20, 10), (dog,), 0.2))
        'photos/rex.jpg: dog 0.957 (1 box)'
    """
    parts = [
        f"{one.name} {one.probability:.3f} ({len(one.boxes) or 'no'} box{'' if len(one.boxes) == 1 else 'es'})"
        for one in found.classes
    ]
    return f"{found.path}: {', '.join(parts)}"
