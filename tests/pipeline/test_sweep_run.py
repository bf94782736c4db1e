"""`sweep`: other thresholds on the saved maps of a run."""

import json
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.errors import LabError
from gradcam_lab.localise.detector import Detector
from gradcam_lab.localise.experiment import ground_truth
from gradcam_lab.localise.maps import read_maps
from gradcam_lab.localise.methods import GRID
from gradcam_lab.localise.threshold import choose, sweep
from gradcam_lab.pipeline.saved_boxes import Rules, evaluate_files
from gradcam_lab.pipeline.sweep_run import asked_grid, grid_of, sweep_run
from gradcam_lab.report.figures.style import OURS, TRUTH
from tests.commands import lab
from tests.invented_run import change_results


class TestSweep:
    @pytest.mark.parametrize("split", ["val", "test"])
    def test_is_the_sweep_of_the_run(self, invented_run, tmp_path, toy, lessons, split):
        maps = read_maps(invented_run / "heatmaps.npz").of(split)
        truth = ground_truth(lessons, read_split(toy, split).samples, "dog")
        expected = sweep(Detector(lessons), maps, truth, GRID, (0.3, 0.4, 0.5))
        ours = json.loads(sweep_run(invented_run, split=split, json=True, out=tmp_path))
        assert tuple(ours["grid"]) == GRID
        assert {name: ours[name] for name in expected._fields} == expected._asdict()
        assert ours["boxes"][5] == sum(map(len, Detector(lessons)(maps, GRID[5]).values()))
        assert max(ours["mean_ap"]) > 0
        if split == "val":
            assert ours["best_of_val"]["threshold"] == GRID[choose(expected.mean_ap)]
        else:
            assert ours["oracle"]["mean_ap"] == max(ours["mean_ap"])
            assert ours["mean_ap"][ours["grid"].index(ours["oracle"]["threshold"])] == max(ours["mean_ap"])

    def test_prints_a_table_that_marks_the_chosen_and_the_oracle(self, invented_run, tmp_path):
        options: dict[str, Any] = {"split": "test", "start": 0.2, "stop": 0.6, "step": 0.1, "iou": (0.3, 0.5)}
        curves = json.loads(sweep_run(invented_run, json=True, out=tmp_path, **options))
        header, *lines = sweep_run(invented_run, out=tmp_path, **options).splitlines()
        assert " ".join(header.split()) == "threshold boxes AP 0.3 AP 0.5 mean AP recall 0.3 recall 0.5"
        rows = [line.split(maxsplit=7) for line in lines[:5]]
        assert [row[0] for row in rows] == ["0.2", "0.3", "0.4", "0.5", "0.6"]
        assert [int(row[1]) for row in rows] == curves["boxes"]
        columns = [*curves["ap"].values(), curves["mean_ap"], *curves["recall"].values()]
        assert [row[2:7] for row in rows] == [
            [f"{100 * v:.2f}" for v in values] for values in zip(*columns, strict=True)
        ]
        marks = {row[0]: row[7] for row in rows if len(row) > 7}
        assert "chosen" in marks["0.3"]
        assert "oracle" in marks[f"{curves['oracle']['threshold']:g}"]
        assert any("not a result" in line for line in lines[5:])

    def test_opens_no_image_and_needs_no_data_for_test(self, invented_copy, monkeypatch):
        change_results(invented_copy, "run", "data_root", value="/nowhere at all")
        monkeypatch.setattr(Image, "open", lambda *a, **k: pytest.fail("an image was opened"))
        assert "oracle" in sweep_run(invented_copy, split="test", step=0.3)
        with pytest.raises(LabError, match=r"no longer in '/nowhere at all', .* 'val' are nowhere else"):
            sweep_run(invented_copy)

    def test_draws_the_curves_twice(self, invented_copy):
        sweep_run(invented_copy, split="test", step=0.3)
        kept = (invented_copy / "sweep_test.png").read_bytes()
        sweep_run(invented_copy, step=0.3)  # val's have names of their own
        sweep_run(invented_copy, split="test", step=0.3, ap="11point")
        names = {"sweep_test", "sweep_val", "sweep_test_11point"}
        assert {path.stem for path in invented_copy.glob("sweep*.png")} == names
        assert (invented_copy / "sweep_test.png").read_bytes() == kept
        with Image.open(invented_copy / "sweep_test.png") as picture:
            assert picture.size == (1600, 660)
            pixels = np.asarray(picture.convert("RGB")).reshape(-1, 3)
        drawn = {tuple(colour) for colour in pixels.tolist()}
        assert {tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5)) for colour in (OURS, TRUTH)} <= drawn
        assert "<svg" in (invented_copy / "sweep_test.svg").read_text(encoding="utf-8")

    def test_a_threshold_off_the_grid_is_said(self, invented_run, tmp_path):
        lines = sweep_run(invented_run, split="test", start=0.25, step=0.5, out=tmp_path).splitlines()
        assert "The run's threshold, 0.3, chosen on val, is not on this grid." in lines

    def test_a_students_run_is_swept_by_the_reference_and_says_so(self, invented_copy):
        change_results(invented_copy, "implementation", "step3_boxes", value="mine")
        text = sweep_run(invented_copy, split="test", step=0.5)
        assert "The run used your step3_boxes; this sweep used the reference." in text

    @pytest.mark.parametrize(
        ("grid", "expected"),
        [
            ((0.1, 0.5, 0.1), [0.1, 0.2, 0.3, 0.4, 0.5]),
            ((0.05, 0.95, 0.05), list(GRID)),
            ((0.3, 0.3, 0.1), [0.3]),
            ((0, 1, 0.4), [0, 0.4, 0.8]),
        ],
    )
    def test_the_grid_has_both_ends(self, grid, expected):
        assert grid_of(*grid) == expected

    @pytest.mark.parametrize(
        "grid", [(0.5, 0.1, 0.1), (-0.1, 0.5, 0.1), (0.1, 1.1, 0.1), (0.1, 0.5, 0), (0.1, 0.5, -1), (0, 1, 1e-9)]
    )
    def test_grids_that_are_none(self, grid):
        with pytest.raises(LabError, match="give "):
            grid_of(*grid)

    def test_what_a_run_may_lack(self, invented_copy, tmp_path):
        with pytest.raises(LabError, match=r"There is no 'results.json'"):
            sweep_run(tmp_path)
        (invented_copy / "ground_truth.json").write_text("{}", encoding="utf-8")
        with pytest.raises(LabError, match=r"ground_truth\.json' does not name the image"):
            sweep_run(invented_copy, split="test")
        change_results(invented_copy, "threshold", value={})
        with pytest.raises(LabError, match=r"lacks 'threshold\.chosen': make the run again"):
            sweep_run(invented_copy)
        (invented_copy / "heatmaps.npz").write_bytes(b"PK\x03\x04 nothing")
        with pytest.raises(LabError, match=r"heatmaps\.npz' is damaged"):
            sweep_run(invented_copy)
        (invented_copy / "heatmaps.npz").unlink()
        with pytest.raises(LabError, match=r"There is no 'heatmaps\.npz'"):
            sweep_run(invented_copy)


