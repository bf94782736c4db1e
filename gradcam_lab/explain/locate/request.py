"""What is to be found in each photo, by which method, and at which threshold."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from gradcam_lab.errors import LabError
from gradcam_lab.evaluate.alignment.mirror import NO_SHIFT, Shift
from gradcam_lab.localise.default_threshold import PREFERRED, default_threshold
from gradcam_lab.localise.experiment import MIN_AREA, Align
from gradcam_lab.localise.map_recipe import GRADCAM
from gradcam_lab.localise.methods import METHODS, Method, defined, require_method
from gradcam_lab.localise.threshold import require_fraction
from gradcam_lab.models.classifier import Classifier
from gradcam_lab.pipeline.finished_run import FinishedRun


@dataclass(frozen=True)
class Request:
    """What is to be found.

    Attributes:
        classes: names, groups or indices, as `find_class` takes them; none for the most probable ones.
        top: how many of the most probable classes, where none is named.
        method: one of `METHODS`; None for the first of `PREFERRED` that suits the network.
        threshold: for the method's box finder; None for the default, see `settled`.
        threshold_from: says in a clause where the threshold comes from.
        min_area: the smallest island that becomes a box, in pixels of the photo.
        align: whether it is measured how far the network's maps lie aside; boxes are found in the maps as they are,
            because val has not said otherwise, unless the run of the threshold says so.
        shift: what that run took out of its maps before it found boxes in them; None for nothing.
    """

    classes: tuple[str, ...] = ()
    top: int = 1
    method: str | None = None
    threshold: float | None = None
    threshold_from: str = "given by the user"
    min_area: int = MIN_AREA
    align: Align = "auto"
    shift: Shift | None = None

    @property
    def how(self) -> Method:
        """The method of a settled request."""
        return METHODS[self.method or GRADCAM]

    @property
    def cut_at(self) -> float:
        """The threshold of a settled request."""
        assert self.threshold is not None
        return self.threshold

    @property
    def described(self) -> dict[str, Any]:
        """The request in plain values; what stands as it always did is left out where it is younger than the rest."""
        values = {**asdict(self), "classes": list(self.classes)}
        younger: dict[str, Any] = {"align": "auto", "shift": None}
        return {name: value for name, value in values.items() if name not in younger or value != younger[name]}


def settled(request: Request, classifier: Classifier, run: Path | None = None) -> Request:
    """Decide what the user left open: the method, the threshold, and of whose choice that is.

    Args:
        request: as the user made it.
        classifier: whose maps are cut.
        run: a finished run of `run-all` with this network, whose threshold val has chosen; its method is taken too.

    Raises:
        LabError: the method does not suit the network, or the run is of another network.
    """
    require_fraction(request.threshold, "the method's own")
    if run:
        request = _as_in(run, request, classifier)
    if not run and request.threshold is None:
        request = _as_kept(request, classifier)
    name = request.method or next(name for name in PREFERRED if defined(classifier, METHODS[name]))
    method = require_method(classifier, name, None if run else request.threshold)
    request = replace(request, method=name)
    if request.threshold is not None:
        return request
    default = "the method's default, for val has chosen none for this network"
    whose = default if method.grid else "each map's own, found by the method"
    return replace(request, threshold=default_threshold(name), threshold_from=whose)


def _as_kept(request: Request, classifier: Classifier) -> Request:
    """Take val's method and threshold out of the network's file, where it says them and the user names no other."""
    kept = classifier.metadata.get("localisation", {})
    name, threshold = kept.get("method"), kept.get("threshold")
    if name not in METHODS or request.method not in (None, name) or not isinstance(threshold, float):
        return request
    whose = f"chosen on val for {kept.get('target')} of {kept.get('data')}, as the network's file says"
    return replace(request, method=name, threshold=threshold, threshold_from=whose)


def _as_in(folder: Path, request: Request, classifier: Classifier) -> Request:
    """Take a finished run's threshold and method."""
    if request.threshold is not None:
        raise LabError("--threshold and --threshold-of both say where maps are cut: give one of them.")
    run = FinishedRun(folder)
    if run.value("provenance", "weights_sha256") != classifier.sha256:
        raise LabError(f"The run in '{folder}' is of another network's weights: give a run of '{classifier.name}'.")
    name = next(name for name, method in METHODS.items() if method is run.method)
    if request.method not in (None, name):
        raise LabError(f"The run in '{folder}' chose its threshold for the method '{name}': give --method {name}.")
    value = run.value("threshold", "chosen")
    whose = "given to" if run.results["threshold"].get("given") else "chosen on val by"
    shift = None if run.box_shift == NO_SHIFT else run.box_shift
    return replace(request, method=name, threshold=value, threshold_from=f"{whose} the run in '{folder}'", shift=shift)
