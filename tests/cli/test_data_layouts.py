"""Commands on data in every layout: the same images give the same numbers, and what was mended is said."""

import json
import shutil

import numpy as np
import pytest

from gradcam_lab.data.box_conventions import from_voc
from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.files import read_json
from tests import data_writers
from tests.commands import lab, refused
from tests.data_writers import CAT, DOG

FEW = 8
"""Images of each split: those of `quick_run`."""
SPLITS = ("val", "test")
MANY = {f"{name}{number}": [one] for name, one in (("d", DOG), ("c", CAT)) for number in range(4)}


def run_all(weights, out, *words):
    done = lab("run-all", *words, "--weights", weights, "--out", out, "--no-pdf", "--quick")
    assert done.code == 0, done.err
    return done


@pytest.fixture(scope="module")
def samples(toy):
    return {split: read_split(toy, split).samples[:FEW] for split in SPLITS}


def test_coco_gives_the_numbers_of_voc(samples, weights, quick_run, tmp_path):
    for split, its in samples.items():
        names = sorted({one.name for sample in its for one in sample.objects})
        images, annotations = [], []
        for number, sample in enumerate(its):
            (tmp_path / split).mkdir(exist_ok=True)
            shutil.copy(sample.path, tmp_path / split)
            size = dict(zip(("width", "height"), sample.size, strict=True))
            images.append({"id": number, "file_name": sample.path.name, **size})
            annotations += [
                {
                    **{"id": f"{number}-{place}", "image_id": number, "category_id": names.index(one.name)},
                    **{"bbox": from_voc(np.array([one.box]), "coco")[0].tolist(), "iscrowd": int(one.difficult)},
                }
                for place, one in enumerate(sample.objects)
            ]
        tables = {"images": images, "annotations": annotations}
        tables["categories"] = [{"id": number, "name": name} for number, name in enumerate(names)]
        (tmp_path / "annotations").mkdir(exist_ok=True)
        path = tmp_path / "annotations" / f"instances_{split}.json"
        path.write_text(json.dumps(tables), encoding="utf-8")
    out = tmp_path / "out"
    run_all(weights, out, "--data", tmp_path)
    for name in ("ground_truth.json", "detections.json"):
        assert (out / name).read_text(encoding="utf-8") == (quick_run / name).read_text(encoding="utf-8")
    assert read_json(out / "results.json")["data"]["boxes"] == "coco"
    assert "x, y, width and height in pixels from the image" in (out / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Images and XML from 0, with an emu, whose name no network has, and two faults."""
    root = tmp_path_factory.mktemp("mine")
    emu = type(DOG)("emu", (1, 1, 9, 9))
    found = {**MANY, "d0": [DOG, emu], "c0": [CAT, emu]}
    data_writers.write_xml(root / "images", root / "annots", found, "zero-based")
    (root / "annots" / "d1.xml").write_text(data_writers.xml([DOG], None, "zero-based"), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def words(folder):
    return ("--images", folder / "images", "--annotations", folder / "annots", "--boxes", "zero-based")


@pytest.fixture(scope="module")
def run(words, weights, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "two"
    more = ("--target", "all", "--val-size", 0.5, "--split-seed", 2)
    return out, run_all(weights, out, *words, *more)


class TestTwoFolders:
    def test_the_first_line_says_what_has_no_name(self, run):
        first = run[1].out.splitlines()[0]
        assert first == "2 objects have no name in the network and are left out: emu (2). --group maps names."

    def test_one_line_says_what_was_repaired_and_one_how_it_was_split(self, run):
        notes = [line for line in run[1].err.splitlines() if line.startswith("  note: ")]
        assert [("Repaired: images whose annotation does not say their size: 1." in note) for note in notes] == [0, 1]
        assert "the 8 images become 0 of train, 4 of val and 4 of test, by the seed 2 (--val-size 0.5" in notes[0]
        told = read_json(run[0] / "results.json")["data"]
        assert (told["boxes"], len(told["notes"])) == ("zero-based", 3)
        report = (run[0] / "report.html").read_text(encoding="utf-8")
        assert all(text in report for text in ("counted from 0, both ends inside", "Repaired: images", "emu (2)"))

    def test_the_run_can_be_read_again(self, run, tmp_path):
        done = lab("show", "--run", run[0], "--random", 2, "--out", tmp_path / "shown")
        assert (done.code, done.err) == (0, "")
        refused(lab("sweep", "--run", run[0], "--split", "train"), "Nothing is left for the split 'train'")

    def test_a_classifier_is_trained_and_scored_on_the_same_split(self, words, tmp_path):
        small = ("--epochs", 1, "--batch", 4, "--out", tmp_path / "cls", "--split-seed", 6)
        done = lab("train", *words, *small)
        assert done.code == 0, done.err
        assert "by the seed 6" in done.err
        model = ("--model", tmp_path / "cls" / "best.safetensors")
        for more in ((), words):
            done = lab("evaluate-classifier", *model, *more)
            assert done.code == 0, done.err
            assert "become 4 of train, 2 of val and 2 of test, by the seed 6 (--val-size 0.2" in done.err

    def test_an_unknown_target_is_an_error(self, words, weights, tmp_path):
        done = lab("run-all", *words, "--weights", weights, "--target", "emu", "--out", tmp_path / "out")
        refused(done, "has no class 'emu'")

    @pytest.mark.parametrize(
        ("more", "said"),
        [
            (("--images", "x"), "--images needs --annotations"),
            (("--annotations", "x"), "--annotations goes with the folder of their images: add --images"),
            (("--data", "x", "--images", "y", "--annotations", "z"), "Give --data or --images, not both"),
            (("--images", "x", "--annotations", "y"), "There is no 'x': check the names given to --images"),
            (("--boxes", "coco"), "never --boxes coco"),
        ],
    )
    @pytest.mark.parametrize("command", ["run-all", "train", "evaluate-classifier"])
    def test_bad_options(self, command, more, said, weights, toy, tmp_path):
        if more == ("--boxes", "coco"):
            more = (*more, "--data", toy)
        rest = ("--model", weights) if command == "evaluate-classifier" else ("--out", tmp_path / "out")
        refused(lab(command, *more, *rest), said)
