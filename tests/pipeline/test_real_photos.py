"""The whole way on real photos with a network trained on ImageNet; skipped where ../shared is absent."""

import shutil
from pathlib import Path

import pytest

from gradcam_lab.files import read_json
from tests.commands import lab

SHARED = Path(__file__).parents[3] / "shared"
WEIGHTS = SHARED / "weights" / "mobilenet_v2-imagenet.pth"
PETS = SHARED / "data" / "pets-mini" / "VOCdevkit" / "VOC2007"
VOC = SHARED / "data" / "voc2007-mini"

pytestmark = pytest.mark.skipif(
    not (WEIGHTS.is_file() and PETS.is_dir() and VOC.is_dir()), reason="../shared is absent"
)


def run_all(data, out, *more):
    network = ("--model", "mobilenet_v2", "--weights", WEIGHTS)
    done = lab("run-all", "--data", data, *network, "--target", "dog", "--no-pdf", "--quick", "--out", out, *more)
    assert done.code == 0, done.err
    assert done.err == ""
    assert (out / "report.html").stat().st_size < 6_000_000
    return read_json(out / "results.json")


@pytest.fixture(scope="module")
def pets(tmp_path_factory):
    """A few photos from all over the lists, which begin with a hundred cats."""
    data = tmp_path_factory.mktemp("pets") / "few pets"
    lists = data / "ImageSets" / "Main"
    lists.mkdir(parents=True)
    for folder in ("JPEGImages", "Annotations"):
        (data / folder).mkdir()
    for split in ("val", "test"):
        ids = (PETS / "ImageSets" / "Main" / f"{split}.txt").read_text(encoding="utf-8").split()
        chosen = ids[:: len(ids) // 24][:24]
        (lists / f"{split}.txt").write_text("\n".join(chosen), encoding="utf-8")
        for name in chosen:
            shutil.copy(PETS / "JPEGImages" / f"{name}.jpg", data / "JPEGImages")
            shutil.copy(PETS / "Annotations" / f"{name}.xml", data / "Annotations")
    return data


def test_pets_are_easy(pets, tmp_path):
    results = run_all(pets, tmp_path / "out")
    assert results["data"]["splits"]["test"]["images"] == 24
    assert set(results["classifier"]["classes"]) == {"cat", "dog"}
    assert results["classifier"]["classes"]["dog"]["ap"] > 0.95
    assert results["cam_vs_gradcam"]["max_relative_difference"] < 1e-4
    scores = results["table"][0]["scores"]
    assert scores["0.3"]["ap"] > 0.85
    assert scores["0.5"]["ap"] > 0.4
    assert scores["0.3"]["recall"] >= scores["0.5"]["recall"] > 0.5
    assert 0.05 <= results["threshold"]["chosen"] <= 0.6


def test_voc_is_not(tmp_path):
    results = run_all(VOC, tmp_path / "out", "--limit", 40)
    assert {name: split["images"] for name, split in results["data"]["splits"].items()} == {"val": 38, "test": 40}
    assert results["data"]["splits"]["test"]["images_with_target"] == 3
    assert results["run"]["limit"] == 40
    scores = results["table"][0]["scores"]
    assert scores["0.3"]["ap"] > 0.3
    assert scores["0.3"]["ap_low"] <= scores["0.3"]["ap"] <= scores["0.3"]["ap_high"]
    assert scores["0.3"]["ap"] > results["table"][1]["scores"]["0.3"]["ap"]  # a box in the centre of every image
