"""Every class of saved boxes at once, and COCO's numbers of files in every format."""

import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gradcam_lab.data.box_files.formats import read_every_class
from gradcam_lab.errors import LabError
from gradcam_lab.evaluate.coco_scores import NAMES
from gradcam_lab.lessons import step4_metrics as metrics
from gradcam_lab.pipeline.saved_boxes import Rules, evaluate_files
from gradcam_lab.pipeline.saved_classes import Options, evaluate
from tests.coco_oracle import oracle
from tests.saved_files import refused, written

CLASSES = ("dog", "traffic light", "boat")
SIZE = (400, 300)


@pytest.fixture(scope="module")
def scene():
    """Boxes in whole pixels, which every format can state: `(image, class, x, y, width, height[, score])`."""
    rng = np.random.default_rng(3)
    objects, found = [], []
    for image in range(1, 9):
        for _ in range(rng.integers(0, 6) if image > 1 else 0):
            box = (*rng.integers(0, 150, 2).tolist(), *rng.integers(20, 120, 2).tolist())
            kind = int(rng.integers(0, 2))
            objects.append((image, kind, *box))
            for _ in range(rng.integers(0, 4)):
                x, y, width, height = (int(n + step) for n, step in zip(box, rng.integers(-6, 7, 4), strict=True))
                found.append((image, kind, max(x, 0), max(y, 0), width, height, round(float(rng.random()), 3)))
        found.append((image, int(rng.integers(0, 3)), *rng.integers(0, 50, 4).tolist(), round(float(rng.random()), 3)))
    return objects, found


def relative(kind, x, y, width, height, *score):
    shares = ((x + width / 2) / SIZE[0], (y + height / 2) / SIZE[1], width / SIZE[0], height / SIZE[1])
    return " ".join(map(repr, (kind, *shares, *score)))


@pytest.fixture(scope="module")
def files(tmp_path_factory, scene):
    """The scene in every format that names its classes."""
    folder = tmp_path_factory.mktemp("boxes of Jürgen")
    objects, found = scene
    truth = {
        "images": [{"id": n, "file_name": f"{n:06}.png", "width": 400, "height": 300} for n in range(1, 9)],
        "annotations": [
            {"id": n, "image_id": image, "category_id": kind, "bbox": box, "area": box[2] * box[3], "iscrowd": 0}
            for n, (image, kind, *box) in enumerate(objects, 1)
        ],
        "categories": [{"id": number, "name": name} for number, name in enumerate(CLASSES)],
    }
    written(folder / "G.json", truth)
    results = [{"image_id": i, "category_id": k, "bbox": box, "score": s} for i, k, *box, s in found]
    written(folder / "D.json", results)
    for name in ("comp4", "yolo", "data/images/test", "data/labels/test"):
        (folder / name).mkdir(parents=True)
    for number, name in enumerate(CLASSES):
        lines = [f"{i:06} {s} {x + 1} {y + 1} {x + w} {y + h}\n" for i, k, x, y, w, h, s in found if k == number]
        written(folder / "comp4" / f"comp4_det_test_{name.replace(' ', '_')}.txt", "".join(lines))
    written(folder / "yolo" / "classes.txt", "boat\ndog\ncow\ntraffic light\n")
    written(folder / "data" / "data.yaml", f"names: {list(CLASSES)}\ntest: images/test\n")
    for image in range(1, 9):
        Image.new("RGB", SIZE).save(folder / "data" / "images" / "test" / f"{image:06}.png")
        lines = [
            relative(["boat", "dog", "cow", "traffic light"].index(CLASSES[k]), *row)
            for i, k, *row in found
            if i == image
        ]
        written(folder / "yolo" / f"{image:06}.txt", "\n".join(lines))
        lines = [relative(*row) for i, *row in objects if i == image]
        if image > 1:  # an image without a file of labels is a negative one
            written(folder / "data" / "labels" / "test" / f"{image:06}.txt", "\n".join(lines))
    return folder


def scores(files, detections, truth, **options: Any):
    return json.loads(evaluate(files / detections, files / truth, Options(**options), json=True))


DETECTIONS = ("D.json", "comp4", "yolo")
TRUTHS = ("G.json", "data", "data/data.yaml", "data/labels/test")


