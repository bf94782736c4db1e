"""`gradcam-lab train`: trains a classifier on a data set, in a folder from which an interrupted training continues."""

import json
import shutil
import time
from dataclasses import asdict, replace
from functools import partial
from importlib.metadata import version
from math import isfinite
from pathlib import Path
from typing import Any

import torch
from torch import nn

from gradcam_lab.console import Advance, progress
from gradcam_lab.data.layouts.reading import Reading
from gradcam_lab.errors import LabError, is_out_of_memory, memory_advice
from gradcam_lab.files import require_writable
from gradcam_lab.models import distributed
from gradcam_lab.models.classifier import Preprocessing, weights_hash
from gradcam_lab.models.device import find_device
from gradcam_lab.models.distributed import say_once
from gradcam_lab.models.networks.architectures import Head
from gradcam_lab.models.training.best_epoch import BestEpoch
from gradcam_lab.models.training.classifier_scores import classifier_scores, main_score, summary
from gradcam_lab.models.training.dataset import TrainingData, read_training_data
from gradcam_lab.models.training.evaluate_classifier import score_classifier
from gradcam_lab.models.training.initial_weights import architecture_options, initial_network
from gradcam_lab.models.training.inputs import FeatureInputs, ImageInputs
from gradcam_lab.models.training.logbook import Logbook
from gradcam_lab.models.training.loop import LabelledInputs, Loop
from gradcam_lab.models.training.losses import mean_loss
from gradcam_lab.models.training.recipe import Recipe
from gradcam_lab.models.training.settings import TrainingSettings
from gradcam_lab.models.training.shared_norm import share_norms
from gradcam_lab.models.training.training_checkpoint import (
    BEST,
    LAST,
    clear,
    read_checkpoint,
    require_same,
    write_checkpoint,
)
from gradcam_lab.models.weights import model_file
from gradcam_lab.models.weights.model_file import Description


def train_network(settings: TrainingSettings) -> Path:
    """Train a classifier, or continue its training, and score it.

    The folder `settings.out` then holds `best.safetensors` (the best epoch, see `BestEpoch`), `last.safetensors`,
    `log.csv`, `curves.png`, and `state.pt`, from which the same command continues after an interruption. Where `out` is
    a file, the folder is hidden beside it and removed at the end.

    Returns:
        the file with the best network.

    Raises:
        LabError: the data, the weights, the settings or the folder cannot be used.
    """
    folder, file = _places(settings.out)
    require_writable(folder.parent)  # better now than after the training
    with distributed.session():
        training = Training(settings, folder)
        if file and not training.checkpoint and settings.resume is not False:
            training.require_own(file)
        try:
            training.run()
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            batch = f"a smaller --batch (batch_size in the configuration) than {training.recipe.batch}"
            raise LabError(memory_advice(error, batch)) from error
        best = training.finish(file)
        say_once(str(best))
        distributed.wait()  # until the leader has written it
    return best


def _places(out: Path) -> tuple[Path, Path | None]:
    """Return the folder of the training, and the file to write in the end where `out` is one."""
    if out.suffix != ".safetensors":
        if out.is_file():
            raise LabError(f"'{out}' is a file: give --out a folder, or a name that ends in .safetensors.")
        return out, None
    if out.is_dir():
        raise LabError(f"'{out}' is a folder: give --out the name of a file, such as classifier.safetensors.")
    return out.with_name(f".{out.stem}-training"), out


