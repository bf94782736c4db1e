"""Which images the report shows: the choice of the hero, which must not be called a success when it is none."""

from pathlib import Path

import numpy as np
import pytest

from gradcam_lab.data.sample import Object, Sample
from gradcam_lab.pipeline.failures import Failure
from gradcam_lab.pipeline.pictures import Pictures
from gradcam_lab.report import figures

DOG = Object("dog", (1, 1, 10, 10))


def pictures_of(scores, failed):
    """Images a, b, ... with one dog each, one box of the given score each; in the failed ones the dog was not found."""
    samples = [Sample(id, Path(id), (20, 20), (DOG,)) for id in scores]
    rows = {id: np.array([[1, 1, 10, 10, score]]) for id, score in scores.items()}
    failures = [Failure(id, 0, "context", 0.2) for id in failed]
    return Pictures(None, None, samples, None, None, rows, failures, "dog", 0.5, 0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("scores", "failed", "shown", "success"),
    [
        ({"a": 0.9, "b": 0.8, "c": 0.6}, ["a"], "b", True),
        ({"a": 0.9, "b": 0.4}, ["a"], "a", False),  # b is right, but hardly on purpose
        ({"a": 0.7, "b": 0.9}, ["a", "b"], "b", False),
    ],
)
def test_the_hero_is_the_surest_success_or_not_called_one(monkeypatch, tmp_path, scores, failed, shown, success):
    monkeypatch.setattr(Pictures, "panel", lambda self, sample: sample.id)
    monkeypatch.setattr(Pictures, "map_panel", lambda self, sample, boxes: sample.id)
    monkeypatch.setattr(figures, "hero", lambda folder, panels, target, success: (panels, target, success))
    assert pictures_of(scores, failed).hero(tmp_path) == ([shown, shown], "dog", success)


def test_the_caption_calls_a_success_what_is_one(tmp_path):
    from gradcam_lab.report.photos import Panel

    panels = [Panel(np.zeros((8, 12, 3), np.uint8))] * 2
    assert figures.hero(tmp_path, panels, "dog", True)["caption"].startswith("A success: ")
    assert figures.hero(tmp_path, panels, "dog", False)["caption"].startswith("The surest detection, though not ")
