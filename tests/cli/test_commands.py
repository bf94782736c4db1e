"""The commands: from a folder of images to a report, and what is said where something cannot be used."""

import json
import os
import pickle
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import jsonschema
import numpy as np
import pytest
import torch

from gradcam_lab import __version__, doctor
from gradcam_lab.data.box_files.json_boxes import read_detections, read_ground_truth
from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.files import read_json, sha256, write_json
from gradcam_lab.localise import maps as heatmaps
from gradcam_lab.pipeline import run as pipeline
from gradcam_lab.pipeline.run import IOU_THRESHOLDS, Settings
from gradcam_lab.pipeline.students_work import StudentsWork
from gradcam_lab.report import render
from gradcam_lab.report.pdf import PdfError
from gradcam_lab.report.render import Rendered
from gradcam_lab.report.results import schema
from gradcam_lab.vision import torchvision
from tests.commands import Done, lab

STAGES = ("data", "heatmaps", "classifier", "cam", "threshold", "boxes", "scores", "results", "figures", "report")
ARTIFACTS = ("report.html", "results.json", "detections.json", "ground_truth.json", "heatmaps.npz", "figures")


def run_all(data, weights, out, *more):
    return lab("run-all", "--data", data, "--weights", weights, "--out", out, "--no-pdf", "--quick", *more)


