"""The commands of the panel Run: from a folder of images to a report, and numbers from saved files."""

import json
import re
import shlex
import shutil
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from gradcam_lab import console
from gradcam_lab.data.box_files.json_boxes import read_detections, read_ground_truth
from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.data.toyvoc import CLASSES
from gradcam_lab.files import read_json, sha256, write_json
from gradcam_lab.localise.experiment import IOUS
from gradcam_lab.localise.maps import read_maps
from gradcam_lab.models.classifier import Preprocessing
from gradcam_lab.models.networks.toynet import ToyNet
from gradcam_lab.report import render
from gradcam_lab.report.pdf import PdfError
from gradcam_lab.report.results import schema
from tests.commands import contents, lab, refused, run_all
from tests.model_files import write_toynet

STAGES = ("data", "heatmaps", "classifier", "cam", "threshold", "boxes", "scores", "results", "figures", "report")
ARTIFACTS = ("report.html", "results.json", "detections.json", "ground_truth.json", "heatmaps.npz", "figures")


def stages_said(out):
    """What a run said of each stage: unchanged, or the reason why it ran."""
    said = {}
    for line in out.splitlines():
        words = line.split()
        if line.startswith("  ") and words[0] in STAGES:
            said[words[0]] = "unchanged" if words[1] == "unchanged" else line[line.index("(") + 1 : -1]
    return said


def begun(data, weights, out, *more):
    """Interrupt a run when its first stage is done."""

    def interrupt():
        if (out / "stages.json").exists():
            raise KeyboardInterrupt

    console.on_heartbeat(interrupt)
    try:
        return run_all(data, weights, out, *more)
    finally:
        console.on_heartbeat(None)


def without_pango(html, path):
    raise PdfError("No PDF was made: install Pango.")


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
        assert all(list(row["scores"]) == [f"{iou:g}" for iou in IOUS] for row in results["table"])

    def test_the_heatmaps_are_raw(self, finished):
        maps = read_maps(finished / "heatmaps.npz").maps
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

    def test_ctrl_c_is_one_line_and_keeps_what_is_done(self, toy, weights, tmp_path):
        out = tmp_path / "out"

        done = begun(toy, weights, out)
        assert done.code == 130
        assert done.err == "Interrupted. The same command goes on from here.\n"
        assert list(read_json(out / "stages.json")) == ["data"]

    def test_of_photos_it_says_once_that_a_network_of_toyvoc_knows_drawings_only(self, toy, tmp_path):
        weights, photos = tmp_path / "drawings.safetensors", shutil.copytree(toy, tmp_path / "photos")
        (photos / "manifest.json").unlink()  # by it a folder of ToyVOC is known
        write_toynet(weights, ToyNet(7), CLASSES, preprocessing=Preprocessing(64), recipe={"data": "toyvoc"})
        for data, times in ((photos, 1), (toy, 0)):
            done = begun(data, weights, tmp_path / data.name, "--limit", 12)
            assert done.code == 130, done.err
            assert done.err.count("This network has seen ToyVOC's drawings only") == times

    def test_the_command_in_the_results_can_be_pasted(self, results, toy, weights):
        assert results["provenance"]["command"] == f"gradcam-lab run-all --data '{toy}' --weights '{weights}' --quick"

    @pytest.mark.parametrize(
        ("words", "left_out", "maps"),
        [
            ((), [], "methods decides"),
            (
                ("--quick",),
                ["methods", "maps", "alignment", "masks", "faithfulness", "throughput"],
                "not part of this run",
            ),
            (("--method", "layercam"), [], "heatmaps may change"),
        ],
    )
    def test_the_wishes_of_the_command_line_arrive(self, toy, weights, tmp_path, words, left_out, maps):
        done = lab("run-all", "--data", toy, "--weights", weights, "--out", tmp_path / "out", "--plan", *words)
        lines = done.out.splitlines()
        found = [line.split()[0] for line in lines if "not part of this run" in line]
        elsewhere = ("all", "classes", "reference")  # of --target all, and of own steps
        assert [name for name in found if name not in elsewhere] == left_out
        assert maps in next(line for line in lines if line.startswith("maps "))

    def test_bad_images_are_named_and_counted_and_those_without_objects_stay(self, toy, weights, tmp_path):
        data = shutil.copytree(toy, tmp_path / "data")
        empty, bad = read_split(data, "test").samples[2].id, read_split(data, "test").samples[3].path
        bad.write_bytes(b"")
        annotation = data / "Annotations" / f"{empty}.xml"
        objects = re.compile("<object>.*</object>", re.DOTALL)
        annotation.write_text(objects.sub("", annotation.read_text(encoding="utf-8")), encoding="utf-8")
        done = run_all(data, weights, tmp_path / "out")
        refused(done, str(bad), "--skip-bad")
        done = run_all(data, weights, tmp_path / "out", "--skip-bad", "--limit", 6)
        assert done.code == 0
        assert (
            done.err
            == f"  skipped: The image '{bad}' is broken, truncated or no JPEG, PNG, WebP, BMP, TIFF, GIF or AVIF.\n"
        )
        assert "5 of test" in done.out
        assert "1 bad images were skipped" in done.out
        assert read_json(tmp_path / "out" / "ground_truth.json")[empty] == []


