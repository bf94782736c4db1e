"""`evaluate --boxes`: the same scene has the same scores, however our JSON and `comp4` text state it."""

import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

import gradcam_lab as lab
from gradcam_lab.data.box_conventions import CONVENTIONS, Convention
from gradcam_lab.errors import LabError
from gradcam_lab.pipeline.saved_classes import Options, evaluate
from tests.saved_files import refused, written

PIXELS = [convention for convention in CONVENTIONS if convention != "relative"]
SIZES = {"a": (80, 40), "b": (40, 80), "c": (64, 64)}
CLASSES = ("dog", "traffic light")

# image, class, and x, y, width and height from the corner: the last of the second image is one pixel
OBJECTS = [("a", 0, 10, 5, 40, 20), ("a", 1, 60, 0, 15, 30), ("b", 0, 0, 40, 20, 20), ("c", 1, 8, 8, 40, 40)]
FOUND = [
    ("a", 0, 10, 5, 32, 20, 0.9),
    ("a", 1, 60, 0, 15, 12, 0.8),
    ("b", 0, 20, 40, 20, 20, 0.7),
    ("b", 0, 39, 79, 1, 1, 0.6),
    ("c", 1, 8, 8, 40, 30, 0.5),
    ("c", 0, 8, 8, 30, 20, 0.4),
]


def stated(image, box, convention):
    x, y, width, height = box
    sides = SIZES[image]
    return {
        "voc": [x + 1, y + 1, x + width, y + height],
        "zero-based": [x, y, x + width - 1, y + height - 1],
        "coco": [x, y, width, height],
        "relative": [
            (x + width / 2) / sides[0],
            (y + height / 2) / sides[1],
            width / sides[0],
            height / sides[1],
        ],
    }[convention]


@pytest.fixture
def scene(tmp_path):
    """Write the scene: COCO's and YOLO's ground truth once, and ours and `comp4` text in a folder a convention."""
    images = [{"id": n, "file_name": f"{name}.png", "width": w, "height": h} for n, (name, (w, h)) in _numbered()]
    number = {name: n for n, (name, _) in _numbered()}
    rows = [{"image_id": number[image], "category_id": kind, "bbox": box} for image, kind, *box in OBJECTS]
    categories = [{"id": kind, "name": name} for kind, name in enumerate(CLASSES)]
    written(tmp_path / "coco.json", {"images": images, "annotations": rows, "categories": categories})
    results = [{"image_id": number[i], "category_id": kind, "bbox": box, "score": s} for i, kind, *box, s in FOUND]
    written(tmp_path / "results.json", results)
    for name in ("images", "labels"):
        (tmp_path / "yolo" / name).mkdir(parents=True)
    written(tmp_path / "yolo" / "classes.txt", "\n".join(CLASSES))
    for image, size in SIZES.items():
        Image.new("RGB", size).save(tmp_path / "yolo" / "images" / f"{image}.png")
        lines = [" ".join(map(repr, (k, *stated(i, box, "relative")))) for i, k, *box in OBJECTS if i == image]
        written(tmp_path / "yolo" / "labels" / f"{image}.txt", "\n".join(lines))
    for convention in CONVENTIONS:
        folder = tmp_path / convention
        (folder / "comp4").mkdir(parents=True)
        objects = {i: [stated(i, box, convention) for j, k, *box in OBJECTS if (j, k) == (i, 0)] for i in SIZES}
        found = {
            f"photos/{i}.png": [[*stated(i, box, convention), s] for j, k, *box, s in FOUND if (j, k) == (i, 0)]
            for i in SIZES
        }
        written(folder / "G.json", objects)
        written(folder / "D.json", found)
        for kind, name in enumerate(CLASSES):
            lines = [
                f"{i} {s} {' '.join(map(repr, stated(i, box, convention)))}\n" for i, k, *box, s in FOUND if k == kind
            ]
            written(folder / "comp4" / f"comp4_det_test_{name.replace(' ', '_')}.txt", "".join(lines))
    return tmp_path


def _numbered():
    return list(enumerate(SIZES.items(), 1))


def scores(detections, truth, **options: Any):
    found = json.loads(evaluate(detections, truth, Options(bootstrap=0, **options), json=True))
    assert found.pop("boxes", None) == options.get("boxes")
    return found


def ap(row):
    return {iou: of["ap"] for iou, of in row.items()}


@pytest.mark.parametrize("detections", ["D.json", "comp4/comp4_det_test_dog.txt"])
class TestOneClass:
    @pytest.mark.parametrize("convention", PIXELS)
    def test_of_files_that_both_do_not_say_it(self, scene, convention, detections):
        found = scores(scene / convention / detections, scene / convention / "G.json", boxes=convention, iou=[0.5, 0.7])
        assert found == scores(scene / "results.json", scene / "coco.json", target="dog", iou=[0.5, 0.7])
        assert ap(found) == {"0.5": 0.5, "0.7": 0.5}

    @pytest.mark.parametrize("convention", CONVENTIONS)
    @pytest.mark.parametrize("truth", ["coco.json", "yolo/labels"])
    def test_beside_ground_truth_with_a_way_of_its_own(self, scene, convention, detections, truth):
        found = scores(scene / convention / detections, scene / truth, boxes=convention, target="dog", iou=[0.79])
        assert found == scores(scene / "results.json", scene / "coco.json", target="dog", iou=[0.79])
        assert ap(found) == {"0.79": 0.5}  # the IoU is 0.8, and one pixel more or less would move it below


