"""`train`: a data set to a classifier, in a folder from which an interrupted training goes on."""

import math
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gradcam_lab.console import progress
from gradcam_lab.errors import LabError
from gradcam_lab.files import require_writable
from gradcam_lab.models import distributed
from gradcam_lab.models.classifier import Preprocessing, best_device, weights_hash
from gradcam_lab.models.distributed import say_once
from gradcam_lab.models.networks.architectures import Head
from gradcam_lab.models.training.classifier_scores import headline, in_words, score
from gradcam_lab.models.training.dataset import Data, read_data
from gradcam_lab.models.training.evaluate_classifier import score_network
from gradcam_lab.models.training.initial_weights import options_of, starting_network
from gradcam_lab.models.training.inputs import Features, Images, Source
from gradcam_lab.models.training.logbook import Logbook
from gradcam_lab.models.training.loop import Examples, Loop, mean_loss
from gradcam_lab.models.training.recipe import Recipe
from gradcam_lab.models.training.settings import TrainingSettings
from gradcam_lab.models.training.shared_norm import share_norms
from gradcam_lab.models.training.training_checkpoint import BEST, LAST, clear, read_state, write_state
from gradcam_lab.models.weights import model_file
from gradcam_lab.models.weights.model_file import Description


def train_network(settings: TrainingSettings) -> Path:
    """Train a classifier, or go on with it, and say how good it is.

    In the folder `settings.out` stand afterwards `best.safetensors` (the epoch with the best score on val, and of equal
    ones with the lowest loss), `last.safetensors`, `log.csv`, `curves.png`, and `state.pt`, from which the same command
    goes on after an interruption. Where `out` is a file, the folder is hidden beside it and removed in the end.

    Returns:
        the file with the best network.

    Raises:
        LabError: the data, the weights, the settings or the folder cannot be used.
    """
    folder, file = _places(settings.out)
    require_writable(folder.parent)  # better now than after the training
    with distributed.session():
        training = Training(settings, folder)
        training.go_on()
        best = training.finish(file)
        say_once(str(best))
        distributed.wait()  # until the leader has written it
    return best


