"""Run: the whole pipeline, its report, and its numbers from saved files."""

from pathlib import Path
from typing import Annotated, Literal

from typer import Option, Typer

from gradcam_lab.cli.data_options import images_or_data, reading_of
from gradcam_lab.cli.model_options import takes_model
from gradcam_lab.cli.options import (
    AP_HELP,
    AlignOption,
    Annotations,
    Ap,
    ApOption,
    Boxes,
    DataRoot,
    ImageFolder,
    Json,
    Limit,
    Pdf,
    RunFolder,
    SkipBad,
    SplitName,
    SplitSeed,
    ValSize,
    iou,
)
from gradcam_lab.cli.output import print_report, resumable
from gradcam_lab.limits import MAX_COUNT, MAX_SAMPLES, MAX_SEED
from gradcam_lab.models.model_choice import ModelChoice

app = Typer()


@app.command("run-all")
@takes_model()
def run_all(
    choice: ModelChoice,
    data: Annotated[
        str | None,
        Option(
            help="Data: toyvoc, voc2007, voc2007-segmentation, pets, or a folder (VOC, images and XML, COCO, YOLO, "
            "Oxford-IIIT Pet), a JSON in COCO's format, or a data.yaml.",
            show_default="toyvoc",
        ),
    ] = None,
    data_root: DataRoot = None,
    images: ImageFolder = None,
    annotations: Annotations = None,
    boxes: Boxes = None,
    val_size: ValSize = None,
    split_seed: SplitSeed = None,
    target: Annotated[str, Option(help="Class to find, or all.")] = "dog",
    limit: Limit = None,
    out: Annotated[Path | None, Option(help="Output folder.", show_default="report/<data>")] = None,
    seed: Annotated[int, Option(min=0, max=MAX_SEED, help="Random seed of the bootstrap and of the images shown.")] = 0,
    precision: Annotated[Literal["float32", "bf16"], Option(help="Floating-point format of the network.")] = "float32",
    skip_bad: SkipBad = False,
    pdf: Pdf = True,
    method: Annotated[
        str | None,
        Option(help="Localisation method, such as gradcam.", show_default="the best on val at under 3 times the cost"),
    ] = None,
    ap: ApOption = "area",
    threshold: Annotated[
        float | None,
        Option(
            help="Threshold of every map, a fraction of its maximum, more than 0 and at most 1.",
            show_default="the best on val",
        ),
    ] = None,
    max_detections: Annotated[
        int | None, Option(min=1, max=MAX_COUNT, help="Most boxes an image, the surest ones.", show_default="all")
    ] = None,
    align: AlignOption = "auto",
    quick: Annotated[
        bool,
        Option(
            "--quick", help="Run one method (gradcam, or --method); no comparison, no throughput, no steps 5 and 6."
        ),
    ] = False,
    impl: Annotated[
        Literal["auto", "reference", "mine"],
        Option(help="Whose code runs in a workspace; auto: yours where all its checks passed."),
    ] = "auto",
    plan: Annotated[
        bool, Option("--plan", help="Print the stages with what each reads and whether it would run, and stop.")
    ] = False,
    stall: Annotated[
        float, Option(min=1, hidden=True, help="Time limit of your code without progress, in seconds.")
    ] = 60,
) -> None:
    """Classify, explain, box, score, and write the report; whatever is unchanged is not computed again."""
    from gradcam_lab.course.workspace.whose_code import students_work
    from gradcam_lab.pipeline import run_all as pipeline
    from gradcam_lab.pipeline.settings import Settings

    data = images_or_data(images, data, annotations)
    settings = Settings(
        data=data or "toyvoc",
        data_root=data_root,
        reading=reading_of(data, annotations=annotations, boxes=boxes, val_size=val_size, split_seed=split_seed),
        model=choice,
        target=target,
        limit=limit,
        out=out,
        seed=seed,
        precision=precision,
        skip_bad=skip_bad,
        method=method,
        ap=ap,
        threshold=threshold,
        max_detections=max_detections,
        align=align,
        quick=quick,
        stall=stall,
        course=students_work(impl),
    )
    if plan:
        pipeline.print_plan(settings, pdf=pdf)
        return
    with resumable():
        rendered = pipeline.run_all(settings, pdf=pdf)
    if rendered:
        print_report(rendered)


@app.command()
def report(run: RunFolder = Path("report/toyvoc"), pdf: Pdf = True) -> None:
    """Render the report of a finished run again."""
    from gradcam_lab.report.render import render

    print_report(render(run, pdf=pdf))


