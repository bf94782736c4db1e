"""The commands of the five exercises, through the real command line: what they print, write and refuse."""

import json
import shutil

import cv2
import numpy as np
import pytest

from tests.commands import lab, refused


@pytest.fixture(scope="module")
def photo(toy):
    return sorted((toy / "JPEGImages").glob("*.jpg"))[0]


@pytest.fixture
def labelled(tmp_path):
    """A small folder in Imagenette's layout: red tench, blue church."""
    rng = np.random.default_rng(0)
    for split, count in (("train", 6), ("val", 3)):
        for name, colour in (("n01440764", (40, 40, 200)), ("n03028079", (200, 60, 40))):
            folder = tmp_path / "nette" / split / name
            folder.mkdir(parents=True)
            for number in range(count):
                pixels = np.clip(np.array(colour) + rng.integers(-30, 30, (48, 64, 3)), 0, 255).astype(np.uint8)
                (folder / f"{name}_{number}.JPEG").write_bytes(cv2.imencode(".jpg", pixels)[1].tobytes())
    return tmp_path / "nette"


def test_predict_prints_a_table_or_json(photo, weights):
    table = lab("predict", photo, "--model", weights, "--top", 3)
    assert table.code == 0, table.err
    rows = json.loads(lab("predict", photo, "--model", weights, "--top", 3, "--json").out)
    assert all(row["name"] in table.out for row in rows["predictions"])
    assert len(rows["predictions"]) == 3


def test_explain_writes_picture_map_and_json_and_prints_their_paths(photo, weights, tmp_path):
    done = lab("explain", photo, "--model", weights, "--class", "dog", "--class", 1, "--out", tmp_path / "ex")
    assert done.code == 0, done.err
    assert "layer4" in done.out
    written = {path.suffix for path in (tmp_path / "ex").iterdir()}
    assert written == {".jpg", ".npz", ".json"}
    assert all(str(path) in done.out for path in (tmp_path / "ex").iterdir())


def test_sweep_reads_a_run_and_prints_pure_json(finished, tmp_path):
    copy = shutil.copytree(finished, tmp_path / "run")
    done = lab("sweep", "--run", copy, "--split", "test", "--from", 0.2, "--to", 0.4, "--step", 0.1, "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["grid"] == [0.2, 0.3, 0.4]
    assert (copy / "sweep_test.png").is_file()


def test_show_draws_a_run_or_saved_boxes_or_a_model(finished, toy, weights, photo, tmp_path):
    of_run = lab("show", "--run", finished, "--random", 2, "--seed", 1, "--out", tmp_path / "1")
    saved = lab(
        *("show", "--detections", finished / "detections.json", "--ground-truth", finished / "ground_truth.json"),
        *("--images", toy / "JPEGImages", "--random", 2, "--out", tmp_path / "2"),
    )
    model = lab("show", "--model", weights, "--image", photo, "--out", tmp_path / "3")
    for done in (of_run, saved, model):
        assert done.code == 0, done.err
        paths = done.out.strip().splitlines()
        assert paths
        assert all(
            cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR) is not None
            for path in paths
            if path.endswith(".jpg")
        )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("show", "--run", "a", "--model", "b"), "one of --run"),
        (("show", "--detections", "d.json"), "needs --ground-truth"),
        (("show", "--run", "nowhere"), "nowhere"),
        (("sweep", "--run", "nowhere"), "nowhere"),
        (("predict", "nothing.jpg"), "nothing.jpg"),
        (("explain", "nothing.jpg"), "nothing.jpg"),
        (("evaluate-classifier", "--model", "nothing.safetensors"), "nothing.safetensors"),
        (("train", "--data", "nowhere"), "nowhere"),
        (("train", "--config", "none.yaml"), "none.yaml"),
        (("fetch", "no-such-set"), "no-such-set"),
        (("run-all", "--model", "nothing.pth.tar"), "nothing.pth.tar"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(words, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = lab(*words)
    assert done.code == 2, done
    assert done.err.startswith("gradcam-lab: ")
    assert done.err.count("\n") == 1
    assert sentence in done.err
    assert list(tmp_path.iterdir()) == []


def test_the_cam_trainer_from_config_to_picture(labelled, tmp_path, monkeypatch):
    """The fifth exercise: a YAML file, training, the score, one image by index."""
    monkeypatch.chdir(tmp_path)
    config = tmp_path / "cam.yaml"
    config.write_text(
        "model:\n  name: cam_net\n  input_shape: [3, 64, 64]\n  num_classes: 2\n  residual: true\n"
        "training:\n  learning_rate: 0.003\n  batch_size: 4\n  num_epochs: 2\n  weight_decay: 0.0001\n"
        "  checkpoint_dir: trained\n  log_every: 10\n  save_every: 1\n  early_stopping_patience: 5\n"
        "  optimizer: adam\n  scheduler: cosine\n"
        f"dataset:\n  name: imagenette\n  data_dir: {labelled.as_posix()}\n  img_size: 64\n  val_size: 0.2\n",
        encoding="utf-8",
    )
    done = lab("train", "--data", "imagenette", "--config", config)
    assert done.code == 0, done.err
    best = tmp_path / "trained" / "best.safetensors"
    assert best.is_file()
    scored = lab("evaluate-classifier", "--model", best, "--data", labelled, "--split", "val", "--json")
    assert scored.code == 0, scored.err
    assert json.loads(scored.out)["images"] == 6
    again = lab("evaluate-classifier", "--model", best, "--json")  # the data and the split of the training
    assert json.loads(again.out) == {**json.loads(scored.out), "data": "imagenette"}
    part = lab("evaluate-classifier", "--model", best, "--val-size", 2, "--json")
    assert json.loads(part.out)["images"] == 2
    refused(lab("evaluate-classifier", "--model", best, "--val-size", 7), "but there are 6 images", "--val-size")
    shown = lab("show", "--model", best, "--index", 0, "--class", "church", "--out", "shown")
    assert shown.code == 0, shown.err
    assert len(shown.out.splitlines()) >= 1


def test_a_wrong_key_in_the_config_is_named_with_its_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cam.yaml").write_text("model:\n  name: cam_net\n  residul: true\n", encoding="utf-8")
    done = lab("train", "--config", "cam.yaml")
    assert done.code == 2
    assert "line 3" in done.err
    assert "residual" in done.err
