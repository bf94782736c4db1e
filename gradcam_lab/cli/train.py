"""Train: a classifier, and its score."""

from pathlib import Path
from typing import Annotated, Literal

from typer import Option, Typer

from gradcam_lab.cli.data_options import images_or_data, reading_of
from gradcam_lab.cli.model_options import takes_model
from gradcam_lab.cli.options import (
    DATA_HELP,
    Annotations,
    Boxes,
    DataRoot,
    ImageFolder,
    Json,
    Limit,
    SkipBad,
    SplitName,
    SplitSeed,
    ValSize,
)
from gradcam_lab.cli.output import resumable
from gradcam_lab.limits import MAX_BATCH, MAX_COUNT, MAX_SEED
from gradcam_lab.models.model_choice import ModelChoice

app = Typer()

ARCH_HELP = (
    "Architecture: toynet, cam_net, resnet_cam (resnet18 with ImageNet's weights), resnet18, resnet34, resnet50, "
    "resnet101, resnet152, vgg16, vgg19, mobilenet_v2 or squeezenet1_1."
)


@app.command()
def train(
    data: Annotated[str | None, Option(help=DATA_HELP, show_default="the configuration's")] = None,
    data_root: DataRoot = None,
    images: ImageFolder = None,
    annotations: Annotations = None,
    boxes: Boxes = None,
    config: Annotated[
        Path | None,
        Option(help="YAML file of the settings; flags win.", show_default="without --data: cam_config.yaml"),
    ] = None,
    write_config: Annotated[
        bool, Option("--write-config", help="Write cam_config.yaml, or the file of --config, and stop.")
    ] = False,
    arch: Annotated[str | None, Option(help=ARCH_HELP, show_default="toynet")] = None,
    weights: Annotated[
        str | None, Option(help="Initial weights: imagenet, random, or a file.", show_default="random")
    ] = None,
    freeze_features: Annotated[
        bool | None, Option("--freeze-features", help="Train only the layers after the features.")
    ] = None,
    epochs: Annotated[
        int | None, Option(min=1, max=MAX_COUNT, help="Number of passes over the images.", show_default="the recipe's")
    ] = None,
    batch: Annotated[
        int | None,
        Option(min=1, max=MAX_BATCH, help="Batch size in images, over all processes.", show_default="the recipe's"),
    ] = None,
    learning_rate: Annotated[float | None, Option(help="Highest learning rate.", show_default="the recipe's")] = None,
    weight_decay: Annotated[
        float | None, Option(help="Weight decay of the optimiser.", show_default="the recipe's")
    ] = None,
    optimizer: Annotated[
        Literal["adam", "adamw", "sgd"] | None, Option(help="Optimiser.", show_default="adamw")
    ] = None,
    scheduler: Annotated[
        Literal["onecycle", "step", "cosine", "plateau", "constant"] | None,
        Option(help="Learning-rate schedule; plateau is the configuration's reduce_lr.", show_default="onecycle"),
    ] = None,
    patience: Annotated[
        int | None,
        Option(min=1, max=MAX_COUNT, help="Epochs without improvement before stopping.", show_default="never"),
    ] = None,
    precision: Annotated[
        Literal["float32", "bf16", "fp16"] | None,
        Option(help="Floating-point format; fp16 needs a GPU.", show_default="float32"),
    ] = None,
    limit: Limit = None,
    val_size: ValSize = None,
    split_seed: SplitSeed = None,
    out: Annotated[
        Path | None, Option(help="Output folder, or a file ending in .safetensors.", show_default="classifier")
    ] = None,
    resume: Annotated[
        bool | None,
        Option(
            "--resume/--fresh", help="Continue from the folder's checkpoint, or start again.", show_default="continue"
        ),
    ] = None,
    seed: Annotated[
        int | None,
        Option(min=0, max=MAX_SEED, help="Random seed of weights, order and augmentation.", show_default="0"),
    ] = None,
    device: Annotated[
        Literal["auto", "cpu", "cuda", "mps"] | None, Option(help="Where the network is trained.", show_default="auto")
    ] = None,
    skip_bad: SkipBad = False,
) -> None:
    """Train a classifier; interrupted or killed, the same command goes on. torchrun makes it several processes."""
    from gradcam_lab.models.training import config_file
    from gradcam_lab.models.training import train as training

    if write_config:
        return print(config_file.write_config(config))
    data = images_or_data(images, data, annotations)
    flags = {
        "data": data,
        "data_root": data_root,
        **vars(reading_of(data, annotations=annotations, boxes=boxes, val_size=val_size, split_seed=split_seed)),
        "arch": arch,
        "weights": weights,
        "freeze_features": freeze_features,
        "epochs": epochs,
        "batch": batch,
        "learning_rate": learning_rate,
        "weight_decay": weight_decay,
        "optimizer": optimizer,
        "scheduler": scheduler,
        "patience": patience,
        "precision": precision,
        "limit": limit,
        "out": out,
        "resume": resume,
        "seed": seed,
        "device": device,
        "skip_bad": skip_bad,
    }
    with resumable():
        training.train_network(config_file.settings_for(flags, config))


@app.command("evaluate-classifier")
@takes_model()
def evaluate_classifier(
    choice: ModelChoice,
    data: Annotated[str | None, Option(help=DATA_HELP, show_default="that of the training")] = None,
    data_root: DataRoot = None,
    images: ImageFolder = None,
    annotations: Annotations = None,
    boxes: Boxes = None,
    split: Annotated[
        SplitName | None, Option(help="Split; of labelled folders train or val.", show_default="test, or val")
    ] = None,
    limit: Limit = None,
    val_size: ValSize = None,
    split_seed: SplitSeed = None,
    seed: Annotated[int | None, Option(min=0, max=MAX_SEED, hidden=True, help="Former name of --split-seed.")] = None,
    skip_bad: SkipBad = False,
    json: Json = False,
) -> None:
    """Score a trained classifier: AP of every class, mAP, and accuracy where each image has one class."""
    from gradcam_lab.models import distributed
    from gradcam_lab.models.training import evaluate_classifier as evaluating

    data = images_or_data(images, data, annotations)
    reading = reading_of(data, annotations=annotations, boxes=boxes, val_size=val_size, split_seed=split_seed)
    result = evaluating.evaluate_classifier(
        choice,
        data,
        split,
        data_root=data_root,
        limit=limit,
        reading=reading,
        seed=seed,
        skip_bad=skip_bad,
    )
    if distributed.leads():
        print(evaluating.as_json(result) if json else evaluating.as_table(result))
