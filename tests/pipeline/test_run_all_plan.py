"""`run-all --plan`: what each stage writes, whether it would run, and why; nothing is computed or written."""

from itertools import pairwise

import pytest

from gradcam_lab.pipeline.graph import STAGES
from tests.commands import contents, lab
from tests.pipeline.conftest import LIMIT


@pytest.fixture
def plan(toy, weights):
    """Ask for the plan of a folder; return (artifact, whether it runs, why) by stage."""

    def ask(out, *more):
        words = ("--data", toy, "--weights", weights, "--limit", LIMIT, "--out", out, "--plan")
        done = lab("run-all", *words, *more)
        assert (done.code, done.err) == (0, "")
        head, *lines = done.out.splitlines()
        names = ("stage", "artifact", "runs", "why", "reads")
        starts = [head.index(name) for name in names]
        cells = [[line[start:end].strip() for start, end in pairwise(starts)] for line in lines]
        return {stage: (artifact, runs, why) for stage, artifact, runs, why in cells}

    return ask


def without_artifacts(rows):
    return {stage: (runs, why) for stage, (_, runs, why) in rows.items()}


def test_a_row_a_stage_and_nothing_is_written(plan, tmp_path):
    out = tmp_path / "out"
    rows = plan(out)
    assert {stage: artifact for stage, (artifact, _, _) in rows.items()} == {s.name: s.output for s in STAGES}
    assert list(rows) == [stage.name for stage in STAGES]
    assert not out.exists()
    assert without_artifacts(rows) == {
        **dict.fromkeys(("data", "heatmaps", "cam", "masks"), ("yes", "not there yet")),
        **dict.fromkeys(("all maps", "classes", "reference"), ("no", "not part of this run")),
        **dict.fromkeys(("classifier", "methods"), ("perhaps", "heatmaps may change")),
        "faithfulness": ("perhaps", "heatmaps and alignment may change"),
        "throughput": ("perhaps", "methods may change"),
        **dict.fromkeys(("maps", "alignment", "threshold", "boxes", "scores"), ("perhaps", "methods decides")),
        **dict.fromkeys(("results", "figures"), ("perhaps", "methods decides")),
        "report": ("perhaps", "results and figures may change"),
        "pdf": ("perhaps", "report may change"),
    }


def test_of_a_finished_run_everything_is_unchanged(plan, whole):
    before = contents(whole)
    rows = without_artifacts(plan(whole, "--no-pdf"))
    assert contents(whole) == before
    left_out = {stage for stage, row in rows.items() if row == ("no", "not part of this run")}
    assert left_out >= {"all maps", "classes", "reference", "pdf"}
    assert {row for stage, row in rows.items() if stage not in left_out} == {("no", "unchanged")}


def test_another_seed_draws_again_and_makes_no_map_again(plan, flip):
    rows = without_artifacts(plan(flip[0], "--method", "flip", "--seed", 1))
    draws = ("classifier", "methods", "masks")
    measured = (
        "classifier and methods and alignment and threshold and boxes and scores and masks and faithfulness and "
        "throughput may change"
    )
    assert rows == {
        **dict.fromkeys(("data", "heatmaps", "cam", "maps"), ("no", "unchanged")),
        **dict.fromkeys(("all maps", "classes", "reference"), ("no", "not part of this run")),
        **dict.fromkeys(draws, ("yes", "its inputs changed")),
        **dict.fromkeys(("alignment", "throughput"), ("perhaps", "methods may change")),
        "threshold": ("perhaps", "methods and alignment may change"),
        "boxes": ("perhaps", "alignment and threshold may change"),
        "faithfulness": ("perhaps", "alignment may change"),
        "scores": ("perhaps", "boxes may change"),
        **dict.fromkeys(("results", "figures"), ("perhaps", measured)),
        "report": ("perhaps", "results and figures may change"),
        "pdf": ("perhaps", "report may change"),
    }


def test_a_wish_that_cannot_be_met_is_one_sentence(toy, weights, tmp_path):
    done = lab("run-all", "--data", toy, "--weights", weights, "--out", tmp_path / "out", "--plan", "--method", "none")
    assert (done.code, done.err.count("\n")) == (2, 1)