def read_classifier(results, toy):
    from gradcam_lab.models import zoo

    return zoo.load(results["run"]["classifier"], str(weights_file(results)))


def weights_file(results):
    return Path(shlex.split(results["provenance"]["command"].split(" --weights ")[1])[0])


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
            (("--ap", "11point"), 0.5),
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

    def test_the_two_averages_differ_and_the_old_name_of_the_choice_is_answered(self, tmp_path):
        write_json(tmp_path / "G.json", {"a": [[1, 1, 10, 10], [50, 50, 60, 60]]})
        write_json(tmp_path / "D.json", {"a": [[1, 1, 10, 10, 0.5]]})
        files = ("--detections", tmp_path / "D.json", "--ground-truth", tmp_path / "G.json", "--iou", 0.5)
        area, eleven = (
            json.loads(lab("evaluate", *files, *more, "--json").out)["0.5"]["ap"] for more in ((), ("--ap", "11point"))
        )
        assert area == pytest.approx(1 / 2)
        assert eleven == pytest.approx(6 / 11)
        done = lab("evaluate", *files, "--method", "11point")
        assert (done.code, done.out) == (2, "")
        assert "give --ap 11point" in done.err

    @pytest.fixture
    def of_two_classes(self, tmp_path):
        """A dog that is found, and a cat of which half is: an IoU of 0.5, which COCO counts and VOC does not."""
        boxes = [[0, 0, 40, 40], [100, 100, 40, 40]]
        rows = [{"image_id": 1, "category_id": number, "bbox": box} for number, box in enumerate(boxes, 1)]
        content = {
            "images": [{"id": 1, "file_name": "a.jpg"}],
            "annotations": rows,
            "categories": [{"id": 1, "name": "dog"}, {"id": 2, "name": "cat"}],
        }
        write_json(tmp_path / "G.json", content)
        write_json(
            tmp_path / "D.json", [rows[0] | {"score": 0.9}, rows[1] | {"bbox": [100, 100, 40, 20], "score": 0.8}]
        )
        return ("--detections", tmp_path / "D.json", "--ground-truth", tmp_path / "G.json")

    def test_every_class_where_none_is_chosen(self, of_two_classes):
        done = lab("evaluate", *of_two_classes, "--iou", 0.5, "--bootstrap", 0)
        assert (done.code, done.err) == (0, "")
        rows = [line.split() for line in done.out.splitlines()]
        assert rows[1:] == [["dog", "1", "100.00"], ["cat", "1", "0.00"], ["mean", "2", "50.00"]]
        assert json.loads(lab("evaluate", *of_two_classes, "--json").out)["map"]["0.5"]["ap"] == 0.5
        one = json.loads(lab("evaluate", *of_two_classes, "--target", "cat", "--json").out)
        assert (one["0.4"]["ap"], one["0.5"]["ap"]) == (1, 0)

    def test_boxes_that_are_declared(self, tmp_path, of_two_classes):
        write_json(tmp_path / "D.json", {"a": [[0, 0, 40, 24, 0.9]]})
        done = lab("evaluate", *of_two_classes, "--target", "dog", "--boxes", "coco", "--iou", 0.59, "--iou", 0.6)
        assert (done.code, done.err) == (0, "")
        assert [line.split()[:2] for line in done.out.splitlines()[1:3]] == [["0.59", "100.00"], ["0.6", "0.00"]]
        assert "read as coco: x, y, width, height from the image's corner." in done.out
        done = lab("evaluate", *of_two_classes, "--target", "dog", "--boxes", "coco", "--json")
        assert json.loads(done.out)["boxes"] == "coco"
        write_json(tmp_path / "D.json", [])
        done = lab("evaluate", *of_two_classes, "--boxes", "zero-based")
        assert (done.code, done.out) == (2, "")
        assert "--boxes zero-based says nothing of" in done.err

    def test_protocols(self, of_two_classes):
        done = lab("evaluate", *of_two_classes, "--protocol", "coco")
        assert (done.code, done.err) == (0, "")
        rows = [line.split()[:4] for line in done.out.splitlines()]
        assert rows[1:] == [
            ["dog", "1", "100.00", "100.00"],
            ["cat", "1", "10.00", "100.00"],
            ["all", "2", "55.00", "100.00"],
        ]
        numbers = json.loads(lab("evaluate", *of_two_classes, "--protocol", "coco", "--json").out)
        assert numbers["map"] == pytest.approx(0.55)
        for protocol in ("voc2007", "voc2010"):
            numbers = json.loads(lab("evaluate", *of_two_classes, "--protocol", protocol, "--json").out)
            assert list(numbers["map"]) == ["0.5"]
        done = lab("evaluate", *of_two_classes, "--protocol", "voc2007", "--ap", "area")
        assert (done.code, done.out) == (2, "")
        assert "leave one out" in done.err
        done = lab("evaluate", *of_two_classes, "--protocol", "coco", "--bootstrap", 50)
        assert (done.code, done.out) == (2, "")
        assert "leave out --bootstrap" in done.err

    @pytest.mark.parametrize("iou", ["1.1", "-0.1", "half"])
    def test_an_iou_beyond_0_to_1_is_refused(self, files, iou):
        done = lab("evaluate", *files, "--iou", iou)
        assert done.code == 2
        assert "--iou" in done.err
        assert "Traceback" not in done.err