class TestCoco:
    @pytest.mark.parametrize("detections", DETECTIONS)
    @pytest.mark.parametrize("truth", TRUTHS)
    def test_every_format_has_pycocotools_numbers(self, files, scene, detections, truth):
        content, results = (json.loads((files / name).read_text(encoding="utf-8")) for name in ("G.json", "D.json"))
        found = scores(files, detections, truth, protocol="coco")
        wanted = oracle(content, results)
        ours = np.array([found[name] for name in NAMES], dtype=float)  # None becomes NaN
        np.testing.assert_allclose(ours, wanted, rtol=0, atol=1e-6)
        assert 0.2 < found["map"] < 0.9
        assert found["objects"] == len(scene[0])
        assert found["detections"] == len(scene[1])
        assert found["classes"]["boat"] == {"objects": 0, **dict.fromkeys(NAMES)}

    def test_of_one_class(self, files):
        every = scores(files, "D.json", "G.json", protocol="coco")
        one = scores(files, "D.json", "G.json", protocol="coco", target="traffic light")
        assert one["classes"] == {"traffic light": every["classes"]["traffic light"]}
        assert one["map"] == every["classes"]["traffic light"]["map"] != every["map"]
        assert scores(files, "D.json", "G.json", protocol="coco", target="1") == one

    def test_of_a_file_that_names_no_class(self, files, tmp_path, scene):
        """Our own format, with the boxes in VOC's pixels."""
        boxes: dict[str, list] = {f"{n:06}": [] for n in range(1, 9)}
        held = {name: list(rows) for name, rows in boxes.items()}
        for i, k, x, y, w, h, s in scene[1]:
            boxes[f"{i:06}"] += [[x + 1, y + 1, x + w, y + h, s]] if k == 0 and w and h else []
        for i, k, x, y, w, h in scene[0]:
            held[f"{i:06}"] += [[x + 1, y + 1, x + w, y + h]] if k == 0 else []
        written(tmp_path / "D.json", boxes)
        written(tmp_path / "G.json", held)
        ours = scores(tmp_path, "D.json", "G.json", protocol="coco")
        theirs = scores(files, "D.json", "G.json", protocol="coco", target="dog")
        assert ours["map"] == pytest.approx(theirs["map"])
        assert list(ours["classes"]) == ["object"]

    @pytest.mark.parametrize("flag", ["ignore", "difficult"])
    def test_what_is_ignored_otherwise_than_as_a_crowd_counts_as_in_pycocotools(self, files, tmp_path, flag):
        content, results = (json.loads((files / name).read_text(encoding="utf-8")) for name in ("G.json", "D.json"))
        content["annotations"][0][flag] = 1
        written(tmp_path / "G.json", content)
        found = json.loads(evaluate(files / "D.json", tmp_path / "G.json", Options(protocol="coco"), json=True))
        assert found["map"] == pytest.approx(oracle(content, results)[0], abs=1e-6)

    def test_an_empty_object_and_one_without_an_area(self, files, tmp_path):
        content, results = (json.loads((files / name).read_text(encoding="utf-8")) for name in ("G.json", "D.json"))
        content["annotations"][0]["bbox"][2] = 0
        bare = [{key: value for key, value in row.items() if key != "area"} for row in content["annotations"]]
        written(tmp_path / "G.json", content | {"annotations": bare})
        content["annotations"][0]["area"] = 0
        found = json.loads(evaluate(files / "D.json", tmp_path / "G.json", Options(protocol="coco"), json=True))
        assert found["map"] == pytest.approx(oracle(content, results)[0], abs=1e-6)

    def test_the_table_has_a_line_a_class_and_one_for_all(self, files):
        lines = evaluate(files / "D.json", files / "G.json", Options(protocol="coco"), json=False).splitlines()
        assert lines[0].split()[:4] == ["class", "objects", "mAP", "AP50"]
        assert [line[:13].strip() for line in lines[1:]] == [*CLASSES, "all"]
        assert len(lines[-1].split()) == 2 + len(NAMES)
        assert lines[3].split() == ["boat", "0", *["-"] * len(NAMES)]


class TestEveryClass:
    @pytest.mark.parametrize("detections", DETECTIONS)
    @pytest.mark.parametrize("truth", TRUTHS)
    def test_each_class_as_by_itself_and_their_mean(self, files, detections, truth):
        every = scores(files, detections, truth, bootstrap=20)
        assert list(every["map"]) == ["0.3", "0.4", "0.5"]
        assert list(every["classes"]) == ["dog", "traffic light"]
        assert every["objects"]["boat"] == 0
        rules = Rules((0.3, 0.4, 0.5), bootstrap=20)
        for name, rows in every["classes"].items():
            alone = evaluate_files(files / "D.json", files / "G.json", rules, target=name)
            for iou, row in rows.items():
                assert row == pytest.approx(alone[iou])
        for iou, mean in every["map"].items():
            assert mean["ap"] == pytest.approx(np.mean([rows[iou]["ap"] for rows in every["classes"].values()]))
            assert mean["ap_low"] < mean["ap"] < mean["ap_high"]

    @pytest.mark.parametrize("detections", DETECTIONS)
    def test_a_target_takes_one_of_them(self, files, detections):
        one = scores(files, detections, "data", target="dog", bootstrap=0)
        every = scores(files, detections, "data", bootstrap=0)
        for iou, row in one.items():
            assert row == pytest.approx(every["classes"]["dog"][iou])

    @pytest.mark.parametrize(("protocol", "ap"), [("voc2007", "11point"), ("voc2010", "area")])
    def test_vocs_protocols_are_an_average_precision_at_half(self, files, protocol, ap):
        other = {"area": "11point", "11point": "area"}[ap]
        ours = scores(files, "D.json", "G.json", protocol=protocol, bootstrap=0)
        assert ours == scores(files, "D.json", "G.json", ap=ap, iou=[0.5], bootstrap=0)
        assert ours != scores(files, "D.json", "G.json", ap=other, iou=[0.5], bootstrap=0)
        assert ours == scores(files, "D.json", "G.json", protocol=protocol, ap=ap, bootstrap=0)
        assert list(scores(files, "D.json", "G.json", protocol=protocol, iou=[0.7], bootstrap=0)["map"]) == ["0.7"]

    def test_the_lessons_numbers(self, files):
        """Step 4 itself, on the arrays of one class."""
        found, truth = read_every_class(files / "D.json", files / "G.json", target="dog") or pytest.fail("no tables")
        boxes, held = {}, {}
        for place, name in enumerate(truth.images):
            ours, mine = found.image == place, truth.objects.image == place
            corner = found.boxes[ours, :2]
            boxes[name] = np.hstack([corner + 1, corner + found.boxes[ours, 2:], found.scores[ours, None]])
            corner = truth.objects.boxes[mine, :2]
            held[name] = metrics.GroundTruth(
                np.hstack([corner + 1, corner + truth.objects.boxes[mine, 2:]]), np.zeros(mine.sum(), bool)
            )
        every = scores(files, "D.json", "G.json", bootstrap=0)["classes"]["dog"]
        for iou in (0.3, 0.5):
            assert every[f"{iou:g}"]["ap"] == pytest.approx(metrics.evaluate(boxes, held, [iou])[iou].ap)

    def test_the_table_has_a_line_a_class_and_the_mean(self, files):
        lines = evaluate(files / "D.json", files / "G.json", Options(iou=[0.5]), json=False).splitlines()
        assert lines[0].split() == ["class", "objects", "AP", "at", "0.5", "95%"]
        assert [line[:13].strip() for line in lines[1:5]] == [*CLASSES, "mean"]
        assert lines[3].split() == ["boat", "0", "-"]


