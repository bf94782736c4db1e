"""The reader of VOC folders: what it yields, and that everything bad is found and named."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from gradcam_lab.data.layouts.repair import FROM_ZERO, OVER_THE_EDGE, SIZE_MISSING, SIZE_WRONG, SWAPPED
from gradcam_lab.data.layouts.split import nameless_line, notes_of
from gradcam_lab.data.layouts.voc import find_root, read_split, voc_hash
from gradcam_lab.data.sample import read_image
from gradcam_lab.errors import LabError
from gradcam_lab.models.imagenet import VOC_GROUPS

SHARED = Path(__file__).parents[4] / "shared" / "data"
DOG = ("dog", (2, 3, 20, 15))


def xml(*objects, size=(30, 20)):
    """An annotation with objects given as (name, box) or (name, box, more elements)."""
    parts = []
    for name, box, *more in objects:
        corners = "".join(
            f"<{tag}>{value}</{tag}>" for tag, value in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True)
        )
        parts.append(f"<object><name>{name}</name>{''.join(more)}<bndbox>{corners}</bndbox></object>")
    return (
        f"<annotation><size><width>{size[0]}</width><height>{size[1]}</height><depth>3</depth></size>"
        f"{''.join(parts)}</annotation>"
    )


class Devkit:
    """A folder in VOC layout whose images are 30 x 20."""

    def __init__(self, root):
        self.root = root
        for name in ("JPEGImages", "Annotations", "ImageSets/Main"):
            (root / name).mkdir(parents=True)

    def image(self, name):
        return self.root / "JPEGImages" / f"{name}.jpg"

    def annotation(self, name):
        return self.root / "Annotations" / f"{name}.xml"

    def add(self, name, text=None):
        pixels = np.random.default_rng(0).integers(0, 255, (20, 30, 3), np.uint8)
        self.image(name).write_bytes(cv2.imencode(".jpg", pixels)[1].tobytes())
        self.annotation(name).write_text(text or xml(DOG), encoding="utf-8")

    def split(self, *lines, name="test"):
        path = self.root / "ImageSets" / "Main" / f"{name}.txt"
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


@pytest.fixture
def kit(tmp_path):
    kit = Devkit(tmp_path / "VOC2007")
    for name in ("c", "a", "b"):
        kit.add(name)
    kit.split("c", "a", "b")
    return kit


class TestGoodFolder:
    def test_samples_come_in_the_order_of_the_list_with_sizes_as_width_height(self, kit):
        split = read_split(kit.root, "test")
        assert [s.id for s in split.samples] == ["c", "a", "b"]
        assert split.samples[0].size == (30, 20)
        assert split.samples[0].image.shape == (20, 30, 3)
        assert split.samples[0].boxes("dog") == [(2, 3, 20, 15)]
        assert (split.name, split.root, split.skipped) == ("test", kit.root, ())

    def test_limit_takes_the_first_lines(self, kit):
        assert [s.id for s in read_split(kit.root, "test", limit=2).samples] == ["c", "a"]

    def test_a_second_column_and_blank_lines_are_passed_over(self, kit):
        kit.split("a  1", "", "b -1", name="dog_val")
        assert [s.id for s in read_split(kit.root, "dog_val").samples] == ["a", "b"]

    def test_fractions_and_flags_are_read(self, kit):
        flags = "<difficult>1</difficult><truncated>0</truncated>"
        kit.add("a", xml(("dog", ("1.0", "45.70e-1", "30", "20"), flags), ("cat", (1, 1, 1, 1))))
        dog, cat = read_split(kit.root, "test").samples[1].objects
        assert dog.box == (1, 4.57, 30, 20)
        assert (dog.difficult, dog.truncated) == (True, False)
        assert (cat.difficult, cat.truncated) == (False, False)

    def test_parts_of_a_person_are_no_objects(self, kit):
        part = "<part><name>head</name><bndbox><xmin>0</xmin></bndbox></part>"
        kit.add("a", xml(("person", (2, 2, 9, 9), part)))
        assert [o.name for o in read_split(kit.root, "test").samples[1].objects] == ["person"]

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_the_size_is_that_of_the_pixels_also_of_a_photo_taken_on_its_side(self, kit, orientation):
        exif = Image.Exif()
        exif[0x0112] = orientation
        Image.new("RGB", (30, 20), "red").save(kit.image("a"), exif=exif)
        height, width = read_image(kit.image("a")).shape[:2]
        kit.annotation("a").write_text(xml(("dog", (1, 1, 9, 9)), size=(width, height)), encoding="utf-8")
        assert read_split(kit.root, "test").samples[1].size == (width, height)


class TestNegativeImages:
    """An annotation without objects says that there is nothing to find in its image."""

    @pytest.mark.parametrize("skip_bad", [False, True])
    def test_are_kept(self, kit, skip_bad):
        kit.add("a", xml())
        split = read_split(kit.root, "test", known={"dog"}, skip_bad=skip_bad)
        assert [(s.id, len(s.objects)) for s in split.samples] == [("c", 1), ("a", 0), ("b", 1)]
        assert split.skipped == ()

    def test_a_wrong_size_does_no_harm(self, kit):
        kit.add("a", xml(size=(60, 40)))
        assert read_split(kit.root, "test").repairs == {SIZE_WRONG: 1}


class TestPhotos:
    @pytest.mark.parametrize("ending", [".JPG", ".jpeg", ".png", ".TIFF", ".webp"])
    def test_with_another_ending(self, kit, ending):
        kit.image("a").unlink()
        path = kit.image("a").with_suffix(ending)
        Image.new("RGB", (30, 20), "red").save(path)
        sample = read_split(kit.root, "test").samples[1]
        assert sample.path == path
        np.testing.assert_allclose(sample.image[5, 5], [255, 0, 0], atol=2)

    @pytest.mark.parametrize("orientation", [6, 8])
    def test_an_orientation_behind_another_size_is_named(self, kit, orientation):
        exif = Image.Exif()
        exif[0x0112] = orientation
        Image.new("RGB", (30, 20), "red").save(kit.image("a"), exif=exif)
        with pytest.raises(LabError, match=r"is 30 x 20 pixels, but it is 20 x 30 by its EXIF orientation \("):
            read_split(kit.root, "test")

    def test_what_is_white_is_the_same_in_all_of_a_split(self, kit):
        """A dark image of 12 bits beside a bright one, and one of 8 bits."""
        for name, white in (("a", 4095), ("b", 500)):
            kit.image(name).unlink()
            values = np.full((20, 30), white, np.uint16)
            kit.image(name).with_suffix(".png").write_bytes(cv2.imencode(".png", values)[1].tobytes())
        split = read_split(kit.root, "test")
        assert [s.bits for s in split.samples] == [None, 12, 12]
        assert [int(s.image.max()) for s in split.samples[1:]] == [255, 31]
        assert split.notes == ("The images of 16 bits hold data of 12: they are scaled so that 4095 is white.",)
        assert read_split(kit.root, "test", limit=1).notes == ()

    def test_a_mask_belongs_to_its_image(self, kit):
        (kit.root / "SegmentationClass").mkdir()
        (kit.root / "SegmentationClass" / "a.png").touch()
        masks = [s.mask for s in read_split(kit.root, "test").samples]
        assert masks == [None, kit.root / "SegmentationClass" / "a.png", None]


class TestFindRoot:
    @pytest.mark.parametrize("inside", ["", "VOC2007", "VOC2012", "VOCdevkit/VOC2007"])
    def test_found_inside(self, tmp_path, inside):
        kit = Devkit(tmp_path / "data" / inside)
        assert find_root(tmp_path / "data") == kit.root

    def test_no_such_folder(self, tmp_path):
        with pytest.raises(LabError, match=r"no data folder '.*nowhere'"):
            find_root(tmp_path / "nowhere")

    def test_what_is_missing_is_named(self, kit):
        (kit.root / "ImageSets" / "Main").rename(kit.root / "Main")
        with pytest.raises(LabError, match=r"VOC2007' is not in the VOC layout, it lacks ImageSets/Main:"):
            find_root(kit.root.parent)

    def test_an_empty_folder_lacks_all(self, tmp_path):
        with pytest.raises(LabError, match="lacks JPEGImages, Annotations, ImageSets/Main"):
            find_root(tmp_path)

    def test_two_years_are_ambiguous(self, kit):
        Devkit(kit.root.with_name("VOC2012"))
        with pytest.raises(LabError, match=r"several data sets \('.*VOC2007', '.*VOC2012'\)"):
            find_root(kit.root.parent)


class TestSplitFile:
    def test_missing_names_those_that_exist(self, kit):
        kit.split("a", name="val")
        with pytest.raises(LabError, match=r"no split 'train' in .*: it has test, val\."):
            read_split(kit.root, "train")

    def test_empty(self, kit):
        kit.split("", "  ")
        with pytest.raises(LabError, match=r"test\.txt' is empty"):
            read_split(kit.root, "test")

    def test_a_byte_order_mark_is_no_part_of_the_first_name(self, kit):
        (kit.root / "ImageSets" / "Main" / "test.txt").write_text("a\nb\n", encoding="utf-8-sig")
        kit.annotation("a").write_text(xml(DOG), encoding="utf-8-sig")
        assert [s.id for s in read_split(kit.root, "test").samples] == ["a", "b"]

    @pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
    def test_in_another_encoding(self, kit, encoding):
        kit.add("Köter")
        (kit.root / "ImageSets" / "Main" / "test.txt").write_text("Köter\n", encoding=encoding)
        assert [s.id for s in read_split(kit.root, "test").samples] == ["Köter"]

    def test_a_name_with_a_line_break_leaves_one_sentence(self, kit):
        kit.annotation("a").write_text(xml(("do\ng", (1, 1, 99, 9))), encoding="utf-8")
        with pytest.raises(LabError) as error:
            read_split(kit.root, "test")
        assert r"has a 'do\ng' whose box" in str(error.value)


def truncate(path):
    path.write_bytes(path.read_bytes()[:-20])


BAD = {
    "missing image": (lambda kit: kit.image("a").unlink(), r"a\.jpg' is missing"),
    "truncated image": (lambda kit: truncate(kit.image("a")), r"a\.jpg' is broken, truncated"),
    "image cut to its header": (lambda kit: kit.image("a").write_bytes(b"\xff\xd8\xff"), r"a\.jpg' is broken"),
    "empty image": (lambda kit: kit.image("a").write_bytes(b""), r"a\.jpg' is broken"),
    "text for an image": (lambda kit: kit.image("a").write_text("hello"), r"a\.jpg' is broken"),
    "missing XML": (lambda kit: kit.annotation("a").unlink(), r"a\.xml' is missing"),
    "broken XML": (lambda kit: truncate(kit.annotation("a")), r"a\.xml' is not valid XML"),
    "XML with entities": (
        lambda kit: kit.add("a", '<!DOCTYPE a [<!ENTITY e "x">]><annotation>&e;</annotation>'),
        r"a\.xml' is not valid XML \(EntitiesForbidden",
    ),
    "resized": (
        lambda kit: kit.add("a", xml(DOG, size=(60, 40))),
        r"says that its image is 60 x 40 pixels, but it is 30 x 20 \(was it resized after its boxes were drawn",
    ),
    "nameless": (lambda kit: kit.add("a", xml((" ", (1, 1, 2, 2)))), "an object without a name"),
    "no box": (
        lambda kit: kit.add("a", xml(DOG).replace("bndbox", "box")),
        "has an object 'dog' with no <bndbox>",
    ),
    "polygon": (
        lambda kit: kit.add("a", xml(DOG).replace("bndbox", "polygon")),
        "has an object 'dog' with a polygon and no <bndbox>",
    ),
    "box before the image": (
        lambda kit: kit.add("a", xml(("dog", (-1, 1, 5, 5)))),
        r"'dog' whose box \(-1, 1, 5, 5\) leaves its image",
    ),
    "box too wide": (lambda kit: kit.add("a", xml(("dog", (1, 1, 32, 5)))), "leaves its image of 30 x 20 pixels"),
    "box too high": (lambda kit: kit.add("a", xml(("dog", (1, 1, 5, 21.5)))), "leaves its image"),
    "box beside the image": (lambda kit: kit.add("a", xml(("dog", (31, 1, 31, 5)))), "leaves its image"),
    "NaN box": (
        lambda kit: kit.add("a", xml(("dog", ("nan", 1, 5, 5)))),
        "'nan' for <xmin>, which is not a finite",
    ),
    "word for a number": (lambda kit: kit.add("a", xml(("dog", (1, "one", 5, 5)))), "'one' for <ymin>"),
    "a name that is longer than any file can have": (
        lambda kit: kit.split("c", "a" * 5000, "b"),
        r"a\.jpg' is missing",
    ),
    "not a plain name": (lambda kit: kit.split("c", "../a", "b"), "'../a' in a split"),
}


@pytest.mark.parametrize(("spoil", "message"), BAD.values(), ids=BAD.keys())
class TestBadImages:
    def test_is_named(self, kit, spoil, message):
        spoil(kit)
        with pytest.raises(LabError, match=message) as error:
            read_split(kit.root, "test")
        assert "more problem" not in str(error.value)
        assert "--skip-bad" in str(error.value)
        assert "\n" not in str(error.value)

    def test_is_skipped_and_counted(self, kit, spoil, message):
        spoil(kit)
        split = read_split(kit.root, "test", skip_bad=True)
        assert [s.id for s in split.samples] == ["c", "b"]
        assert len(split.skipped) == 1
        assert split.skipped[0].endswith(".")


class TestSeveralProblems:
    def test_the_first_is_named_and_the_others_counted(self, kit):
        kit.image("a").unlink()
        kit.annotation("b").unlink()
        kit.split("c", "a", "b", "c")
        with pytest.raises(LabError, match=r"a\.jpg' is missing \(and there are 2 more problems\): .* --skip-bad\."):
            read_split(kit.root, "test")

    def test_beyond_the_limit_nothing_is_looked_at(self, kit):
        kit.image("b").unlink()
        assert len(read_split(kit.root, "test", limit=2).samples) == 2

    def test_a_name_listed_twice_is_kept_once(self, kit):
        kit.split("a", "b", "a")
        with pytest.raises(LabError, match=r"test\.txt' names 'a' twice"):
            read_split(kit.root, "test")
        split = read_split(kit.root, "test", skip_bad=True)
        assert [s.id for s in split.samples] == ["a", "b"]
        assert len(split.skipped) == 1

    def test_nothing_left(self, kit):
        for name in "abc":
            kit.image(name).unlink()
        with pytest.raises(LabError, match=r"Nothing is left of the split 'test'.*c\.jpg' is missing\."):
            read_split(kit.root, "test", skip_bad=True)


REPAIRED = {
    "no size": ("<annotation/>", SIZE_MISSING, None),
    "a size of 0": (xml(DOG, size=(0, 0)), SIZE_MISSING, DOG[1]),
    "words for a size": (xml(DOG, size=("wide", 20)), SIZE_MISSING, DOG[1]),
    "another size": (xml(DOG, size=(31, 20)), SIZE_WRONG, DOG[1]),
    "swapped sides": (xml(DOG, size=(20, 30)), SIZE_WRONG, DOG[1]),
    "a size that the boxes exceed": (xml(DOG, size=(15, 10)), SIZE_WRONG, DOG[1]),
    "from 0": (xml(("dog", (0, 1, 5, 5))), FROM_ZERO, (1, 1, 5, 5)),
    "too wide": (xml(("dog", (1, 1, 31, 5))), OVER_THE_EDGE, (1, 1, 30, 5)),
    "too high": (xml(("dog", (1, 1, 5, 20.5))), OVER_THE_EDGE, (1, 1, 5, 20)),
    "swapped corners": (xml(("dog", (9, 8, 5, 7))), SWAPPED, (5, 7, 9, 8)),
}


@pytest.mark.parametrize(("text", "what", "box"), REPAIRED.values(), ids=REPAIRED.keys())
class TestRepaired:
    def test_is_read_and_counted(self, kit, text, what, box):
        kit.add("a", text)
        split = read_split(kit.root, "test")
        assert [o.box for o in split.samples[1].objects] == ([box] if box else [])
        assert split.repairs == {what: 1}
        assert notes_of(split, split) == [f"Repaired: {what}: 2."]


class TestConvention:
    def test_boxes_from_0(self, kit):
        kit.add("a", xml(("dog", (0, 0, 29, 19))))
        split = read_split(kit.root, "test", boxes="zero-based")
        assert [s.boxes("dog") for s in split.samples] == [[(3, 4, 21, 16)], [(1, 1, 30, 20)], [(3, 4, 21, 16)]]
        assert not split.repairs

    @pytest.mark.parametrize("boxes", ["coco", "relative"])
    def test_xml_states_corners(self, kit, boxes):
        with pytest.raises(LabError, match=f"are corners .* never --boxes {boxes}: give voc"):
            read_split(kit.root, "test", boxes=boxes)


class TestUnknownClasses:
    def test_lose_the_object_and_keep_the_image(self, kit):
        kit.add("a", xml(DOG, ("fish", (1, 1, 5, 5)), ("fish", (1, 1, 6, 6))))
        kit.add("b", xml(("emu", (1, 1, 5, 5))))
        split = read_split(kit.root, "test", known={"dog"})
        assert [[o.name for o in s.objects] for s in split.samples] == [["dog"], ["dog"], []]
        assert (split.nameless, split.skipped) == ({"fish": 2, "emu": 1}, ())
        assert nameless_line(split).startswith("3 objects have no name in the network and are left out: fish (2), emu")
        assert nameless_line(read_split(kit.root, "test")) == ""

    def test_every_name_is_known_where_none_are_given(self, kit):
        kit.add("a", xml(("fish", (1, 1, 5, 5))))
        assert read_split(kit.root, "test").samples[1].objects[0].name == "fish"


class TestHash:
    def test_is_the_same_for_the_same_data_elsewhere(self, kit, tmp_path):
        other = Devkit(tmp_path / "copy")
        for name in "cab":
            other.add(name)
        other.split("c", "a", "b")
        assert voc_hash(read_split(other.root, "test")) == voc_hash(read_split(kit.root, "test"))

    @pytest.mark.parametrize("change", ["image", "annotation", "order", "fewer"])
    def test_changes_with_the_data(self, kit, change):
        before = voc_hash(read_split(kit.root, "test"))
        if change == "image":
            with kit.image("a").open("ab") as stream:
                stream.write(b"\0")
        elif change == "annotation":
            kit.add("a", xml(DOG) + "\n")
        elif change == "order":
            kit.split("a", "c", "b")
        else:
            kit.split("c", "a")
        assert voc_hash(read_split(kit.root, "test")) != before

    def test_a_file_that_vanished_is_named(self, kit):
        split = read_split(kit.root, "test")
        kit.image("a").unlink()
        with pytest.raises(LabError, match=r"Cannot read '.*a\.jpg'"):
            voc_hash(split)


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/data is absent")
class TestRealPhotos:
    @pytest.mark.parametrize(
        ("data", "split", "images"),
        [("pets-mini", "test", 345), ("voc2007-mini", "val", 38), ("voc2007-mini", "test", 56)],
    )
    def test_read_without_any_problem(self, data, split, images):
        samples = read_split(SHARED / data, split, known=VOC_GROUPS).samples
        assert len(samples) == images
        assert all(s.image.shape == (s.size[1], s.size[0], 3) for s in samples[::20])

    def test_the_one_image_of_voc_without_objects_is_a_negative_one(self):
        samples = read_split(SHARED / "voc2007-mini", "train", known=VOC_GROUPS).samples
        assert [s.id for s in samples if not s.objects] == ["000733"]
        assert len(samples) == 29
