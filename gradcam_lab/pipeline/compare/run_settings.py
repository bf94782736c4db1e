"""What finished runs were asked for, and with which versions they ran: in what they differ, and in what not."""

from collections.abc import Iterator, Sequence
from typing import Any

from gradcam_lab.localise.methods import METHODS
from gradcam_lab.pipeline.finished_run import FinishedRun
from gradcam_lab.report.compare.records import Setting
from gradcam_lab.report.text import wording

HASH = 12
"""The first characters of a SHA-256 that are shown: enough to tell two apart."""

RUN = {
    "data": "data",
    "folder of the data": "data_root",
    "images of each split": "limit",
    "target": "target",
    "network": "classifier",
    "architecture": "architecture",
    "weights": "weights",
    "layer": "layer",
    "output": "output",
    "input size": "input_size",
    "precision": "precision",
}
PARAMETERS = {
    "least area of a box": "min_area",
    "most boxes of an image": "max_detections",
    "overlap of suppressed boxes": "nms",
    "average precision": "ap",
    "equal scores": "ties",
    "bootstrap samples": "bootstrap",
}
VERSIONS = ("gradcam_lab", "python", "torch", "torchvision", "numpy", "opencv", "platform")


def compare_settings(runs: Sequence[FinishedRun]) -> tuple[list[Setting], list[Setting]]:
    """Return the settings in which the runs differ, and those in which they do not."""
    told = [dict(_settings(run)) for run in runs]
    names = list(dict.fromkeys(name for settings in told for name in settings))
    rows: list[Setting] = [{"name": name, "values": [each.get(name, "–") for each in told]} for name in names]
    differing = [row for row in rows if len(set(row["values"])) > 1]
    return differing, [row for row in rows if row not in differing]


def _settings(run: FinishedRun) -> Iterator[tuple[str, str]]:
    """Yield the name and the value of each setting; what an older run does not tell is a dash."""
    results: Any = run.results
    settings, provenance = results["run"], results["provenance"]
    parameters = settings["parameters"]
    for name, key in RUN.items():
        yield name, _shown(settings, key, "all")
    yield "method", method_title(run)
    yield "threshold", _threshold(run)
    for name, key in PARAMETERS.items():
        yield name, _shown(parameters, key, "all")
    yield "seed", _shown(settings, "seed")
    yield "quick", {True: "yes", False: "no"}.get(settings.get("quick"), "–")
    for key in VERSIONS:
        yield key.replace("_", "-"), _shown(provenance, key)
    for name, key in (("data, SHA-256", "data_sha256"), ("weights, SHA-256", "weights_sha256")):
        yield name, _shown(provenance, key)[:HASH]
    for step, whose in results["implementation"].items():
        code = provenance["code_sha256"].get(step, "–")[:HASH]
        yield f"code of {step}", f"{'yours' if whose == 'mine' else 'reference'}, {code}"


def method_title(run: FinishedRun) -> str:
    """Name how the run found its boxes, and say where val chose that."""
    method = run.results["run"].get("method")
    if method is None:
        return "Grad-CAM"  # runs of older versions knew only one
    return method["title"] if method["asked"] else f"{method['title']}, val's choice"


def _threshold(run: FinishedRun) -> str:
    method = METHODS.get(run.results["run"].get("method", {}).get("name", ""))
    if method is not None and not method.cut:
        return "each image's own"
    given = run.results["threshold"].get("given", False)
    return f"{wording.threshold(run.value('threshold', 'chosen'))}, {'given' if given else 'chosen on val'}"


def _shown(values: Any, key: str, none: str = "–") -> str:
    """Return a value as text; `none` where it is null, a dash where it is missing or empty."""
    if key not in values:
        return "–"
    return none if values[key] is None else str(values[key]) or "–"