def contents(folder):
    """Every file of a folder with its hash and its time."""
    return {path: (sha256(path), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


def stages_said(out):
    """What a run said of each stage: unchanged, or the reason why it ran."""
    said = {}
    for line in out.splitlines():
        words = line.split()
        if line.startswith("  ") and words[0] in STAGES:
            said[words[0]] = "unchanged" if words[1] == "unchanged" else line[line.index("(") + 1 : -1]
    return said


@pytest.fixture(scope="module")
def first(tmp_path_factory, toy, weights) -> tuple[Path, Done]:
    out = tmp_path_factory.mktemp("runs") / "Übung 1" / "report of mine"
    return out, run_all(toy, weights, out)


@pytest.fixture(scope="module")
def finished(first) -> Path:
    """The folder of a finished run; to be read and not to be changed."""
    return first[0]


@pytest.fixture(scope="module")
def results(finished):
    return read_json(finished / "results.json")


class TestRunAll:
    def test_says_what_it_does_and_prints_the_reports_path_last(self, first):
        out, done = first
        assert (done.code, done.err) == (0, "")
        assert stages_said(done.out) == dict.fromkeys(STAGES, "not there yet")
        assert "16 images of val, 24 of test, looking for dog with embedded at layer layer4" in done.out
        assert done.out.splitlines()[-1] == str(out / "report.html")

    def test_leaves_every_artifact_and_nothing_unfinished(self, finished):
        assert all((finished / name).exists() for name in ARTIFACTS)
        assert not any(path.name.startswith(".") for path in finished.rglob("*"))
        assert len(list((finished / "figures").glob("*.jpg"))) >= 5
        assert "<html" in (finished / "report.html").read_text(encoding="utf-8")

    def test_results_keep_to_their_schema(self, results):
        validator = jsonschema.Draft202012Validator(schema())
        validator.validate(results)
        for spoil in (
            lambda r: r.pop("table"),
            lambda r: r.update(schema="gradcam-lab/results/2"),
            lambda r: r["table"][0]["scores"]["0.5"].update(ap=1.5),
            lambda r: r["run"].update(surprise=1),
            lambda r: r["provenance"].update(weights_sha256="unknown"),
        ):
            spoilt = json.loads(json.dumps(results))
            spoil(spoilt)
            assert not validator.is_valid(spoilt)

    def test_results_agree_with_the_files_beside_them(self, results, finished, toy):
        found = read_detections(finished / "detections.json")
        truth = read_ground_truth(finished / "ground_truth.json")
        test = read_split(toy, "test").samples
        assert list(found) == list(truth) == [sample.id for sample in test]
        assert sum(map(len, found.values())) == results["table"][0]["boxes"]
        dogs = [o for sample in test for o in sample.objects if o.name == "dog"]
        assert results["data"]["splits"]["test"] == {
            "images": 24,
            "images_with_target": sum(bool(sample.boxes("dog")) for sample in test),
            "objects": len(dogs),
            "difficult": sum(o.difficult for o in dogs),
        }
        assert sum(len(boxes) for boxes, _ in truth.values()) == len(dogs)
        for sample in test:  # no box leaves its image
            width, height = sample.size
            boxes = found[sample.id][:, :4]
            assert (boxes >= 1).all()
            assert (boxes[:, 2] <= width).all()
            assert (boxes[:, 3] <= height).all()
        threshold = results["threshold"]
        assert threshold["chosen"] in threshold["grid"]
        assert threshold["oracle"]["mean_ap"] == max(threshold["test"]["mean_ap"])
        assert results["provenance"]["weights_sha256"] == read_classifier(results, toy).sha256

    def test_evaluate_gives_the_main_tables_numbers_from_the_saved_boxes(self, results, finished):
        options = ("--detections", finished / "detections.json", "--ground-truth", finished / "ground_truth.json")
        done = lab("evaluate", *options, "--json")
        assert (done.code, done.err) == (0, "")
        assert json.loads(done.out) == results["table"][0]["scores"]

    def test_there_are_all_baselines(self, results):
        rows = [(row["name"][0], row["kind"]) for row in results["table"]]
        assert rows == [("G", "ours"), *2 * [("A", "baseline"), ("B", "cheating"), ("C", "baseline")]]
        assert all(list(row["scores"]) == [f"{iou:g}" for iou in IOU_THRESHOLDS] for row in results["table"])

    def test_the_heatmaps_are_raw(self, finished):
        maps = heatmaps.read_heatmaps(finished / "heatmaps.npz").maps
        assert maps.shape == (40, 7, 7)
        assert len(np.unique(maps.max(axis=(1, 2)))) > 20

    def test_a_second_run_says_so_and_rewrites_nothing(self, first, toy, weights):
        out, _ = first
        before = contents(out)
        done = run_all(toy, weights, out)
        assert (done.code, done.err) == (0, "")
        assert stages_said(done.out) == dict.fromkeys(STAGES, "unchanged")
        assert contents(out) == before

    def test_only_what_depends_on_a_change_runs_again(self, finished, toy, weights, tmp_path):
        out = shutil.copytree(finished, tmp_path / "out")
        (out / "scores.json").unlink()
        (out / "figures" / "hero.jpg").write_bytes(b"scribbled over")
        done = run_all(toy, weights, out)
        said = stages_said(done.out)
        assert said.pop("scores") == "scores.json was missing"
        assert said.pop("figures") == "figures/hero.jpg was changed"
        assert said == dict.fromkeys(said, "unchanged")
        assert sha256(out / "scores.json") == sha256(finished / "scores.json")
        assert sha256(out / "figures" / "hero.jpg") == sha256(finished / "figures" / "hero.jpg")

    def test_ctrl_c_is_one_line_and_keeps_what_is_done(self, toy, weights, tmp_path, monkeypatch):
        def interrupt(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr(heatmaps.Explainer, "__call__", interrupt)
        done = run_all(toy, weights, tmp_path / "out")
        assert done.code == 130
        assert done.err == "Interrupted. The same command goes on from here.\n"
        assert list(read_json(tmp_path / "out" / "stages.json")) == ["data"]

    def test_the_command_in_the_results_can_be_pasted(self, results, toy, weights):
        assert results["provenance"]["command"] == f"gradcam-lab run-all --data '{toy}' --weights '{weights}' --quick"

    def test_every_choice_that_is_not_the_default_is_in_the_command(self):
        chosen: dict[str, Any] = {
            **{"data": "pets", "data_root": Path("a b"), "checkpoint": Path("c.pth"), "classifier": "vgg16"},
            **{"weights": "imagenet", "target": "cat", "limit": 3, "method": "otsu", "seed": 1, "precision": "bf16"},
        }
        words = shlex.split(Settings(**chosen, quick=True, skip_bad=True, course=StudentsWork({}, {}, "mine")).command)
        assert words[:2] == ["gradcam-lab", "run-all"]
        said = dict(zip(words[2:-2:2], words[3:-2:2], strict=True))
        assert said == {f"--{name.replace('_', '-')}": str(value) for name, value in chosen.items()} | {
            "--impl": "mine"
        }
        assert words[-2:] == ["--quick", "--skip-bad"]
        assert Settings(course=StudentsWork({})).command == "gradcam-lab run-all"

    def test_the_wishes_of_the_command_line_arrive(self, monkeypatch, tmp_path):
        run = Mock(return_value=Rendered(tmp_path / "report.html", None, None))
        monkeypatch.setattr(pipeline, "run_all", run)
        for words in ((), ("--quick",), ("--method", "layercam")):
            lab("run-all", *words)
        asked = [(call.args[0].quick, call.args[0].method) for call in run.call_args_list]
        assert asked == [(False, None), (True, None), (False, "layercam")]

    def test_bad_images_are_named_and_counted_with_skip_bad(self, toy, weights, tmp_path, monkeypatch):
        data = shutil.copytree(toy, tmp_path / "data")
        bad = read_split(data, "test").samples[3].path
        bad.write_bytes(b"")
        done = run_all(data, weights, tmp_path / "out")
        refused(done, str(bad), "--skip-bad")
        monkeypatch.setattr(pipeline.Run, "stages_in_order", lambda run: None)
        nothing = Rendered(tmp_path / "report.html", None, None)
        monkeypatch.setattr(pipeline, "report", lambda folder, pdf: nothing)
        done = run_all(data, weights, tmp_path / "out", "--skip-bad")
        assert done.code == 0
        assert done.err == f"  skipped: The image '{bad}' is broken, truncated or neither JPEG nor PNG.\n"
        assert "23 of test" in done.out
        assert "1 bad images or objects were skipped" in done.out

    def test_the_default_folder_is_named_after_the_data(self, tmp_path):
        assert Settings().folder == Path("report") / "toyvoc"
        assert Settings(data=str(tmp_path / "pets-mini")).folder == Path("report") / "pets-mini"
        assert Settings(data="pets", out=tmp_path).folder == tmp_path


def read_classifier(results, toy):
    from gradcam_lab.models import zoo

    return zoo.load(results["run"]["classifier"], str(weights_file(results)))


def weights_file(results):
    return Path(shlex.split(results["provenance"]["command"].split(" --weights ")[1])[0])


def without_pango(html: str, path: Path) -> None:
    raise PdfError("No PDF was made: install Pango.")


class TestReport:
    def test_renders_a_finished_run_again(self, finished, tmp_path, monkeypatch):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
        copies = [shutil.copytree(finished, tmp_path / name) for name in ("one", "two")]
        for copy in copies:
            (copy / "report.html").unlink()
            done = lab("report", "--run", copy, "--no-pdf")
            assert (done.code, done.err, done.out) == (0, "", f"{copy / 'report.html'}\n")
        assert sha256(copies[0] / "report.html") == sha256(copies[1] / "report.html")

    def test_without_pango_one_line_says_so_and_the_rest_is_kept(self, finished, tmp_path, monkeypatch):
        monkeypatch.setattr(render, "write_pdf", without_pango)
        copy = shutil.copytree(finished, tmp_path / "run")
        done = lab("report", "--run", copy)
        assert (done.code, done.err, done.out) == (
            3,
            "No PDF was made: install Pango.\n",
            f"{copy / 'report.html'}\n",
        )

    def test_without_pango_run_all_keeps_the_rest_and_tries_again(self, finished, toy, weights, tmp_path, monkeypatch):
        out = shutil.copytree(finished, tmp_path / "run")
        for _ in range(2):
            with monkeypatch.context() as patch:
                patch.setattr(render, "write_pdf", without_pango)
                done = lab("run-all", "--data", toy, "--weights", weights, "--out", out, "--quick")
            assert (done.code, done.err) == (3, "No PDF was made: install Pango.\n")
            assert done.out.splitlines()[-1] == str(out / "report.html")


class TestEvaluate:
    @pytest.fixture
    def files(self, tmp_path):
        """Two dogs, one of them difficult; both are found, and there is one false box of the same score."""
        write_json(tmp_path / "G.json", {"a": [[1, 1, 10, 10]], "b": [{"box": [1, 1, 10, 10], "difficult": True}]})
        write_json(tmp_path / "D.json", {"a": [[1, 1, 10, 10, 0.5]], "b": [[1, 1, 10, 10, 0.9], [30, 30, 40, 40, 0.5]]})
        return ("--detections", tmp_path / "D.json", "--ground-truth", tmp_path / "G.json")

    def test_prints_a_table_in_percent(self, files):
        done = lab("evaluate", *files)
        assert (done.code, done.err) == (0, "")
        header, *rows = done.out.splitlines()
        assert header.split() == ["IoU", "AP", "95%", "recall", "95%", "CorLoc", "95%"]
        assert [row.split()[:2] for row in rows[:3]] == [["0.3", "50.00"], ["0.4", "50.00"], ["0.5", "50.00"]]
        assert rows[3] == "At IoU 0.3 scores tie: their order could move AP from 50.00 to 100.00."

    def test_prints_json_and_nothing_else(self, files):
        done = lab("evaluate", *files, "--json")
        assert list(json.loads(done.out)) == ["0.3", "0.4", "0.5"]

    @pytest.mark.parametrize(
        ("options", "ap"),
        [
            ((), 0.5),
            (("--ties", "order"), 1),
            (("--method", "11point"), 0.5),
            (("--count-difficult",), 2 / 3 * 0.5 + 0.5),
            (("--bootstrap", 0), 0.5),
            (("--iou", 1), 0),
        ],
    )
    def test_options(self, files, options, ap):
        done = lab("evaluate", *files, "--iou", 0.7, *options, "--json")
        scores = json.loads(done.out)
        assert list(scores) == (["0.7", "1"] if "--iou" in options else ["0.7"])
        row = list(scores.values())[-1]
        assert row["ap"] == pytest.approx(ap)
        assert (row["ap_low"] is None) == ("--bootstrap" in options)
        assert (row["recall"], row["corloc"]) == ((0, 0) if "--iou" in options else (1, 1))

    def test_nothing_to_find_is_a_dash_and_null(self, files, tmp_path):
        write_json(tmp_path / "G.json", {"a": [], "b": []})
        assert lab("evaluate", *files).out.splitlines()[1].split() == ["0.3", "-", "-", "-"]
        assert json.loads(lab("evaluate", *files, "--json").out)["0.3"]["ap"] is None

    @pytest.mark.parametrize("iou", ["1.1", "-0.1", "half"])
    def test_an_iou_beyond_0_to_1_is_refused(self, files, iou):
        done = lab("evaluate", *files, "--iou", iou)
        assert done.code == 2
        assert "--iou" in done.err
        assert "Traceback" not in done.err


class TestDoctor:
    @pytest.mark.parametrize("ok", [True, False])
    def test_the_exit_code_says_whether_all_is_well(self, monkeypatch, ok):
        findings = [
            doctor.Finding("Python", True, "3.11"),
            doctor.Finding("Pango", ok, "found", "" if ok else "get it"),
        ]
        monkeypatch.setattr(doctor, "examine", lambda: findings)
        done = lab("doctor")
        assert (done.code, done.err) == (0 if ok else 1, "")
        assert ("remedy: get it" in done.out) != ok
        done = lab("doctor", "--json")
        assert done.code == (0 if ok else 1)
        assert [finding["ok"] for finding in json.loads(done.out)] == [True, ok]


def refused(done, *words):
    """One clear sentence on stderr, exit code 2, and the sentence says these words."""
    assert done.code == 2, done
    assert done.err.endswith("\n")
    assert len(done.err.splitlines()) == 1
    assert done.err.startswith("gradcam-lab: ")
    assert done.err.rstrip().endswith(".")
    assert "Traceback" not in done.out + done.err
    for word in words:
        assert word in done.err


class Malicious:
    """Unpickled, it would make a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


class TestBadInput:
    """Each is refused in one sentence, and a finished run in the output folder stays as it is."""

    @pytest.fixture(autouse=True)
    def nothing_is_lost(self, finished):
        before = contents(finished)
        yield
        assert contents(finished) == before

    @pytest.fixture
    def data(self, toy, tmp_path):
        """A copy of ToyVOC's lists, images and annotations, to be spoilt."""
        return shutil.copytree(toy, tmp_path / "data", ignore=shutil.ignore_patterns("SegmentationClass"))

    def split(self, data, name, ids):
        (data / "ImageSets" / "Main" / f"{name}.txt").write_text("".join(f"{id}\n" for id in ids), encoding="utf-8")

    def test_no_such_data_folder(self, finished, weights, tmp_path):
        refused(run_all(tmp_path / "nowhere", weights, finished), str(tmp_path / "nowhere"), "--data")

    def test_not_a_voc_layout(self, finished, weights, tmp_path):
        (tmp_path / "photos" / "JPEGImages").mkdir(parents=True)
        done = run_all(tmp_path / "photos", weights, finished)
        refused(done, str(tmp_path / "photos"), "lacks Annotations, ImageSets/Main", "give the folder")

    @pytest.mark.parametrize("name", ["val", "test"])
    def test_an_empty_split(self, finished, weights, data, name):
        self.split(data, name, [])
        refused(run_all(data, weights, finished), f"{name}.txt' is empty", "should name one image a line")

    @pytest.mark.parametrize("name", ["val", "test"])
    def test_no_sample_has_the_target(self, finished, weights, data, name):
        self.split(data, name, [s.id for s in read_split(data, name).samples if not s.boxes("horse")])
        done = run_all(data, weights, finished, "--target", "horse")
        refused(done, f"split '{name}' of '{data}' holds a horse", "choose another --target")

    def test_a_target_that_only_difficult_objects_have(self, finished, weights, data):
        for sample in read_split(data, "test").samples:
            path = data / "Annotations" / f"{sample.id}.xml"
            text = path.read_text(encoding="utf-8").replace("<difficult>0", "<difficult>1")
            path.write_text(text, encoding="utf-8")
        refused(run_all(data, weights, finished), "split 'test'", "holds a dog that is not difficult")

    def test_a_target_the_classifier_does_not_know(self, finished, toy, weights):
        done = run_all(toy, weights, finished, "--target", "unicorn")
        refused(done, "knows no class 'unicorn'", "choose one of bird, boat, car, cat, dog, horse, person")

    def test_no_such_classifier(self, finished, toy):
        done = lab("run-all", "--data", toy, "--classifier", "resnet19", "--out", finished)
        refused(done, "no classifier 'resnet19'", "choose one of embedded, resnet18")

    def test_weights_that_are_missing(self, finished, toy, tmp_path):
        refused(run_all(toy, tmp_path / "gone.safetensors", finished), "gone.safetensors", "--weights")

    @pytest.mark.parametrize("kept", [0, 5, 2000, -100])
    def test_weights_that_are_truncated(self, finished, toy, weights, tmp_path, kept):
        path = tmp_path / "half.safetensors"
        path.write_bytes(weights.read_bytes()[:kept])
        refused(run_all(toy, path, finished), str(path), "truncated", "fetch or make it again")

    @pytest.mark.parametrize(
        "kept",
        [
            0,
            5,
            2000,
            -100,
        ],
    )
    def test_a_state_dict_that_is_truncated(self, finished, toy, tmp_path, kept):
        path = tmp_path / "half.pth"
        torch.save({"weight": torch.zeros(1000)}, path)
        path.write_bytes(path.read_bytes()[:kept])
        done = run_all(toy, path, finished, "--classifier", "mobilenet_v2")
        refused(done, str(path), "truncated", "fetch or save it again")

    def test_weights_of_another_architecture(self, finished, toy, tmp_path):
        path = tmp_path / "squeeze.pth"
        torch.save(torchvision().models.squeezenet1_1(weights=None).state_dict(), path)
        done = run_all(toy, path, finished, "--classifier", "mobilenet_v2")
        refused(done, str(path), "does not fit mobilenet_v2", "looks like squeezenet1_1, so give --classifier")

    def test_weights_that_train_did_not_make(self, finished, toy, tmp_path):
        from safetensors.torch import save_file

        save_file({"fc.weight": torch.zeros(2, 2)}, tmp_path / "foreign.safetensors")
        done = run_all(toy, tmp_path / "foreign.safetensors", finished)
        refused(done, "foreign.safetensors", "was not made by gradcam-lab train", "give a file that was")

    @pytest.mark.parametrize("legacy", [False, True])
    def test_a_pickle_with_code_in_it(self, finished, toy, tmp_path, legacy):
        trap, path = tmp_path / "it ran", tmp_path / "trap.pth"
        if legacy:
            path.write_bytes(pickle.dumps({"weight": Malicious(trap)}))
        else:
            torch.save({"weight": Malicious(trap)}, path)
        done = run_all(toy, path, finished, "--classifier", "mobilenet_v2")
        refused(done, str(path), "was not loaded", "state_dict() alone")
        assert not trap.exists()

    def test_an_unwritable_output_folder(self, toy, weights, tmp_path):
        (tmp_path / "out").write_text("in the way", encoding="utf-8")
        for out in (tmp_path / "out", tmp_path / "out" / "deeper"):
            refused(run_all(toy, weights, out), str(out), "choose another with --out")
        assert (tmp_path / "out").read_text(encoding="utf-8") == "in the way"

    @pytest.mark.parametrize(
        ("detections", "words"),
        [
            ('{"a": [[1, 2, 3, 4, 0.5]]', ("not valid JSON (line 1, column ", "mend it")),
            ("", ("not valid JSON (line 1, column 1",)),
            ('{"a": [[1, 2, 3, 4, 0.5]], "stranger": []}', ("'stranger'", "does not name")),
            ('{"a": [[1, 2, NaN, 4, 0.5]]}', ("image 'a'", "NaN", "mend or remove it")),
            ('{"a": [[1, 2, 3, 4, NaN]]}', ("image 'a'", "NaN", "mend or remove it")),
            ('{"a": [[1, 2, 3, 4, Infinity]]}', ("image 'a'", "infinity")),
            ('{"a": [[1, 2, 3, 4]]}', ("image 'a'", "is not a box", "mend it")),
            ('[["a", 1, 2, 3, 4]]', ("does not map each image to a list",)),
        ],
    )
    def test_detections(self, tmp_path, detections, words):
        (tmp_path / "D.json").write_text(detections, encoding="utf-8")
        write_json(tmp_path / "G.json", {"a": [[1, 2, 3, 4]]})
        done = lab("evaluate", "--detections", tmp_path / "D.json", "--ground-truth", tmp_path / "G.json", "--json")
        refused(done, "D.json", *words)
        assert done.out == ""

    @pytest.mark.parametrize(
        ("truth", "words"),
        [
            ("{", ("not valid JSON",)),
            ("{}", ("names no image",)),
            ('{"a": [[1, 2, NaN, 4]]}', ("image 'a'", "NaN")),
            ('{"a": [[1, 2, 3, 4, 0.5]]}', ("image 'a'", "is not a box")),
        ],
    )
    def test_ground_truth(self, tmp_path, truth, words):
        (tmp_path / "G.json").write_text(truth, encoding="utf-8")
        write_json(tmp_path / "D.json", {})
        done = lab("evaluate", "--detections", tmp_path / "D.json", "--ground-truth", tmp_path / "G.json")
        refused(done, "G.json", *words)
        assert done.out == ""

    def test_files_that_are_not_there(self, tmp_path):
        write_json(tmp_path / "G.json", {"a": []})
        done = lab("evaluate", "--detections", tmp_path / "none.json", "--ground-truth", tmp_path / "G.json")
        refused(done, "no file", "none.json", "check the name")

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            ('{"schema": "gradcam-lab/results/99"}', ("gradcam-lab/results/99", "again")),
            ("[]", ("results.json", "again")),
            ('{"schema": "gradcam-lab/results/1"', ("not valid JSON",)),
            ('{"schema": "gradcam-lab/results/1"}', ("lacks something", "again")),
            (None, ("There is no 'results.json'", "run-all makes one")),
        ],
    )
    def test_results_that_report_cannot_use(self, finished, tmp_path, content, words):
        copy = shutil.copytree(finished, tmp_path / "run")
        (copy / "results.json").unlink()
        if content is not None:
            (copy / "results.json").write_text(content, encoding="utf-8")
        before = contents(copy)
        done = lab("report", "--run", copy, "--no-pdf")
        refused(done, str(copy), *words)
        assert done.out == ""
        assert contents(copy) == before

    def test_a_run_that_is_not_there(self, tmp_path):
        refused(lab("report", "--run", tmp_path / "gone", "--no-pdf"), str(tmp_path / "gone"))
        assert not (tmp_path / "gone").exists()


def process(*words, **options):
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [sys.executable, *map(str, words)], capture_output=True, text=True, encoding="utf-8", env=environment, **options
    )


