"""The maps of all images of a data set: one function, for one method or for several at once."""

import time
from collections.abc import Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from gradcam_lab.console import progress
from gradcam_lab.data.sample import Sample
from gradcam_lab.errors import LabError
from gradcam_lab.files import digest, moved_into_place
from gradcam_lab.localise.experiment import Experiment
from gradcam_lab.localise.explainer import Explained, Explainer
from gradcam_lab.localise.map_recipe import GRADCAM, PLAIN_RECIPE, MapRecipe
from gradcam_lab.localise.maps import Maps
from gradcam_lab.models import distributed
from gradcam_lab.models.memory import in_parts

BATCH = 16
SAVE_EVERY = 30.0
"""Seconds of work that a killed process may lose."""

PLAIN_RECIPES = {GRADCAM: PLAIN_RECIPE}
"""Plain Grad-CAM alone, as `recipes` of `make_maps`."""

Work = Sequence[tuple[str, Sample]]
"""The images, each with the name of its split."""


def make_maps(
    experiment: Experiment,
    splits: Mapping[str, Sequence[Sample]],
    recipes: Mapping[str, MapRecipe] = PLAIN_RECIPES,
    *,
    artifact: Path | None = None,
    together: bool = False,
) -> dict[str, Maps]:
    """Make the raw maps of all splits by each method; those of the same recipe share one array.

    Interrupted, also by Ctrl-C, a process leaves what it has beside the artifact, in `.<artifact>-<hash>.npz`, and
    takes it up again next time.

    Args:
        experiment: what is explained, and by which lessons. Of the target `ALL` the maps are of shape (n, C, h, w).
        splits: the samples, by the split's name.
        recipes: by the name of the method.
        artifact: beside which unfinished work is kept; None for nowhere.
        together: every process of `torchrun` calls this, explains its share, and gets all.

    Raises:
        LabError: a map holds NaN or infinity.
    """
    todo = [(split, sample) for split, samples in splits.items() for sample in samples]
    share = distributed.shard(todo) if together else todo
    explainer = Explainer(experiment, list(recipes.values()))
    unfinished = _unfinished(artifact, explainer, share) if artifact else None
    found = _explained(explainer, share, recipes, unfinished)
    if together:
        found = {
            recipe: Explained(*(np.stack(distributed.gather(list(part))) for part in parts))
            for recipe, parts in found.items()
        }
    if unfinished:
        unfinished.unlink(missing_ok=True)
    images = {
        "ids": np.array([sample.id for _, sample in todo]),
        "splits": np.array([split for split, _ in todo]),
        "classes": np.array(experiment.classifier.class_names),
        "sizes": np.array([sample.size for _, sample in todo]),
    }
    return {name: Maps(**images, **found[recipe]._asdict()) for name, recipe in recipes.items()}


def _explained(
    explainer: Explainer, todo: Work, recipes: Mapping[str, MapRecipe], unfinished: Path | None
) -> dict[MapRecipe, Explained]:
    """Explain images in batches, going on after what is in the file of unfinished work."""
    parts = _read(unfinished, explainer.recipes)
    done = sum(len(next(iter(part.values())).maps) for part in parts)
    title = f"Grad-CAM of {explainer.experiment.target}" if len(recipes) == 1 else "maps of all methods"
    saved = time.monotonic()
    try:
        with progress(title, len(todo)) as advance:
            advance(done)
            size = explainer.classifier.batch or BATCH
            for start in range(done, len(todo), size):
                batch = [sample for _, sample in todo[start : start + size]]
                found = in_parts(lambda some: explainer(explainer.inputs(some)), batch)
                for part in found:
                    _require_finite(part, recipes, batch)
                parts += found
                advance(len(batch))
                if time.monotonic() - saved > SAVE_EVERY:
                    _write(unfinished, parts)
                    saved = time.monotonic()
    except BaseException:  # KeyboardInterrupt above all
        _write(unfinished, parts)
        raise
    return _concatenated(parts)


def _require_finite(
    part: Mapping[MapRecipe, Explained], recipes: Mapping[str, MapRecipe], batch: Sequence[Sample]
) -> None:
    bad = [name for name, recipe in recipes.items() if not np.isfinite(part[recipe].maps).all()]
    several = len(recipes) > 1
    which = f" by the method {' and '.join(bad)}" if several else ""
    remedy = ", or use --quick, which leaves other methods out" if several else ""
    if bad:
        image = batch[0].path
        raise LabError(f"The heatmap of '{image}' or a neighbour is not finite{which}: check the weights{remedy}.")


def _concatenated(parts: Sequence[Mapping[MapRecipe, Explained]]) -> dict[MapRecipe, Explained]:
    return {
        recipe: Explained(*map(np.concatenate, zip(*(part[recipe] for part in parts), strict=True)))
        for recipe in parts[0]
    }


def _unfinished(artifact: Path, explainer: Explainer, todo: Work) -> Path:
    """Name the file of unfinished work after exactly these inputs."""
    experiment = explainer.experiment
    images = [(str(sample.path), sample.path.stat().st_mtime_ns) for _, sample in todo]
    code = experiment.lessons.code_sha256["step2_gradcam"]
    recipes = [str(recipe) for recipe in explainer.recipes]
    key = digest(experiment.classifier.fingerprint, code, images, experiment.target, experiment.precision, recipes)
    return artifact.with_name(f".{artifact.stem}-{key[:16]}.npz")


def _read(unfinished: Path | None, recipes: Sequence[MapRecipe]) -> list[dict[MapRecipe, Explained]]:
    """Return what was done, as one batch; none where nothing was, or the file is damaged."""
    if unfinished is None:
        return []
    try:
        with np.load(unfinished, allow_pickle=False) as arrays:
            values = iter(arrays.values())
            return [{recipe: Explained(*islice(values, len(Explained._fields))) for recipe in recipes}]
    except (OSError, ValueError, EOFError, BadZipFile):
        return []


def _write(unfinished: Path | None, parts: Sequence[Mapping[MapRecipe, Explained]]) -> None:
    """Keep what is done: the arrays of each recipe, in the order of its fields."""
    if unfinished and parts:
        with moved_into_place(unfinished) as temporary:
            np.savez(temporary, *chain.from_iterable(_concatenated(parts).values()))
