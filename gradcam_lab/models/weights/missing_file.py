"""The sentence about a file of weights that is not there, which says where the EFEO exercise offers its own."""

from pathlib import Path

from gradcam_lab.errors import LabError

OFFERED = {
    "model_at_epoch_019.pth.tar": (
        "https://efeo-misc.s3.eu-west-1.amazonaws.com/hiring_test_2023/model_at_epoch_019.pth.tar",
        "https://sharedocs.huma-num.fr/wl/?id=zIfive7ZymGf6vRZJiskKBCFXiOURaeq",
    ),
    "model_at_epoch_019_compatible.pt": (
        "https://efeo-misc.s3.eu-west-1.amazonaws.com/hiring_test_2023/model_at_epoch_019_compatible.pt",
        "https://sharedocs.huma-num.fr/wl/?id=58zGDaRFcxczvZY6RK0K8TDnGKcIHOSw",
    ),
}
"""The checkpoints of the EFEO exercise, and where its two texts offer them; the second is in the old serialisation."""


def missing_file(path: Path, option: str) -> LabError:
    """Return the error about a file that is not there, or is a folder.

    Args:
        path: the file.
        option: by which the user named it.
    """
    if path.is_dir():
        return LabError(f"'{path}' is a folder{_in_folder(path)}: give {option} the name of a file of weights.")
    best = path.with_name("best.safetensors")
    if path.name in OFFERED:
        advice = f"the EFEO exercise offers it at {' and at '.join(OFFERED[path.name])}; or check the name given to "
        return LabError(f"There is no weights file '{path}': {advice}{option}.")
    if best.is_file():
        return LabError(f"There is no weights file '{path}': '{best}' is what gradcam-lab train has left there.")
    return LabError(f"There is no weights file '{path}': check the name given to {option}.")


def _in_folder(path: Path) -> str:
    """Say what a folder is that stands in the place of a weights file, where that is known."""
    if (path / "saved_model.pb").is_file():
        return ", a SavedModel of TensorFlow, which cannot be read here"
    if (path / "data.pkl").is_file():
        return ", a file of torch.save that was unpacked, which has to stay one file"
    found = next(
        (file for name in ("best.safetensors", "*.safetensors", "*.pth", "*.pt") for file in path.glob(name)), None
    )
    return f", in which '{found.name}' lies" if found else ""
