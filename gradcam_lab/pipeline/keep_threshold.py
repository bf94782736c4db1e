"""What val chose in a run, kept in the network's own file, so that `locate` finds boxes in the same way."""

from pathlib import Path

from gradcam_lab.errors import LabError
from gradcam_lab.localise.methods import METHODS
from gradcam_lab.models import zoo
from gradcam_lab.models.weights import model_file
from gradcam_lab.pipeline.finished_run import FinishedRun


def keep_threshold(run: Path, file: Path) -> str:
    """Write the method and the threshold of a finished run into the file of its network.

    Args:
        run: the folder of the run.
        file: a file of `gradcam-lab train`.

    Returns:
        A sentence that says what was kept.

    Raises:
        LabError: the file is of another kind or another network; or val has not chosen the threshold.
    """
    finished = FinishedRun(run)
    if not model_file.is_model_file(file):
        raise LabError(
            f"'{file}' is no file of gradcam-lab train, which alone can keep a threshold: use --threshold-of."
        )
    if finished.value("provenance", "weights_sha256") != zoo.load_file(file).sha256:
        raise LabError(f"The run in '{run}' is of another network than '{file}' holds: make a run of this one.")
    if finished.value("threshold").get("given"):
        raise LabError(f"The threshold of the run in '{run}' was given, not chosen on val: run without --threshold.")
    name = next(name for name, method in METHODS.items() if method is finished.method)
    threshold, target = finished.value("threshold", "chosen"), finished.value("run", "target")
    data = finished.value("run", "data")
    model_file.keep_localisation(file, {"method": name, "threshold": threshold, "target": target, "data": data})
    return f"'{file}' now says: method {name}, threshold {threshold:g}, as val chose them for {target} of {data}."