class TestThresholds:
    """Single thresholds, whose boxes are kept."""

    @pytest.mark.parametrize("split", ["val", "test"])
    def test_the_kept_boxes_score_as_the_sweep_says(self, invented_copy, split):
        ours = json.loads(sweep_run(invented_copy, split=split, thresholds=[0.06, 0.01, 0.3, 0.06], json=True))
        names = [f"boxes_{split}_{threshold}.json" for threshold in ("0.01", "0.06", "0.3")]
        assert ours["grid"] == [0.01, 0.06, 0.3]
        assert ours["detections"] == [str(invented_copy / name) for name in names]
        assert ours["ground_truth"] == str(invented_copy / f"ground_truth_{split}.json")
        for place, file in enumerate(ours["detections"]):
            scores = evaluate_files(Path(file), Path(ours["ground_truth"]), Rules((0.3, 0.4, 0.5), bootstrap=0))
            for iou, row in scores.items():
                assert row["ap"] == pytest.approx(ours["ap"][iou][place], abs=1e-6)
                assert row["recall"] == ours["recall"][iou][place]
        if split == "test":  # at the run's own threshold the boxes are the run's
            assert (invented_copy / names[2]).read_bytes() == (invented_copy / "detections.json").read_bytes()

    def test_what_it_says_can_be_typed(self, invented_copy, tmp_path):
        text = sweep_run(invented_copy, thresholds=[0.2], ap="11point", out=tmp_path / "a b")
        lines = text.splitlines()
        assert "AP is VOC2007's: the mean of eleven points of the curve." in lines
        typed = {line.split(":")[0]: shlex.split(line.partition("gradcam-lab ")[2]) for line in lines if "lab " in line}
        scored = lab(*typed["To score them"], "--bootstrap", 0)
        assert (scored.code, scored.err) == (0, "")
        row = lines[1].split()
        assert [line.split()[1] for line in scored.out.splitlines()[1:4]] == row[2:5]
        drawn = lab(*typed["To draw them"], "--random", 1, "--out", tmp_path / "shown")
        assert (drawn.code, len(drawn.out.splitlines())) == (0, 2)

    def test_a_grid_keeps_no_boxes(self, invented_copy):
        sweep_run(invented_copy, split="test", step=0.3)
        assert not list(invented_copy.glob("boxes_*"))

    @pytest.mark.parametrize("part", [{"start": 0.1}, {"stop": 0.5}, {"step": 0.05}])
    def test_two_ways_to_ask_are_one_too_many(self, part):
        with pytest.raises(LabError, match="either --threshold or --from, --to and --step"):
            asked_grid([0.1], **{"start": None, "stop": None, "step": None, **part})

    def test_the_best_of_a_list_is_the_highest_itself(self, invented_run, tmp_path):
        ours = json.loads(sweep_run(invented_run, thresholds=[0.3, 0.9, 0.95], json=True, out=tmp_path))
        assert ours["best_of_val"]["mean_ap"] == max(ours["mean_ap"])

    def test_the_average_precision_is_the_runs_unless_another_is_asked_for(self, invented_copy, tmp_path):
        def swept(**more: Any) -> Any:
            return json.loads(sweep_run(invented_copy, thresholds=[0.3], json=True, out=tmp_path, **more))

        area, eleven = swept(), swept(ap="11point")
        assert (area["average_precision"], eleven["average_precision"]) == ("area", "11point")
        assert area["ap"] != eleven["ap"]
        assert area["recall"] == eleven["recall"]
        change_results(invented_copy, "run", "parameters", "ap", value="11point")
        assert swept() == eleven