@app.command()
def evaluate(
    ground_truth: Annotated[
        Path,
        Option(
            help="JSON of image: list of (xmin, ymin, xmax, ymax); COCO annotations; a VOC folder; or YOLO's data.yaml "
            "or folder of labels."
        ),
    ],
    detections: Annotated[
        Path | None,
        Option(
            help="JSON of image: list of (xmin, ymin, xmax, ymax, score); COCO results; VOC's comp4 text, or a folder "
            "of it; or a folder of YOLO text."
        ),
    ] = None,
    maps: Annotated[
        Path | None,
        Option(
            help="Instead: score maps, a folder of id.npy or one .npz, for MaxBoxAcc, MaxBoxAccV2 and PxAP as "
            "wsolevaluation computes them."
        ),
    ] = None,
    masks: Annotated[
        Path | None,
        Option(help="Folder of masks id.png, for PxAP of --maps.", show_default="a VOC folder's SegmentationClass"),
    ] = None,
    protocol: Annotated[
        Literal["voc2007", "voc2010", "coco"] | None,
        Option(
            help="Rules: voc2007 (AP at eleven points, IoU 0.5), voc2010 (area, IoU 0.5), or coco (mAP 50:95 and the "
            "other eleven numbers of pycocotools, without intervals).",
            show_default="--ap and --iou",
        ),
    ] = None,
    target: Annotated[str | None, Option(help="Class, where the files hold several.", show_default="all")] = None,
    split: Annotated[str, Option(help="Split of a VOC folder or of a data.yaml.")] = "test",
    boxes: Annotated[
        Literal["voc", "coco", "zero-based", "relative"] | None,
        Option(
            help="How our JSON and comp4 text state boxes: voc (corners from 1), zero-based (corners from 0), coco (x, "
            "y, width, height) or relative (centre and sides as shares).",
            show_default="voc",
        ),
    ] = None,
    iou: Annotated[list[float] | None, iou("0.3, 0.4, 0.5; with --protocol 0.5")] = None,
    ties: Annotated[
        Literal["group", "order"] | None,
        Option(help="Equal scores: as one step, or in the order of the file.", show_default="group"),
    ] = None,
    ap: Annotated[Ap | None, Option(help=AP_HELP, show_default="area")] = None,
    method: Annotated[str | None, Option(hidden=True, help="Former name of --ap.")] = None,
    count_difficult: Annotated[
        bool, Option("--count-difficult", help="Count difficult objects like all others.")
    ] = False,
    bootstrap: Annotated[
        int | None,
        Option(
            min=0,
            max=MAX_SAMPLES,
            help="Number of bootstrap samples for the 95% intervals; 0 for none.",
            show_default="1000",
        ),
    ] = None,
    seed: Annotated[int, Option(min=0, max=MAX_SEED, help="Random seed of the bootstrap.")] = 0,
    errors: Annotated[
        Path | None,
        Option(help="Folder for the kinds of errors by TIDE (classification, localisation, ...): table, figure, JSON."),
    ] = None,
    json: Json = False,
) -> None:
    """Score any boxes: AP, recall and CorLoc with 95% intervals, mAP over classes, or COCO's numbers; or any maps."""
    from gradcam_lab.errors import LabError
    from gradcam_lab.pipeline import saved_classes, saved_maps

    if method is not None:
        raise LabError(f"evaluate calls it --ap now, as run-all and sweep do: give --ap {method}.")
    options = saved_classes.Options(
        protocol=protocol,
        target=target,
        split=split,
        boxes=boxes,
        iou=iou,
        ties=ties,
        ap=ap,
        count_difficult=count_difficult,
        bootstrap=bootstrap,
        seed=seed,
        errors=errors,
    )
    if (detections is None) == (maps is None):
        raise LabError("evaluate scores boxes or maps: give one of --detections and --maps.")
    if masks and not maps:
        raise LabError("--masks is for --maps: leave it out, or give maps.")
    if maps:
        print(saved_maps.evaluate_maps(maps, ground_truth, options, masks, json=json))
    elif detections:
        print(saved_classes.evaluate(detections, ground_truth, options, json=json))


@app.command()
def sweep(
    run: RunFolder = Path("report/toyvoc"),
    split: Annotated[
        SplitName, Option(help="Split: val, test (labelled as an oracle), or train, whose heatmaps are made first.")
    ] = "val",
    start: Annotated[
        float | None, Option("--from", min=0, max=1, help="Lowest threshold.", show_default="0.05")
    ] = None,
    stop: Annotated[float | None, Option("--to", min=0, max=1, help="Highest threshold.", show_default="0.95")] = None,
    step: Annotated[
        float | None, Option(min=0.001, max=1, help="Distance between two thresholds.", show_default="0.05")
    ] = None,
    thresholds: Annotated[
        list[float] | None,
        Option("--threshold", min=0, max=1, help="Instead: a threshold, whose boxes are kept as a file. Repeatable."),
    ] = None,
    iou: Annotated[list[float] | None, iou("the run's")] = None,
    ap: Annotated[Ap | None, Option(help=AP_HELP, show_default="the run's")] = None,
    keep_in: Annotated[
        Path | None,
        Option(help="Instead: file of gradcam-lab train, in which val's method and threshold are kept for locate."),
    ] = None,
    out: Annotated[
        Path | None, Option(help="Folder for the curves and boxes.", show_default="the run's folder")
    ] = None,
    json: Json = False,
) -> None:
    """Try thresholds on a run's saved heatmaps: a table, and AP and recall against the threshold."""
    if keep_in:
        from gradcam_lab.pipeline.keep_threshold import keep_threshold

        return print(keep_threshold(run, keep_in))
    from gradcam_lab.pipeline.sweep_run import sweep_run

    with resumable():  # the heatmaps of train may take a while
        answer = sweep_run(
            run,
            split=split,
            start=start,
            stop=stop,
            step=step,
            thresholds=thresholds,
            iou=iou,
            ap=ap,
            json=json,
            out=out,
        )
    print(answer)