class Training:
    """A training with its data, its network and its folder.

    Args:
        settings: what the user asks for.
        folder: for its files.
    """

    def __init__(self, settings: TrainingSettings, folder: Path) -> None:
        self.settings = settings
        self.folder = folder
        self.device = find_device(settings.device)
        torch.backends.cudnn.deterministic = True  # two runs from one seed are equal on a GPU too
        self.recipe = settings.recipe()
        if self.recipe.precision == "fp16" and self.device.type != "cuda":
            raise LabError("fp16 needs a GPU, because its small numbers vanish without one: give --precision bf16.")
        self.data = read_training_data(settings)
        self.description = _describe(settings, self.recipe, self.data)
        network = initial_network(settings, self.data.classes)
        self.plan = _plan(settings, self.recipe, self.data, network)
        self.checkpoint = read_checkpoint(folder, self.plan, settings.resume)
        _announce(self.recipe, self.data)
        self.network = network.to(self.device)
        share_norms(self.network)
        done = self.checkpoint or {"epoch": 0, "finished": False, "best": {}, "rows": ()}
        self.epochs_done, self.finished = done["epoch"], done["finished"]
        self.best = BestEpoch(**done["best"])
        self.log = Logbook(folder, done["rows"])

    def require_own(self, file: Path) -> None:
        """Check that a file in whose place the network comes is of the same training.

        Raises:
            LabError: it is another's, or no network.
        """
        if not file.exists():
            return
        try:
            before = model_file.read(file)[0]
        except LabError as error:
            sentence = str(error).rstrip(".")
            raise LabError(f"{sentence}; it would be replaced, so give another --out, or --fresh.") from error
        then, now = (_lasting(description) for description in (before, self.description))
        common = then.keys() & now.keys()  # files of older versions say less
        require_same(file, {name: then[name] for name in common}, {name: now[name] for name in common})

    def run(self) -> None:
        """Train for all epochs of the recipe, or until val has not improved for its patience."""
        if self.checkpoint:
            say_once(f"going on after epoch {self.epochs_done} of {self.recipe.passes}, from '{self.folder}'")
        elif distributed.leads():
            clear(self.folder)
        if self.finished:
            return
        train, val = (self._labelled_inputs(name) for name in ("train", "val"))
        trained = Head(self.network, self.settings.arch) if self.recipe.freeze_features else self.network
        steps = (self.recipe.passes - self.epochs_done) * self.recipe.steps(len(train))
        with progress("training", steps) as advance:
            loop = Loop(trained, self.recipe, train, partial(self._after_step, advance))
            if self.checkpoint:
                loop.restore(self.checkpoint["loop"])
            for size in self.recipe.sizes[self.epochs_done :]:
                self._epoch(loop, val, size)
                if self.finished:
                    break

    def _labelled_inputs(self, name: str) -> LabelledInputs:
        split = self.data.splits[name]
        images = ImageInputs(split.samples, self.description.preprocessing, self.recipe, self.device)
        if not self.recipe.freeze_features:
            return LabelledInputs(images, split.labels)
        return LabelledInputs(FeatureInputs(images, self.network.eval(), self.settings.arch), split.labels)

    def _after_step(self, advance: Advance, step: int, of: int) -> None:
        advance()
        if self.settings.log_every and step % self.settings.log_every == 0:
            say_once(f"    step {step} of {of}")

    def _epoch(self, loop: Loop, val: LabelledInputs, size: int) -> None:
        """Train for an epoch, score the network on val, and write both down."""
        start, rate = time.perf_counter(), loop.schedule.rate
        loss = loop.epoch(size)
        name, score, val_loss = self._validate(loop, val, loss)
        loop.schedule.after_epoch(score)
        self.epochs_done += 1
        before = self.log.rows[-1]["seconds"] if self.log.rows else 0.0
        seconds = round(before + time.perf_counter() - start, 2)
        row = {"epoch": self.epochs_done, "learning_rate": rate, "train_loss": loss, "val_loss": val_loss}
        self.log.rows.append({**row, f"val_{name}": score, "seconds": seconds})
        self.best = self.best.after(self.epochs_done, score, val_loss)
        out_of_patience = self.best.is_stale(self.epochs_done, self.recipe.patience)
        self.finished = self.epochs_done == self.recipe.passes or out_of_patience
        self._save(loop)
        say_once(
            f"  epoch {self.epochs_done:2d} of {self.recipe.passes}: loss {loss:.4f}, {name} on val "
            f"{100 * score:.1f}, {seconds:.0f} s"
        )

    def _validate(self, loop: Loop, val: LabelledInputs, train_loss: float) -> tuple[str, float, float]:
        """Return the name of the main score on val, the score, and the loss on val."""
        logits = loop.logits(val.inputs)
        if not (isfinite(train_loss) and logits.isfinite().all()):
            raise LabError(
                f"The training has diverged in epoch {self.epochs_done + 1}, its loss is {train_loss}: give a lower "
                f"--learning-rate than {self.recipe.learning_rate}, and --fresh."
            )
        probabilities = logits.sigmoid() if self.description.activation == "sigmoid" else logits.softmax(dim=1)
        name, score = main_score(classifier_scores(probabilities.numpy(), val.labels, self.data.classes))
        return name, score, mean_loss(logits, val.labels)

    def _save(self, loop: Loop) -> None:
        """Write the files of an epoch; the checkpoint, which counts, after the best network and before all else."""
        if not distributed.leads():
            return
        weights = self.network.state_dict()
        description = replace(self.description, recipe={**self.description.recipe, "epoch": self.epochs_done})
        if self.best.epoch == self.epochs_done:
            model_file.save(self.folder / BEST, weights, description)
        if self.finished or self.epochs_done % self.settings.save_every == 0:
            state = {"epoch": self.epochs_done, "best": asdict(self.best), "finished": self.finished}
            write_checkpoint(self.folder, self.plan, {**state, "rows": self.log.rows, "loop": loop.state()})
            model_file.save(self.folder / LAST, weights, description)
        self.log.write(last=self.finished)

    def finish(self, file: Path | None) -> Path:
        """Score the best network, write it with its scores, and return where it is."""
        best = self.folder / BEST
        distributed.wait()  # for the leader, who writes it
        description, state = model_file.read(best)
        if file:
            state = model_file.half_precision(state)
        self.network.load_state_dict(state)
        scores = self._held_out_scores(description)
        recipe = {**description.recipe, "seconds": round(self.log.rows[-1]["seconds"])}
        distributed.wait()  # nobody is to read the file while it is replaced
        if distributed.leads():
            model_file.save(file or best, state, replace(description, recipe=recipe, scores=scores))
            if file:
                shutil.rmtree(self.folder)
        return file or best

    def _held_out_scores(self, description: Description) -> dict[str, Any]:
        """Score the network on all splits but `train`."""
        classifier = description.classifier(self.network)
        scores = {
            name: score_classifier(classifier, split, self.data.classes)
            for name, split in self.data.splits.items()
            if name != "train"
        }
        for name, found in scores.items():
            say_once(summary(found, name))
        return scores