class TestBadInput:
    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"protocol": "voc2007", "ap": "area"}, "--protocol voc2007 takes AP by --ap 11point"),
            ({"protocol": "voc2010", "ap": "11point"}, "--protocol voc2010 takes AP by --ap area"),
            ({"protocol": "coco", "iou": [0.5]}, "leave out --iou"),
            ({"protocol": "coco", "ties": "group", "ap": "area"}, "leave out --ties and --ap"),
            ({"protocol": "coco", "count_difficult": True}, "leave out --count-difficult"),
            ({"protocol": "coco", "bootstrap": 1000}, "no intervals: leave out --bootstrap"),
            ({"protocol": "coco", "target": "cow"}, "has no class 'cow': it has dog, traffic light, boat"),
        ],
    )
    def test_options(self, files, options, words):
        with pytest.raises(LabError, match=words):
            evaluate(files / "D.json", files / "G.json", Options(**options), json=True)

    @pytest.mark.parametrize(
        ("line", "words"),
        [
            ("7 0.5 0.5 0.1 0.1 0.9", "the classes are 0 to 3"),
            ("0 0.1 0.1 0.2 0.1 0.2 0.2 0.1 0.2", "polygons"),
            ("0 0.5 0.5 0.1 0.1", "has no confidence"),
        ],
    )
    def test_yolos_detections(self, files, tmp_path, line, words):
        written(tmp_path / "classes.txt", "boat\ndog\ncow\ntraffic light\n")
        label = written(tmp_path / "000002.txt", line)
        with pytest.raises(LabError, match=words) as error:
            evaluate(tmp_path, files / "G.json", Options(), json=True)
        assert f"'{label}'" in str(error.value)

    def test_yolos_detections_of_an_image_that_is_not_annotated(self, files, tmp_path):
        written(tmp_path / "classes.txt", "dog\n")
        written(tmp_path / "stranger.txt", "0 0.5 0.5 0.1 0.1 0.9")
        refused("'stranger'", evaluate, tmp_path, files / "G.json", Options(), json=True)

    def test_a_missing_image_of_yolos_truth(self, files, tmp_path):
        written(tmp_path / "classes.txt", "dog\n")
        written(tmp_path / "000002.txt", "0 0.5 0.5 0.1 0.1")
        with pytest.raises(LabError, match="There is no image"):
            evaluate(files / "D.json", tmp_path, Options(), json=True)

    def test_a_split_that_a_data_yaml_does_not_have(self, files):
        with pytest.raises(LabError, match="has no split 'val': choose one of test with --split"):
            evaluate(files / "D.json", files / "data", Options(split="val"), json=True)

    def test_masks_for_boxes(self, files, tmp_path):
        results = [{"image_id": 2, "category_id": 0, "segmentation": {"size": [3, 3], "counts": "03"}, "score": 0.5}]
        path = written(tmp_path / "D.json", results)
        refused("has a 'segmentation' and no 'bbox'", evaluate, path, files / "G.json", Options(), json=True)

    def test_no_object_at_all(self, files, tmp_path):
        content = json.loads((files / "G.json").read_text(encoding="utf-8"))
        path = written(tmp_path / "G.json", content | {"annotations": []})
        refused("has no object in its 8 image(s)", evaluate, files / "D.json", path, Options(), json=True)

    def test_an_empty_folder(self, files, tmp_path):
        refused("holds neither VOC's files", evaluate, tmp_path, files / "G.json", Options(), json=True)
