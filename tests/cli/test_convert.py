"""gradcam-lab convert as it is typed: what it prints, what it writes, and every sentence that refuses."""

import json
import re

import pytest

from tests import folders
from tests.commands import contents, lab, refused
from tests.documents import commands, page

XML = folders.XML.replace("<name>", "<truncated>1</truncated><difficult>1</difficult><name>")


@pytest.fixture
def voc(tmp_path, monkeypatch):
    """Two splits in VOC's layout: a dog in each image but the last one."""
    monkeypatch.chdir(tmp_path)
    folders.voc(tmp_path / "voc", ("train", "val"))
    folders.write(tmp_path / "voc/Annotations/000001.xml", XML)
    folders.add_negative(tmp_path / "voc", "val", "000009")
    return tmp_path


@pytest.fixture
def yolo(tmp_path, monkeypatch):
    """Three images of one split, of which the last is negative by an empty file and by none."""
    monkeypatch.chdir(tmp_path)
    folders.write(tmp_path / "yolo/data.yaml", "train: images/train\nnames: [cat, dog]\n")
    for name in ("a", "b", "c"):
        folders.draw(tmp_path / f"yolo/images/train/{name}.jpg")
    folders.write(tmp_path / "yolo/labels/train/a.txt", "1 0.25 0.75 0.5 0.5\n0 0.5 0.5 1 1\n")
    folders.write(tmp_path / "yolo/labels/train/b.txt", "")
    return tmp_path


TRUTH = {
    "images": [
        {"id": 3, "file_name": "a.jpg", "width": 30, "height": 20},
        {"id": 7, "file_name": "b.jpg", "width": 30, "height": 20},
    ],
    "categories": [{"id": 18, "name": "dog"}, {"id": 5, "name": "cat"}],
    "annotations": [
        {"id": 1, "image_id": 3, "category_id": 18, "bbox": [1, 2, 19, 13], "area": 247, "iscrowd": 0},
        {"id": 2, "image_id": 3, "category_id": 5, "bbox": [0, 0, 30, 20], "area": 600, "iscrowd": 1},
    ],
}