def _places(out: Path) -> tuple[Path, Path | None]:
    """Return the folder to work in, and the file that is wanted, if it is a file."""
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
        settings: what is asked for.
        folder: where it is kept.
    """

    def __init__(self, settings: TrainingSettings, folder: Path) -> None:
        self.settings = settings
        self.folder = folder
        self.device = best_device()
        torch.backends.cudnn.deterministic = True  # two runs from one seed are equal on a GPU too
        self.recipe = settings.recipe()
        _require_possible(self.recipe, self.device)
        self.data = read_data(settings)
        self.description = _describe(settings, self.recipe, self.data)
        network = starting_network(settings, self.data.classes)
        self.plan = _plan(settings, self.recipe, self.data, network)
        state = read_state(folder, self.plan, settings.resume)
        _greet(self.recipe, self.data)
        self.network = network.to(self.device)
        share_norms(self.network)
        self.done = 0
        self.best: dict[str, Any] = {"epoch": 0, "score": -1.0, "loss": math.inf}
        self.finished = False
        self.log = Logbook(folder)
        self.state = state

    def go_on(self) -> None:
        """Train until the recipe's epochs are over, or val has long stopped to improve."""
        self._take_up()
        if self.finished:
            return
        train, val = (self._examples(name) for name in ("train", "val"))
        model = self._trained_part()
        steps = -(-len(train) // self.recipe.batch)
        with self._steps_shown(steps) as on_step:
            loop = Loop(model, self.recipe, train, on_step)
            if self.state:
                loop.restore(self.state["loop"])
            for size in self.recipe.sizes[self.done :]:
                self._epoch(loop, val, size)
                if self.finished:
                    break

    def _take_up(self) -> None:
        """Begin, or go on from the state."""
        if not self.state:
            if distributed.leads():
                clear(self.folder)
            return
        self.done, self.best, self.finished = (self.state[name] for name in ("epoch", "best", "finished"))
        self.log = Logbook(self.folder, self.state["rows"])
        say_once(f"going on after epoch {self.done} of {self.recipe.passes}, from '{self.folder}'")

    def _examples(self, split: str) -> Examples:
        there = self.data.splits[split]
        images = Images(there.samples, self.description.preprocessing, self.recipe, self.device)
        source: Source = images
        if self.recipe.freeze_features:
            source = Features(images, self.network.eval(), self.settings.arch)
        return Examples(source, there.labels)

    def _trained_part(self) -> nn.Module:
        return Head(self.network, self.settings.arch) if self.recipe.freeze_features else self.network

    @contextmanager
    def _steps_shown(self, steps: int) -> Iterator[Any]:
        with progress("training", (self.recipe.passes - self.done) * steps) as advance:

            def on_step(step: int, of: int) -> None:
                advance()
                if self.settings.log_every and step % self.settings.log_every == 0:
                    say_once(f"    step {step} of {of}")

            yield on_step

    def _epoch(self, loop: Loop, val: Examples, size: int) -> None:
        """Train for an epoch, look at val, and write down what came of it."""
        start, rate = time.perf_counter(), loop.schedule.rate
        loss = loop.epoch(size)
        logits = loop.logits(val.source)
        self._require_finite(loss, logits)
        chances = logits.sigmoid() if self.description.activation == "sigmoid" else logits.softmax(dim=1)
        name, value = headline(score(chances.numpy(), val.labels, self.data.classes))
        loop.schedule.after_epoch(value)
        self.done += 1
        before = self.log.rows[-1]["seconds"] if self.log.rows else 0.0
        row = {
            "epoch": self.done,
            "learning_rate": rate,
            "train_loss": loss,
            "val_loss": mean_loss(logits, val.labels),
            f"val_{name}": value,
            "seconds": round(before + time.perf_counter() - start, 2),
        }
        self.log.add(row)
        # Where classes are easy many epochs have the same score, and the loss tells which of them is surest.
        improved = (value, -row["val_loss"]) > (self.best["score"], -self.best["loss"])
        if improved:
            self.best = {"epoch": self.done, "score": value, "loss": row["val_loss"]}
        self.finished = self.done == self.recipe.passes or self._has_stalled()
        self._keep(loop, improved)
        say_once(
            f"  epoch {self.done:2d} of {self.recipe.passes}: loss {loss:.4f}, {name} on val {100 * value:.1f}, "
            f"{row['seconds']:.0f} s"
        )

    def _require_finite(self, loss: float, logits: Tensor) -> None:
        if not (math.isfinite(loss) and logits.isfinite().all()):
            raise LabError(
                f"The training has diverged in epoch {self.done + 1}, its loss is {loss}: give a lower --learning-rate "
                f"than {self.recipe.learning_rate}, and --fresh."
            )

    def _has_stalled(self) -> bool:
        return bool(self.recipe.patience and self.done - self.best["epoch"] >= self.recipe.patience)

    def _keep(self, loop: Loop, improved: bool) -> None:
        """Write the epoch down; the state, which is what counts, after the best network and before all else."""
        if not distributed.leads():
            return
        weights = self.network.state_dict()
        described = replace(self.description, recipe={**self.description.recipe, "epoch": self.done})
        if improved:
            model_file.save(self.folder / BEST, weights, described)
        if self.finished or self.done % self.settings.save_every == 0:
            write_state(self.folder, self.plan, self._state(loop))
            model_file.save(self.folder / LAST, weights, described)
        self.log.write(last=self.finished)

    def _state(self, loop: Loop) -> dict[str, Any]:
        progress = {"epoch": self.done, "best": self.best, "finished": self.finished, "rows": self.log.rows}
        return {**progress, "loop": loop.state()}

    def finish(self, file: Path | None) -> Path:
        """Score the best network, write it with its scores, and return where it is."""
        best = self.folder / BEST
        distributed.wait()  # for the leader, who writes it
        description, state = model_file.read(best)
        if file:
            state = model_file.halved(state)
        self.network.load_state_dict(state)
        classifier = description.classifier(self.network)
        scores = {
            name: score_network(classifier, split.samples, split.labels, self.data.classes, self.device)
            for name, split in self.data.splits.items()
            if name != "train"
        }
        for name, found in scores.items():
            say_once(in_words(found, name))
        recipe = {**description.recipe, "seconds": round(self.log.rows[-1]["seconds"])}
        distributed.wait()  # nobody is to read the file while it is replaced
        if distributed.leads():
            model_file.save(file or best, state, replace(description, recipe=recipe, scores=scores))
            if file:
                shutil.rmtree(self.folder)
        return file or best


def _require_possible(recipe: Recipe, device: torch.device) -> None:
    if recipe.precision == "fp16" and device.type != "cuda":
        raise LabError("fp16 needs a GPU, because its small numbers vanish without one: give --precision bf16.")


def _describe(settings: TrainingSettings, recipe: Recipe, data: Data) -> Description:
    """Describe the network that is to be trained."""
    if settings.arch == "squeezenet1_1" and data.kind == "boxes":
        raise LabError(
            "squeezenet1_1 ends in a ReLU, so it can never say that something is not there: give another --arch."
        )
    facts = {
        **asdict(recipe),
        "start": Path(settings.weights).name if settings.weights else "random weights",
        "data": data.name,
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
        options=options_of(settings),
        recipe=facts,
    )


def _plan(settings: TrainingSettings, recipe: Recipe, data: Data, network: nn.Module) -> dict[str, Any]:
    """Return all that decides what comes out of a training, by names that a user knows."""
    return {
        **asdict(recipe),
        "arch": settings.arch,
        "data": data.sha256,
        "images": {name: len(split.samples) for name, split in data.splits.items()},
        "classes": data.classes,
        "first_weights": weights_hash(network),
    }


def _greet(recipe: Recipe, data: Data) -> None:
    count = len(data.splits["train"].samples)
    say_once(f"{count} images, {len(data.classes)} classes, {recipe.passes} epochs")
    if distributed.world() > 1:
        say_once(f"{distributed.world()} processes share each batch of {recipe.batch}, also in BatchNorm")