@pytest.mark.parametrize("convention", PIXELS)
def test_ground_truth_alone_may_be_what_does_not_say_it(scene, convention):
    results = [{"image_id": image, "category_id": 0, "bbox": box, "score": s} for image, k, *box, s in FOUND if k == 0]
    detections = written(scene / "by name.json", results)
    found = scores(detections, scene / convention / "G.json", boxes=convention, target="0", iou=[0.79])
    assert ap(found) == {"0.79": 0.5}


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("truth", ["coco.json", "yolo/labels"])
@pytest.mark.parametrize("protocol", [None, "voc2007", "coco"])
def test_every_class_and_protocol(scene, convention, truth, protocol):
    def of(detections, truth, boxes=None):
        options = Options(protocol=protocol, boxes=boxes, bootstrap=None if protocol == "coco" else 0)
        return json.loads(evaluate(scene / detections, scene / truth, options, json=True))

    found = of(f"{convention}/comp4", truth, convention)
    expected = of("results.json", "coco.json")
    assert found.pop("boxes") == convention
    if protocol == "coco":
        for row in (found, expected):
            assert 0 < row["map"] < 1
        np.testing.assert_allclose(found["map"], expected["map"], rtol=1e-12)
    assert found == expected


def test_the_python_interface(scene):
    found, truth = (
        {name: np.array(rows) for name, rows in json.loads((scene / "coco" / file).read_text("utf-8")).items()}
        for file in ("D.json", "G.json")
    )
    expected = lab.evaluate(scene / "voc" / "D.json", scene / "voc" / "G.json", bootstrap=0)
    assert lab.evaluate(found, truth, boxes="coco", bootstrap=0) == expected
    with pytest.raises(LabError, match="boxes is 'xywh': give one of 'voc'"):
        lab.evaluate(found, truth, boxes="xywh", bootstrap=0)  # type: ignore[arg-type]


@pytest.mark.parametrize("convention", PIXELS)
@pytest.mark.parametrize("protocol", [None, "coco"])
def test_the_table_states_what_is_not_vocs(scene, convention, protocol):
    files = scene / convention / "D.json", scene / convention / "G.json"
    text = evaluate(*files, Options(boxes=convention, protocol=protocol), json=False)
    assert (f"are read as {convention}: " in text) == (convention != "voc")


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("detections", ["results.json", "yolo found"])
def test_files_that_all_have_a_way_of_their_own(scene, convention, detections):
    (scene / "yolo found").mkdir()
    written(scene / "yolo found" / "a.txt", "0 0.5 0.5 0.5 0.5 0.9")
    for truth, target in (("coco.json", None), ("coco.json", "dog"), ("yolo/labels", None)):
        options = Options(boxes=convention, target=target)
        words = f"--boxes {convention} says nothing of "
        refused(words, evaluate, scene / detections, scene / truth, options, json=False)


class TestRefused:
    def test_shares_without_sizes(self, scene):
        files = [scene / "relative" / "D.json", scene / "relative" / "G.json"]
        refused("needs the sizes of the images", evaluate, *files, Options(boxes="relative"), json=False)
        content = json.loads((scene / "coco.json").read_text("utf-8"))
        for image in content["images"]:
            del image["width"]
        files[1] = written(scene / "no sizes.json", content)
        for found in (files[0], scene / "relative" / "comp4"):
            options = Options(boxes="relative", target="dog" if found.suffix else None)
            refused("needs the sizes of the images", evaluate, found, files[1], options, json=False)

    def test_pixels_declared_as_shares_and_shares_as_pixels(self, scene):
        for name in ("D.json", "comp4"):
            cases: list[tuple[Convention, str]] = [("relative", "are no shares of"), ("coco", "near 0 to 1")]
            for convention, words in cases:
                found = scene / ("coco" if convention == "relative" else "relative") / name
                options = Options(boxes=convention, target="dog" if found.suffix else None)
                with pytest.raises(LabError, match=words):
                    evaluate(found, scene / "coco.json", options, json=False)

    @pytest.mark.parametrize(
        ("convention", "box", "wanted"),
        [
            ("zero-based", [5, 5, 4, 9], "xmin, ymin, xmax, ymax"),
            ("coco", [50, 5, -1, 9], "x, y, width, height"),
            ("relative", [0.5, 0.5, -0.1, 0.1], "x_centre, y_centre, width, height"),
        ],
    )
    def test_a_box_that_ends_before_it_begins(self, scene, convention, box, wanted):
        found = written(scene / "D.json", {"a": [[*box, 0.5]]})
        words = f"ends before it begins: it should be [{wanted}, score]."
        options = Options(boxes=convention, target="dog")
        refused(words, evaluate, found, scene / "coco.json", options, json=False)
        found = written(scene / "comp4_det_test_dog.txt", f"a 0.5 {' '.join(map(str, box))}")
        words = f"it should be 'image score {wanted.replace(',', '')}'."
        refused(words, evaluate, found, scene / "coco.json", options, json=False)

    def test_an_object_without_width(self, scene):
        truth = written(scene / "G.json", {"a": [[5, 5, 0, 9]], "b": [], "c": []})
        refused("[x, y, width, height]", evaluate, scene / "coco" / "D.json", truth, Options(boxes="coco"), json=False)

    def test_an_image_that_is_not_there_is_named_before_its_size_is_missed(self, scene):
        found = written(scene / "D.json", {"stranger": [[0.5, 0.5, 0.1, 0.1, 0.9]]})
        options = Options(boxes="relative", target="dog")
        refused("first 'stranger'", evaluate, found, scene / "coco.json", options, json=False)