@pytest.fixture
def coco(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folders.write(tmp_path / "instances_val.json", json.dumps(TRUTH))
    return tmp_path


def text(path):
    return path.read_text(encoding="utf-8")


def converted(*words):
    done = lab("convert", *words)
    assert (done.code, done.err) == (0, ""), done
    return done.out.splitlines()


class TestAnnotations:
    def test_voc_to_yolo(self, voc):
        assert converted("voc", "--from", "voc", "--to", "yolo", "--out", "out") == [
            "2 objects of 1 classes in 3 images (train, val).",
            "YOLO has no place for 1 flags 'truncated', 1 flags 'difficult'.",
            "Put the images into 'out/images/train' and 'out/images/val', or give --copy-images.",
            "out",
        ]
        # columns 2 to 20 of 30 and rows 3 to 15 of 20
        line = f"0 {10.5 / 30:.8f} {8.5 / 20:.8f} {19 / 30:.8f} {13 / 20:.8f}\n"
        assert text(voc / "out/labels/train/000001.txt") == line
        assert text(voc / "out/labels/val/000009.txt") == ""
        assert text(voc / "out/data.yaml") == ('train: "images/train"\nval: "images/val"\nnc: 1\nnames:\n  0: "dog"\n')

    def test_voc_to_coco(self, voc):
        converted("voc", "--from", "voc", "--to", "coco", "--out", "out", "--split", "train", "--copy-images")
        found = json.loads(text(voc / "out/annotations/instances_train.json"))
        assert found["images"] == [{"id": 1, "file_name": "000001.jpg", "width": 30, "height": 20}]
        assert found["categories"] == [{"id": 1, "name": "dog"}]
        box = {"bbox": [1, 2, 19, 13], "area": 247, "iscrowd": 0, "ignore": 1, "truncated": 1}
        assert found["annotations"] == [{"id": 1, "image_id": 1, "category_id": 1, **box}]
        assert (voc / "out/images/train/000001.jpg").read_bytes() == (voc / "voc/JPEGImages/000001.jpg").read_bytes()

    def test_yolo_to_voc_and_the_layout_is_read(self, yolo):
        lines = converted("yolo", "--from", "yolo", "--to", "voc", "--out", "out", "--copy-images")
        assert lines == ["2 objects of 2 classes in 3 images (train).", "out"]
        assert text(yolo / "out/ImageSets/Main/train.txt") == "a\nb\nc\n"
        from gradcam_lab.data.layouts.voc import read_split

        samples = read_split(yolo / "out", "train").samples
        assert [[(o.name, o.box) for o in sample.objects] for sample in samples] == [
            [("dog", (1, 11, 15, 20)), ("cat", (1, 1, 30, 20))],
            [],
            [],
        ]

    @pytest.mark.parametrize("folder", ["mine", "roboflow"])
    @pytest.mark.parametrize(
        ("size", "what"),
        [
            ("<width>23</width><height>20</height>", "images whose annotation says another size than theirs: 1"),
            ("<width>0</width><height>0</height>", "images whose annotation does not say their size: 1"),
            ("", "images whose annotation does not say their size: 1"),
        ],
    )
    def test_the_size_is_that_of_the_image(self, voc, folder, size, what):
        """Two folders of any name, in one that is split or not."""
        within = "valid/" if folder == "roboflow" else ""
        text_of = folders.XML.replace("<width>30</width><height>20</height>", size)
        folders.write(
            voc / folder / f"{within}xml/a.xml",
            text_of.replace("<xmin>2<", "<xmin>20<").replace("<xmax>20<", "<xmax>2<"),
        )
        folders.draw(voc / folder / f"{within}pics/a.PNG")
        lines = converted(folder, "--from", "voc", "--to", "yolo", "--out", "out", "--copy-images")
        split = "val" if within else "train"
        assert lines[0] == f"1 objects of 1 classes in 1 images ({split})."
        assert f"Repaired: boxes with swapped corners: 1; {what}." in lines
        assert (
            text(voc / f"out/labels/{split}/a.txt") == f"0 {10.5 / 30:.8f} {8.5 / 20:.8f} {19 / 30:.8f} {13 / 20:.8f}\n"
        )
        assert (voc / f"out/images/{split}/a.PNG").is_file()

    def test_cocos_splits_are_called_as_yolos_programs_look_for_them(self, coco):
        folders.write(coco / "two/annotations/instances_val2017.json", json.dumps(TRUTH))
        folders.write(coco / "two/annotations/instances_train2017.json", json.dumps(TRUTH))
        converted("two", "--from", "coco", "--to", "yolo", "--out", "out")
        assert text(coco / "out/data.yaml").startswith('train: "images/train2017"\nval: "images/val2017"\nnc: 2')

    def test_coco_to_voc_marks_crowds(self, coco):
        lines = converted("instances_val.json", "--from", "coco", "--to", "voc", "--out", "out")
        assert lines[:2] == ["2 objects of 2 classes in 2 images (val).", "changed: 1 crowds marked as difficult."]
        assert text(coco / "out/Annotations/a.xml").count("<difficult>1</difficult>") == 1

    def test_outlines_are_counted(self, coco):
        rows = [{**row, "segmentation": [[1, 2, 3, 4, 5, 6]]} for row in TRUTH["annotations"]]
        folders.write(coco / "instances_val.json", json.dumps({**TRUTH, "annotations": rows}))
        lines = converted("instances_val.json", "--from", "coco", "--to", "yolo", "--out", "out")
        assert lines[1] == "YOLO has no place for 2 outlines, 1 flags 'crowd'."

    def test_the_numbers_of_coco_stay(self, coco):
        converted("instances_val.json", "--from", "coco", "--to", "coco", "--out", "out")
        found = json.loads(text(coco / "out/annotations/instances_val.json"))
        assert {key: found[key] for key in TRUTH} == TRUTH

    def test_the_order_of_the_classes_is_the_users(self, voc):
        more = ("--classes", "cat,dog", "--split", "train")
        converted("voc", "--from", "voc", "--to", "yolo", "--out", "out", *more)
        assert text(voc / "out/labels/train/000001.txt").startswith("1 ")

    def test_labelimgs_files_side_by_side(self, voc):
        folders.draw(voc / "mine/a.png")
        folders.write(voc / "mine/a.xml", folders.XML.replace("<size>", "<filename>old name.png</filename><size>"))
        converted("mine", "--from", "voc", "--to", "yolo", "--out", "out")
        folders.write(voc / "mine/classes.txt", "dog\n")
        (voc / "mine/a.txt").write_text(text(voc / "out/labels/train/a.txt"), encoding="utf-8")
        converted("mine", "--from", "yolo", "--to", "coco", "--out", "out2")
        found = json.loads(text(voc / "out2/annotations/instances_train.json"))
        assert found["images"] == [{"id": 1, "file_name": "a.png", "width": 30, "height": 20}]
        assert found["annotations"][0]["bbox"] == pytest.approx([1, 2, 19, 13], abs=1e-6)

    @pytest.mark.parametrize(
        ("boxes", "line"), [("zero-based", "1 2 3 20 15"), ("coco", "1 2 3 19 13"), ("voc", "1 3 4 21 16")]
    )
    def test_boxes_are_stated_as_they_are_declared(self, yolo, boxes, line):
        folders.write(yolo / "yolo/labels/train/a.txt", f"{line}\n")
        converted("yolo", "--from", "yolo", "--to", "voc", "--out", "out", "--boxes", boxes)
        assert "<xmin>3</xmin>\n\t\t\t<ymin>4</ymin>\n\t\t\t<xmax>21</xmax>\n\t\t\t<ymax>16</ymax>" in text(
            yolo / "out/Annotations/a.xml"
        )

    def test_what_does_not_fit_is_counted(self, coco):
        rows = [{**TRUTH["annotations"][0], "bbox": box} for box in ([-2, 3, 8, 4], [5, 5, 0.25, 9])]
        folders.write(coco / "instances_val.json", json.dumps({**TRUTH, "annotations": rows}))
        lines = converted("instances_val.json", "--from", "coco", "--to", "voc", "--out", "out")
        assert lines[1] == ("changed: 1 boxes cut at the edge of their image, 1 boxes made a pixel wide or high.")
        assert "<xmin>1</xmin>" in text(coco / "out/Annotations/a.xml")
        assert text(coco / "out/Annotations/a.xml").count("5.62") == 2


class TestDetections:
    @pytest.fixture
    def predictions(self, coco):
        """As ultralytics leaves them: no file for an image in which it finds nothing."""
        folders.write(coco / "predict/labels/a.txt", "1 0.35 0.425 0.633333 0.65 0.75\n0 0.5 0.5 1.1 1 1e-07\n")
        folders.write(coco / "predict/classes.txt", "cat\ndog\n")
        return coco

    def test_yolo_to_coco_in_the_numbers_of_the_ground_truth(self, predictions):
        more = ("--ground-truth", "instances_val.json")
        lines = converted("predict", "--from", "yolo", "--to", "coco", "--out", "out", *more)
        assert lines == ["2 detections of 2 classes in 1 images.", "out"]
        assert [path.name for path in (predictions / "out").iterdir()] == ["results.json"]
        found = json.loads(text(predictions / "out/results.json"))
        assert [(row["image_id"], row["category_id"], row["score"]) for row in found] == [(3, 18, 0.75), (3, 5, 1e-7)]
        assert found[0]["bbox"] == pytest.approx([1, 2, 19, 13], abs=1e-4)
        assert found[1]["bbox"] == pytest.approx([-1.5, 0, 33, 20])
        done = lab(
            "evaluate", "--detections", "out/results.json", "--ground-truth", "instances_val.json", "--target", "dog"
        )
        assert done.code == 0, done

    def test_a_class_a_file_in_vocs_text(self, predictions):
        more = ("--ground-truth", "instances_val.json", "--split", "val")
        converted("predict", "--from", "yolo", "--to", "voc", "--out", "out", *more)
        assert sorted(path.name for path in (predictions / "out").iterdir()) == [
            "comp4_det_val_cat.txt",
            "comp4_det_val_dog.txt",
        ]
        assert text(predictions / "out/comp4_det_val_dog.txt").startswith("a 0.75 2.00")
        converted("out", "--from", "voc", "--to", "yolo", "--out", "back", *more, "--classes", "cat,dog")
        rows = [line.split() for line in text(predictions / "back/labels/a.txt").splitlines()]
        assert [[float(word) for word in row] for row in rows] == [
            pytest.approx([0, 0.5, 0.5, 1.1, 1, 1e-7]),
            pytest.approx([1, 0.35, 0.425, 0.633333, 0.65, 0.75], abs=1e-6),
        ]

    def test_without_ground_truth_the_images_are_numbered_beside(self, predictions):
        folders.draw(predictions / "photos/a.jpg")
        converted("predict", "--from", "yolo", "--to", "coco", "--out", "out", "--images", "photos")
        found = json.loads(text(predictions / "out/images.json"))
        assert found["images"] == [{"id": 1, "file_name": "a.jpg", "width": 30, "height": 20}]
        assert found["categories"] == [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]


class TestBadInput:
    """Each is one sentence, and nothing is left of the output."""

    def refuses(self, folder, *words, source, start, end="coco", more=()):
        before = contents(folder)
        refused(lab("convert", source, "--from", start, "--to", end, "--out", "out", *more), *words)
        assert contents(folder) == before
        assert not (folder / "out").exists()

    def test_images_that_are_missing(self, yolo):
        (yolo / "yolo/images/train/a.jpg").unlink()
        self.refuses(yolo, "The size of the image 'a.jpg'", "--images", source="yolo", start="yolo")
        self.refuses(
            yolo, "There is no folder of images 'none'", source="yolo", start="yolo", more=("--images", "none")
        )

    def test_images_to_copy_that_are_missing(self, coco):
        words = "There is no image 'a.jpg' of 'instances_val.json' to copy"
        self.refuses(coco, words, source="instances_val.json", start="coco", end="voc", more=("--copy-images",))

    def test_a_place_outside_of_the_data(self, yolo):
        folders.write(yolo / "yolo/data.yaml", "train: ../../images\nnames: [cat, dog]\n")
        self.refuses(yolo, "data.yaml' has the place '../../images', which is outside", source="yolo", start="yolo")

    @pytest.mark.parametrize(
        ("line", "words"),
        [
            ("2 0.5 0.5 0.1 0.1", "the classes are 0 to 1 by their names"),
            ("0 0.1 0.1 0.5 0.1 0.5 0.5", "as polygons and keypoints have"),
            ("0 0.1 0.1 0.5 nan", "with finite numbers"),
            ("0 12 12 5 5", "no shares of the image's sides"),
            ("0 0.5 0.5 0 0.5", "with no part inside of its 30 x 20 pixels"),
        ],
    )
    def test_labels(self, yolo, line, words):
        folders.write(yolo / "yolo/labels/train/b.txt", f"{line}\n")
        self.refuses(yolo, "b.txt'", words, source="yolo", start="yolo")

    def test_labels_that_are_there_and_cannot_be_read(self, yolo):
        (yolo / "yolo/labels/train/b.txt").unlink()
        (yolo / "yolo/labels/train/b.txt").mkdir()
        self.refuses(yolo, "Cannot read the labels '", source="yolo", start="yolo")

    def test_two_images_of_one_name(self, yolo):
        folders.png(yolo / "yolo/images/train/a.png", folders.TRIMAP)
        (yolo / "yolo/images/train/a.jpg").rename(yolo / "yolo/images/train/a.bmp")
        self.refuses(yolo, "a.bmp' have one name: only one of them can be the image", source="yolo", start="yolo")

    @pytest.mark.parametrize(
        ("table", "key", "value", "words"),
        [
            ("images", "file_name", "../x.jpg", "names the image '../x.jpg', which is no file inside of a folder"),
            ("images", "file_name", "/x.jpg", "which is no file inside of a folder"),
            ("images", "file_name", "x" * 5000, "which is no file inside of a folder"),
            ("images", "file_name", "C:\\x.jpg", "which is no file inside of a folder"),
            ("images", "file_name", "b.jpg", "has two images 'b.jpg'"),
            ("images", "file_name", "b.png", "has two images that YOLO calls 'b'"),
            ("images", "width", -3, "-3 x 20 pixels is no size of an image"),
            ("images", "width", 1e9, "1000000000 x 20 pixels, which none is"),
            ("images", "width", "wide", "wide x 20 pixels is no size of an image"),
            ("images", "width", None, "None x 20 pixels is no size of an image"),
            ("annotations", "bbox", [1, 2, "3", 4], "its 'bbox' is"),
            ("annotations", "bbox", [1, 2, 0, 4], "its 'bbox' is"),
            ("annotations", "bbox", [31, 2, 3, 4], "with no part inside of its 30 x 20 pixels"),
            ("annotations", "image_id", 99, "no image has the id 99"),
            ("annotations", "category_id", 99, "no category has the id 99"),
            ("categories", "name", "\ud800", "half a letter of which is missing"),
            ("images", "file_name", "\ud800.jpg", "half a letter of which is missing"),
            ("categories", "name", "cat", "has two categories 'cat'"),
        ],
    )
    def test_coco(self, coco, table, key, value, words):
        rows = [{**TRUTH[table][0], key: value}, *TRUTH[table][1:]]
        folders.write(coco / "instances_val.json", json.dumps({**TRUTH, table: rows}))
        self.refuses(coco, "instances_val.json'", words, source="instances_val.json", start="coco", end="yolo")

    def test_a_polygon_instead_of_a_box(self, coco):
        rows = [{"id": 1, "image_id": 3, "category_id": 18, "segmentation": [[1, 1, 5, 5, 1, 5]]}]
        folders.write(coco / "instances_val.json", json.dumps({**TRUTH, "annotations": rows}))
        words = "annotation 1: it is a polygon ('segmentation') without a 'bbox', where a box is meant"
        self.refuses(coco, words, source="instances_val.json", start="coco", end="yolo")

    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ("bndbox", "polygon", "an object 'dog' with a polygon and no <bndbox> (draw its box)"),
            ("<xmin>2<", "<xmin>two<", "has 'two' for <xmin>, which is not a finite number"),
            ("<name>dog<", "<name> <", "has an object without a name"),
            (
                "<width>30</width><height>20<",
                "<width>60</width><height>40<",
                "(was it resized after its boxes were drawn?)",
            ),
            ("</annotation>", "", "is not valid XML"),
        ],
    )
    def test_voc(self, voc, old, new, words):
        folders.write(voc / "voc/Annotations/000001.xml", folders.XML.replace(old, new))
        self.refuses(voc, "000001.xml'", words, source="voc", start="voc", end="yolo")

    @pytest.mark.parametrize("width", ["-30", "0", "3000000", "12.5", "wide"])
    def test_no_size_of_vocs_without_the_image(self, voc, width):
        (voc / "voc/JPEGImages/000001.jpg").unlink()
        folders.write(voc / "voc/Annotations/000001.xml", folders.XML.replace("<width>30<", f"<width>{width}<"))
        self.refuses(voc, "The size of the image '000001.jpg'", source="voc", start="voc", end="yolo")

    def test_lists_of_voc(self, voc):
        self.refuses(voc, "has no split 'test': it has train, val", source="voc", start="voc", more=("--split", "test"))
        folders.write(voc / "voc/ImageSets/Main/val.txt", "../000001\n")
        self.refuses(voc, "val.txt' names the image '../000001', which is no file inside", source="voc", start="voc")
        self.refuses(voc, "never --boxes relative", source="voc", start="voc", more=("--boxes", "relative"))

    def test_a_class_that_is_not_listed(self, voc):
        self.refuses(
            voc, "an object 'dog', which is none of --classes", source="voc", start="voc", more=("--classes", "cat")
        )

    def test_results_need_their_ground_truth(self, coco):
        folders.write(
            coco / "results.json", json.dumps([{"image_id": 3, "category_id": 18, "bbox": [1, 2, 19, 13], "score": 1}])
        )
        self.refuses(
            coco, "give their COCO ground truth as --ground-truth", source="results.json", start="coco", end="yolo"
        )

    def test_no_names(self, yolo):
        (yolo / "yolo/data.yaml").unlink()
        self.refuses(yolo, "Nothing names the classes of 'yolo'", source="yolo", start="yolo")

    @pytest.mark.parametrize("start", ["voc", "coco", "yolo"])
    def test_nothing_there(self, tmp_path, monkeypatch, start):
        monkeypatch.chdir(tmp_path)
        self.refuses(tmp_path, "There is no ", "'none", source="none", start=start)
        (tmp_path / "empty").mkdir()
        self.refuses(tmp_path, "'empty", source="empty", start=start)

    def test_an_output_folder_that_holds_something(self, voc):
        folders.write(voc / "out/notes.txt", "mine")
        before = contents(voc)
        refused(
            lab("convert", "voc", "--from", "voc", "--to", "yolo", "--out", "out"), "'out' is there already and holds"
        )
        assert contents(voc) == before
        (voc / "out/notes.txt").unlink()
        converted("voc", "--from", "voc", "--to", "yolo", "--out", "out")


VAL = "gradcam-lab convert coco/annotations/instances_val.json --from coco --to yolo --out val-labels --split val"


def test_the_commands_of_the_page(voc):
    (voc / "voc").rename(voc / "my-voc")
    folders.write(voc / "runs/predict/labels/000002.txt", "0 0.5 0.5 0.25 0.25 0.9\n")
    folders.write(voc / "runs/predict/classes.txt", "dog\n")
    shown = [command for command in commands(page("converting")) if "SOURCE" not in command]
    made = ("my-voc", "coco", "yolo", "runs", "found")
    assert len(shown) == 7
    for command in sorted([*dict.fromkeys(shown), VAL], key=lambda command: made.index(re.split("[ /]", command)[2])):
        done = lab(*command.split()[1:])
        assert (done.code, done.err) == (0, ""), (command, done)
    assert text(voc / "back/Annotations/000002.xml").count("<object>") == 1
    assert text(voc / "val-labels/labels/val/000002.txt") == text(voc / "yolo/labels/val/000002.txt")
    assert text(voc / "det/comp4_det_test_dog.txt").startswith("000002 0.9 12.25")
    assert "<xmin>3</xmin>" in text(voc / "counted-from-1/Annotations/000002.xml")
