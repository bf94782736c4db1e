"""`run_all`: from images with annotated boxes to scores and a report."""

from pathlib import Path
from typing import Literal

from gradcam_lab.api.checked import CONVENTION, checked
from gradcam_lab.api.load import Network, loaded
from gradcam_lab.api.sentences import sentences
from gradcam_lab.course.workspace.whose_code import students_work
from gradcam_lab.data.box_conventions import Convention
from gradcam_lab.data.layouts.reading import Reading
from gradcam_lab.localise.experiment import Align, Ap, Precision
from gradcam_lab.models.classifier import Classifier
from gradcam_lab.models.model_choice import EMBEDDED, ModelChoice
from gradcam_lab.pipeline import run_all as pipeline
from gradcam_lab.pipeline.settings import Settings
from gradcam_lab.report.render import Rendered


@sentences()
@checked(boxes=CONVENTION)
def run_all(
    data: str | Path = "toyvoc",
    model: Network = EMBEDDED,
    *,
    target: str = "dog",
    data_root: str | Path | None = None,
    annotations: str | Path | None = None,
    boxes: Convention | None = None,
    val_size: float | None = None,
    split_seed: int | None = None,
    limit: int | None = None,
    out: str | Path | None = None,
    seed: int = 0,
    precision: Precision = "float32",
    skip_bad: bool = False,
    pdf: bool = True,
    method: str | None = None,
    ap: Ap = "area",
    threshold: float | None = None,
    max_detections: int | None = None,
    align: Align = "auto",
    quick: bool = False,
    impl: Literal["auto", "reference", "mine"] = "auto",
) -> Rendered:
    """Run everything on a data set with boxes: classify, explain, box, score, and write the report.

    What is in the output folder already and has not changed is not computed again.

    Args:
        data: a data set's name or a folder, as `open_data` takes it.
        model: a network from `load`, or anything that `load` takes.
        target: the class to find, or `"all"`.
        data_root: the folder where you have a named data set already.
        annotations: see `open_data`, as the next three.
        boxes: how the data state boxes.
        val_size: how much of data without val becomes val, and test.
        split_seed: of that choice.
        limit: number of images to use of each split; None for all.
        out: the output folder; None for `report/<data>`.
        seed: of the bootstrap, and of the choice of the images that are shown.
        precision: the network's floating-point format, `"float32"` or `"bf16"`.
        skip_bad: go on without images that cannot be used, and name them.
        pdf: also make the PDF.
        method: a localisation method, such as `"gradcam"`; None for the best on val at under 3 times the cost.
        ap: the area below all points, `"area"`, or VOC2007's mean of eleven, `"11point"`.
        threshold: of every map, a fraction of its maximum; None for the best on val.
        max_detections: most boxes an image, the surest ones; None for all.
        align: whether heatmaps that mirrors show to lie aside are moved back, `"auto"` or `"off"`.
        quick: one method, and neither the comparison of methods nor the throughput nor steps 5 and 6.
        impl: whose code runs in a student's workspace: theirs where all its checks have passed, `"auto"`, everywhere,
            `"mine"`, or nowhere, `"reference"`.

    Returns:
        The report: its `html` and `pdf`, the run's `folder`, and `results`, every number of it. Where only the PDF
        could not be made, `pdf` is None and `problem` says why.

    Raises:
        LabError: the data, the network, the target or the method cannot be used, or the folder is another run's.

    Examples:
        >>> import gradcam_lab as lab
        >>> report = lab.run_all("my-photos", "embedded", quick=True, pdf=False, out="my-report")
        my-photos: 16 images of val, 24 of test, looking for dog with embedded at layer layer4
        ...
        >>> report.html.name
        'report.html'
        >>> ours = report.results["table"][0]
        >>> ours["name"], round(ours["scores"]["0.5"]["recall"], 2)
        ('Grad-CAM', 0.25)
    """
    network = model if isinstance(model, Classifier) else None
    if network is None and not isinstance(model, str | Path):
        network = loaded(model)
    settings = Settings(
        data=str(data),
        model=named(network) if network else ModelChoice(str(model)),
        target=target,
        limit=limit,
        out=Path(out) if out is not None else None,
        seed=seed,
        precision=precision,
        skip_bad=skip_bad,
        data_root=Path(data_root) if data_root is not None else None,
        reading=Reading(Path(annotations) if annotations else None, boxes, val_size, split_seed),
        course=students_work(impl),
        method=method,
        ap=ap,
        threshold=threshold,
        max_detections=max_detections,
        align=align,
        quick=quick,
    )
    rendered = pipeline.run_all(settings, pdf=pdf, classifier=network)
    html = settings.folder / "report.html"
    return rendered or Rendered(html, None, "The first process of torchrun writes the report.")


def named(network: Classifier) -> ModelChoice:
    """Return how a run calls its network; what a script has made, a command line cannot name."""
    return network.choice or ModelChoice(f"{network.name} of a script ({network.fingerprint[:8]})")