class TestProcess:
    """What only a process of its own can show."""

    def test_an_error_is_one_line_on_stderr_and_exit_code_2(self, tmp_path):
        done = process(
            "-m", "gradcam_lab", "evaluate", "--detections", "D.json", "--ground-truth", "G.json", cwd=tmp_path
        )
        assert done.returncode == 2
        assert done.stdout == ""
        assert done.stderr == "gradcam-lab: There is no file 'G.json': check the name.\n"

    def test_the_console_script_knows_its_version(self):
        script = shutil.which("gradcam-lab", path=str(Path(sys.executable).parent))
        assert script is not None
        done = subprocess.run([script, "--version"], capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (0, f"gradcam-lab {__version__}\n")

    @pytest.mark.parametrize("words", [["--help"], ["run-all", "--help"], ["--version"]])
    def test_help_comes_without_anything_slow(self, words):
        code = f"""
import sys
sys.argv = ["gradcam-lab", *{words}]
from gradcam_lab.cli import main
try:
    main()
finally:
    slow = {{"torch", "torchvision", "numpy", "matplotlib", "weasyprint", "sklearn", "cv2"}} & set(sys.modules)
    print("slow:", *sorted(slow), file=sys.stderr)
"""
        done = process("-c", code)
        assert done.returncode == 0
        assert done.stderr == "slow:\n"
        if words == ["--help"]:
            for command in ("run-all", "report", "evaluate", "train", "doctor"):
                assert command in done.stdout