def _describe(settings: TrainingSettings, recipe: Recipe, data: TrainingData) -> Description:
    """Describe the network that is to be trained, for its file."""
    if settings.arch == "squeezenet1_1" and data.kind == "boxes":
        raise LabError(
            "squeezenet1_1 ends in a ReLU, so it can never say that something is not there: give another --arch."
        )
    facts = {
        **asdict(recipe),
        "start": Path(settings.weights).name if settings.weights else "random weights",
        "data": data.name,
        "data_folder": str(settings.data_root or settings.data_dir or settings.data),
        "val_size": settings.val_size,
        **_read_so(settings.reading),
        "data_sha256": data.sha256,
        "images": len(data.splits["train"].samples),
        "processes": distributed.world(),
        "threads": torch.get_num_threads(),
        "torch": version("torch"),
    }
    return Description(
        arch=settings.arch,
        classes=data.classes,
        activation="sigmoid" if data.kind == "boxes" else "softmax",
        preprocessing=Preprocessing(recipe.size),
        options=architecture_options(settings),
        recipe=facts,
    )


def _read_so(reading: Reading) -> dict[str, Any]:
    """Return what else must be known to read the data again, where the user said it."""
    said = {"annotations": reading.annotations, "boxes": reading.boxes, "split_seed": reading.split_seed}
    return {name: str(value) if isinstance(value, Path) else value for name, value in said.items() if value is not None}


PASSING = ("epoch", "seconds", "threads", "processes", "torch", "data_folder", "annotations")
"""What a file's recipe says of how its training went, and not of what it was."""


def _lasting(description: Description) -> dict[str, Any]:
    """Return what makes a training what it is, as it is read from a file."""
    told = {"arch": description.arch, "classes": description.classes, "options": description.options}
    recipe = {name: value for name, value in description.recipe.items() if name not in PASSING}
    lasting: dict[str, Any] = json.loads(json.dumps({**told, **recipe}))
    return lasting


def _plan(settings: TrainingSettings, recipe: Recipe, data: TrainingData, network: nn.Module) -> dict[str, Any]:
    """Return all that the result of a training depends on, by names that a user knows."""
    return {
        **asdict(recipe),
        "arch": settings.arch,
        "data": data.sha256,
        "images": {name: len(split.samples) for name, split in data.splits.items()},
        "classes": data.classes,
        "first_weights": weights_hash(network),
    }


def _announce(recipe: Recipe, data: TrainingData) -> None:
    count = len(data.splits["train"].samples)
    say_once(f"{count} images, {len(data.classes)} classes, {recipe.passes} epochs")
    if distributed.world() > 1:
        say_once(f"{distributed.world()} processes share each batch of {recipe.batch}, also in BatchNorm")
