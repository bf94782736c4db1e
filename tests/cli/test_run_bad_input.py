"""What the commands of the panel Run refuse, each in one sentence."""

import json
import pickle
import shutil
from pathlib import Path

import pytest
import torch

from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.files import write_json
from gradcam_lab.vision import torchvision
from tests.commands import contents, lab, refused, run_all


class Malicious:
    """Unpickled, it would make a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


CUT = ("is truncated or no", "fetch or")
EMPTY = ("is empty", "fetch or save it again")
"""What is said of a file of weights that a download has not finished, or not begun."""


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

    def split(self, data, name, images):
        (data / "ImageSets" / "Main" / f"{name}.txt").write_text(
            "".join(f"{image}\n" for image in images), encoding="utf-8"
        )

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
        refused(done, "has no class 'unicorn'", "choose one of bird, boat, car, cat, dog, horse, person")

    def test_no_such_classifier(self, finished, toy):
        done = lab("run-all", "--data", toy, "--model", "resnet19", "--out", finished)
        refused(done, "There is no model 'resnet19'", "did you mean resnet")

    def test_weights_that_are_missing(self, finished, toy, tmp_path):
        refused(run_all(toy, tmp_path / "gone.safetensors", finished), "gone.safetensors", "--weights")

    @pytest.mark.parametrize("kept", [0, 5, 2000, -100])
    def test_weights_that_are_truncated(self, finished, toy, weights, tmp_path, kept):
        path = tmp_path / "half.safetensors"
        path.write_bytes(weights.read_bytes()[:kept])
        refused(run_all(toy, path, finished), str(path), *(CUT if kept else EMPTY))

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
        done = run_all(toy, path, finished, "--model", "mobilenet_v2")
        refused(done, str(path), *(CUT if kept else EMPTY))

    def test_weights_of_another_architecture(self, finished, toy, tmp_path):
        path = tmp_path / "squeeze.pth"
        torch.save(torchvision().models.squeezenet1_1(weights=None).state_dict(), path)
        done = run_all(toy, path, finished, "--model", "mobilenet_v2")
        refused(done, str(path), "holds 'squeezenet1_1' and not 'mobilenet_v2'", "give --model squeezenet1_1")

    def test_weights_that_train_did_not_make(self, finished, toy, tmp_path):
        from safetensors.torch import save_file

        save_file({"fc.weight": torch.zeros(2, 2)}, tmp_path / "foreign.safetensors")
        done = run_all(toy, tmp_path / "foreign.safetensors", finished)
        refused(
            done,
            "foreign.safetensors",
            "holds a state dict of no network that is known here",
            "with all of its weights",
        )

    @pytest.mark.parametrize("legacy", [False, True])
    def test_a_pickle_with_code_in_it(self, finished, toy, tmp_path, legacy):
        trap, path = tmp_path / "it ran", tmp_path / "trap.pth"
        if legacy:
            path.write_bytes(pickle.dumps({"weight": Malicious(trap)}))
        else:
            torch.save({"weight": Malicious(trap)}, path)
        done = run_all(toy, path, finished, "--model", "mobilenet_v2")
        refused(done, str(path), "was not loaded", "state_dict() alone")
        assert not trap.exists()

    def test_an_unwritable_output_folder(self, toy, weights, tmp_path):
        (tmp_path / "out").write_text("in the way", encoding="utf-8")
        for out in (tmp_path / "out", tmp_path / "out" / "deeper"):
            done = run_all(toy, weights, out)
            refused(done, str(out), "choose another with --out")
            assert not done.out
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
            ('{"a": [], "b": []}', ("has no object of the class in its 2 image(s)", "nothing to find")),
            ('{"a": [{"box": [1, 2, 3, 4], "difficult": true}]}', ("only difficult objects", "--count-difficult")),
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

    def test_no_detection_and_only_difficult_objects_that_are_counted(self, tmp_path):
        write_json(tmp_path / "G.json", {"a": [{"box": [1, 2, 3, 4], "difficult": True}]})
        write_json(tmp_path / "D.json", {})
        files = ("--detections", tmp_path / "D.json", "--ground-truth", tmp_path / "G.json")
        done = lab("evaluate", *files, "--count-difficult", "--json")
        assert json.loads(done.out)["0.3"]["ap"] == 0
        assert (done.code, done.err) == (0, f"'{tmp_path / 'D.json'}' holds no box: nothing is found.\n")

    def test_files_that_are_not_there(self, tmp_path):
        write_json(tmp_path / "G.json", {"a": [[1, 2, 3, 4]]})
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
