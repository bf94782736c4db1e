"""The one place where the lab takes hold of the lessons."""

from dataclasses import dataclass
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from types import ModuleType

NAMES = ("step1_cam", "step2_gradcam", "step3_boxes", "step4_metrics")


@dataclass(frozen=True)
class Steps:
    """The modules that do the work, and which implementation each of them is."""

    cam: ModuleType
    gradcam: ModuleType
    boxes: ModuleType
    metrics: ModuleType
    implementation: dict[str, str]
    sha256: dict[str, str]


def load_steps(implementation: str = "reference") -> Steps:
    """Load the four steps.

    Args:
        implementation: "reference", the package's own lesson files.

    Raises:
        ValueError: there is no such implementation.
    """
    if implementation != "reference":
        raise ValueError(f"there is no implementation '{implementation}'")
    modules = [import_module(f"gradcam_lab.lessons.{name}") for name in NAMES]
    hashes = {name: _hash(module) for name, module in zip(NAMES, modules, strict=True)}
    cam, gradcam, boxes, metrics = modules
    return Steps(cam, gradcam, boxes, metrics, dict.fromkeys(NAMES, implementation), hashes)


def _hash(module: ModuleType) -> str:
    text = Path(str(module.__file__)).read_text(encoding="utf-8")  # universal newlines: a checkout may change them
    return sha256(text.encode()).hexdigest()
