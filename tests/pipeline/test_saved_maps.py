"""`evaluate --maps`: anyone's maps, a folder of `.npy` or one `.npz`, by the rules of wsolevaluation."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from gradcam_lab.data.voc_classes import LABELS
from gradcam_lab.errors import LabError
from gradcam_lab.localise.maps import Maps, write_maps
from gradcam_lab.pipeline.saved_classes import Options
from gradcam_lab.pipeline.saved_maps import evaluate_maps
from tests.saved_files import refused, written
from tests.voc_masks import write_mask

BOX = {"a": (41, 31, 120, 90), "b": (61, 61, 180, 140)}
SIZE = (200, 150)
FEW = Options(bootstrap=20)


def heat(box):
    """A plateau on a box, at the image's size."""
    cam = np.zeros(SIZE[::-1], np.float32)
    cam[box[1] - 1 : box[3], box[0] - 1 : box[2]] = 1
    return cam


def scores(*arguments, **others):
    return json.loads(evaluate_maps(*arguments, **others, json=True))


@pytest.fixture
def truth(tmp_path):
    """Two images with one object, and one without."""
    return written(tmp_path / "G.json", {**{name: [box] for name, box in BOX.items()}, "empty": []})


@pytest.fixture
def maps(tmp_path):
    """The map of the first image fits; that of the second lies on the other's place."""
    (tmp_path / "cams" / "deep").mkdir(parents=True)
    np.save(tmp_path / "cams" / "a.npy", heat(BOX["a"]))
    np.save(tmp_path / "cams" / "deep" / "b.jpg.npy", heat((1, 1, 30, 30))[None])
    return tmp_path / "cams"


def test_a_folder_of_npy(maps, truth):
    found = scores(maps, truth, FEW)
    assert found["images"] == 2
    assert found["max_box_acc"]["value"] == found["max_box_acc_v2"]["value"] == 0.5
    assert found["max_box_acc_v2"]["ious"]["0.7"] == {"value": 0.5, "low": 0, "high": 1}
    assert found["px_ap"] is None
    table = evaluate_maps(maps, truth, FEW, json=False)
    assert "MaxBoxAcc          50.00  0.00..100.00" in table
    assert "2 images with an object" in table


def test_one_npz_has_the_same_scores(maps, truth, tmp_path):
    np.savez(tmp_path / "all.npz", a=heat(BOX["a"]), b=heat((1, 1, 30, 30)), stranger=np.ones((7, 7)))
    assert scores(tmp_path / "all.npz", truth, FEW) == scores(maps, truth, FEW)


def test_the_maps_of_a_run_and_of_locate(truth, tmp_path):
    """They say how large the images are, so that maps on a grid do, and their classes."""
    cams = np.stack([np.eye(4, dtype=np.float32)] * 2)
    sizes = np.array([SIZE, SIZE])
    names, splits, classes = np.array(["a", "b"]), np.array(["test"] * 2), np.array(["cat", "dog"])
    run = Maps(names, splits, cams, np.ones(2), np.ones((2, 2)), classes, sizes)
    write_maps(tmp_path / "run.npz", run)
    write_maps(tmp_path / "every.npz", run._replace(maps=np.stack([np.zeros_like(cams), cams], axis=1)))
    files, found, three = ["x/a.jpg", "x/b.jpg"], ["dog", "dog", "cat"], cams[[0, 1, 1]]
    np.savez(tmp_path / "located.npz", cams=three, files=files, sizes=sizes, photo=[0, 1, 1], names=found)
    dog = Options(target="dog", bootstrap=20)
    expected = scores(tmp_path / "run.npz", truth, dog)
    assert scores(tmp_path / "every.npz", truth, dog) == scores(tmp_path / "located.npz", truth, dog) == expected
    refused("choose one with --target", evaluate_maps, tmp_path / "every.npz", truth, FEW, json=True)
    refused("choose one with --target", evaluate_maps, tmp_path / "located.npz", truth, FEW, json=True)


def test_px_ap_of_masks_in_a_folder(maps, truth, tmp_path):
    """The first map is its mask; the second misses it, but for what does not count."""
    folder = tmp_path / "masks"
    folder.mkdir()
    Image.fromarray((255 * heat(BOX["a"])).astype(np.uint8)).save(folder / "a.png")
    assert scores(maps, truth, FEW, folder)["px_ap"]["value"] > 0.98  # not 1: the map's border is not the mask's
    Image.fromarray((255 * heat(BOX["b"])).astype(np.uint8)).save(folder / "b.png")
    before = scores(maps, truth, FEW, folder)["px_ap"]
    assert before["images"] == 2
    assert before["value"] < 0.9
    Image.fromarray((255 * heat((1, 1, 30, 30))).astype(np.uint8)).save(folder / "b_ignore.png")
    assert scores(maps, truth, FEW, folder)["px_ap"]["value"] > before["value"]
    assert "PxAP is that of the 2 images with a mask." in evaluate_maps(maps, truth, FEW, folder, json=False)


def test_px_ap_of_voc_masks(maps, truth, tmp_path):
    """A palette image holds VOC's classes, and 255 for what does not count."""
    folder = tmp_path / "masks"
    folder.mkdir()
    indices = LABELS.index("dog") * heat(BOX["a"])
    indices[:20] = 255
    indices[140:] = LABELS.index("cat")
    write_mask(folder / "a.png", indices)
    assert scores(maps, truth, Options(target="dog", bootstrap=20), folder)["px_ap"]["value"] > 0.98
    assert scores(maps, truth, Options(target="boat", bootstrap=20), folder)["px_ap"] is None
    with pytest.raises(LabError, match=r"a.png' holds VOC's classes: choose one of them with --target"):
        evaluate_maps(maps, truth, FEW, folder, json=True)


def test_what_cannot_be_scored_is_refused_in_a_sentence(maps, truth, tmp_path):
    def no(match, path, options=FEW, masks=None):
        refused(match, evaluate_maps, path, truth, options, masks, json=True)

    (tmp_path / "none").mkdir()
    no("holds no map", tmp_path / "none")
    no("There is no", tmp_path / "nowhere.npz")
    no("no array of numbers", truth)
    np.save(tmp_path / "one.npy", np.ones((7, 7)))
    no("is one array", tmp_path / "one.npy")
    with pytest.raises(LabError, match="leave out --iou and --ap"):
        evaluate_maps(maps, truth, Options(iou=[0.5], ap="area"), json=True)
    no("has no mask of these images", maps, FEW, tmp_path / "none")
    for name, array, match in (
        ("few", np.ones((7, 7)), "7 x 7 cells, less than its boxes"),
        ("odd", np.ones((3, 7, 7)), "one map an image"),
        ("nan", np.full((7, 7), np.nan), "NaN or infinity"),
        ("pickled", np.array([{}], dtype=object), "no array of numbers"),
    ):
        bad = shutil.copytree(maps, tmp_path / name)
        np.save(bad / "a.npy", array)
        no(match, bad)
    (maps / "a.npy").unlink()
    no("lacks the maps of 1 of 2 image", maps)
