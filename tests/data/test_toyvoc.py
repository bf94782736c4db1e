"""ToyVOC: the folder is whole and true, or not there."""

import hashlib
import json
from pathlib import Path

import cv2
import defusedxml.ElementTree
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gradcam_lab import processes
from gradcam_lab.console import on_heartbeat
from gradcam_lab.data import cache
from gradcam_lab.data.sample import read_image
from gradcam_lab.data.toyvoc import CLASSES, VERSION, build, draw, draw_one, toyvoc
from gradcam_lab.data.toyvoc.scene import Scene, scene
from gradcam_lab.data.toyvoc.write import find_damage
from gradcam_lab.data.voc_classes import VOC_CLASSES, VOID, voc_palette
from gradcam_lab.errors import LabError
from gradcam_lab.files import read_json
from tests.interrupts import interrupted_at_beat

COUNTS = {"train": 12, "val": 4, "test": 5}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "toyvoc"
    build(folder, counts=COUNTS)
    return folder


def ids(root: Path, split: str, kind: str = "Main") -> list[str]:
    return (root / "ImageSets" / kind / f"{split}.txt").read_text(encoding="utf-8").split()


def annotation(root: Path, name: str):
    return defusedxml.ElementTree.parse(root / "Annotations" / f"{name}.xml").getroot()


def box_of(node) -> tuple[int, ...]:
    return tuple(int(node.findtext(f"bndbox/{side}")) for side in ("xmin", "ymin", "xmax", "ymax"))


def tight_box(mask: np.ndarray) -> tuple[int, ...]:
    rows, columns = np.nonzero(mask)
    return (columns.min() + 1, rows.min() + 1, columns.max() + 1, rows.max() + 1)


def bytes_of(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def dataset_hash(root: Path) -> str:
    return read_json(root / "manifest.json")["sha256"]


# ----------------------------------------------------------------------------------------------- the folder


def test_the_splits_are_disjoint_and_name_every_image(root: Path):
    lists = {split: ids(root, split) for split in COUNTS}
    assert {split: len(names) for split, names in lists.items()} == COUNTS
    everything = [name for names in lists.values() for name in names]
    assert everything == [f"{i:06d}" for i in range(1, 22)]
    for folder, suffix in (("JPEGImages", "jpg"), ("Annotations", "xml"), ("SegmentationClass", "png")):
        assert sorted(p.name for p in (root / folder).iterdir()) == [f"{name}.{suffix}" for name in everything]
    assert all(ids(root, split, "Segmentation") == names for split, names in lists.items())


def test_image_annotation_and_masks_have_one_size(root: Path):
    shapes = set()
    for split in COUNTS:
        for name in ids(root, split):
            size = annotation(root, name).find("size")
            shape = (int(size.findtext("height")), int(size.findtext("width")), int(size.findtext("depth")))
            assert read_image(root / "JPEGImages" / f"{name}.jpg").shape == shape
            with Image.open(root / "SegmentationClass" / f"{name}.png") as picture:
                assert (picture.height, picture.width) == shape[:2]
            shapes.add(shape)
    assert any(h != w for h, w, _ in shapes)
    assert len(shapes) > 3


def test_the_masks_are_palette_pictures_that_agree_with_the_boxes(root: Path):
    lonely = 0
    for split in COUNTS:
        for name in ids(root, split):
            with Image.open(root / "SegmentationClass" / f"{name}.png") as picture:
                assert picture.mode == "P"
                assert picture.getpalette() == voc_palette().ravel().tolist()
                classes = np.asarray(picture)
            objects = annotation(root, name).findall("object")
            expected = {VOC_CLASSES.index(o.findtext("name")) + 1 for o in objects}
            assert set(np.unique(classes)) - {0, VOID} <= expected
            boxes = np.array([box_of(o) for o in objects])
            union = [*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0)]
            assert np.abs(np.subtract(tight_box(classes > 0), union)).max() <= 1  # the rim reaches one pixel out
            if len(objects) == 1:
                lonely += 1
                assert np.abs(np.subtract(tight_box((classes > 0) & (classes != VOID)), boxes[0])).max() <= 12
    assert lonely


def test_the_lists_of_each_class_agree_with_the_annotations(root: Path):
    seen = set()
    for split in COUNTS:
        for klass in CLASSES:
            lines = (root / "ImageSets" / "Main" / f"{klass}_{split}.txt").read_text(encoding="utf-8").splitlines()
            assert [line.split()[0] for line in lines] == ids(root, split)
            for line in lines:
                name, presence = line.split()
                flags = [o.findtext("difficult") for o in annotation(root, name) if o.findtext("name") == klass]
                assert int(presence) == (-1 if not flags else 1 if "0" in flags else 0)
                assert line == f"{name} {int(presence):2d}"
                seen.add(int(presence))
    assert {1, -1} <= seen


def test_a_class_that_is_only_difficult_is_0(tmp_path: Path):
    build(tmp_path / "one", counts={"test": 1}, seed=4)  # a dog, and a bird that is difficult
    objects = annotation(tmp_path / "one", "000001").findall("object")
    assert {o.findtext("name"): o.findtext("difficult") for o in objects} == {"dog": "0", "bird": "1"}
    lists = {name: tmp_path / "one" / "ImageSets" / "Main" / f"{name}_test.txt" for name in CLASSES}
    presences = {name: int(path.read_text(encoding="utf-8").split()[1]) for name, path in lists.items()}
    assert presences == {**dict.fromkeys(CLASSES, -1), "dog": 1, "bird": 0}


# ----------------------------------------------------------------------------------------------- made from a seed


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(root: Path, tmp_path: Path):
    build(tmp_path / "again", counts=COUNTS)
    assert bytes_of(tmp_path / "again") == bytes_of(root)
    build(tmp_path / "other", counts=COUNTS, seed=1)
    assert dataset_hash(tmp_path / "other") != dataset_hash(root)


def test_an_image_depends_on_its_own_place_only(root: Path, tmp_path: Path):
    build(tmp_path / "fewer", counts={"train": 3, "val": 4, "test": 0})
    assert bytes_of(tmp_path / "fewer")["JPEGImages/000003.jpg"] == bytes_of(root)["JPEGImages/000003.jpg"]
    assert bytes_of(tmp_path / "fewer")["JPEGImages/000004.jpg"] == bytes_of(root)["JPEGImages/000013.jpg"]


def test_workers_write_what_one_process_writes(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr(processes, "BrokenProcessPool", ZeroDivisionError)  # a pool that breaks must not go unnoticed
    build(tmp_path / "parallel", counts=COUNTS)
    assert dataset_hash(tmp_path / "parallel") == dataset_hash(root)


def test_an_interrupted_build_leaves_nothing(tmp_path: Path):
    with interrupted_at_beat(1), pytest.raises(KeyboardInterrupt):
        build(tmp_path / "toyvoc", counts=COUNTS)
    assert list(tmp_path.iterdir()) == []


def test_who_comes_second_uses_the_folder_of_the_first(tmp_path: Path):
    target = tmp_path / "toyvoc"

    def overtake() -> None:
        on_heartbeat(None)
        build(target, counts=COUNTS)
        (target / "first").touch()

    on_heartbeat(overtake)
    build(target, counts=COUNTS)
    assert [p.name for p in tmp_path.iterdir()] == ["toyvoc"]
    assert (target / "first").exists()
    assert find_damage(target, counts=COUNTS) is None


def test_an_existing_folder_is_not_overwritten(root: Path):
    before = dataset_hash(root)
    with pytest.raises(LabError, match="exists already"):
        build(root, counts=COUNTS, seed=5)
    assert dataset_hash(root) == before


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(LabError, match="Cannot write the data set"):
        build(tmp_path / "file" / "toyvoc", counts=COUNTS)


# ----------------------------------------------------------------------------------------------- checked on use


def test_the_manifest_tells_the_hash_of_every_file(root: Path):
    manifest = json.loads((root / "manifest.json").read_text(encoding="utf-8"))
    files = {name: hashlib.sha256(content).hexdigest() for name, content in bytes_of(root).items()}
    del files["manifest.json"]
    assert manifest["files"] == files
    assert (manifest["version"], manifest["seed"], manifest["counts"]) == (VERSION, 2007, COUNTS)


def damage_nothing(root: Path) -> None:
    (root / "notes.txt").write_text("my own", encoding="utf-8")


def change_an_image(root: Path) -> None:
    path = root / "JPEGImages" / "000002.jpg"
    path.write_bytes(path.read_bytes() + b"\0")


def remove_an_annotation(root: Path) -> None:
    (root / "Annotations" / "000001.xml").unlink()


def break_the_manifest(root: Path) -> None:
    (root / "manifest.json").write_text("{", encoding="utf-8")


def forge_the_manifest(root: Path) -> None:
    manifest = json.loads((root / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"] = {}
    (root / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def remove_the_manifest(root: Path) -> None:
    (root / "manifest.json").unlink()


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        (damage_nothing, None),
        (change_an_image, "JPEGImages/000002.jpg has changed"),
        (remove_an_annotation, "Annotations/000001.xml is missing"),
        (break_the_manifest, "cannot be read"),
        (forge_the_manifest, "manifest.json is not what was written"),
        (remove_the_manifest, "cannot be read"),
    ],
)
def test_a_damaged_set_is_kept_aside_and_made_again(tmp_path: Path, capsys, harm, complaint):
    counts = {"train": 2}
    root = tmp_path / f"toyvoc-{VERSION}"
    toyvoc(tmp_path, counts=counts)
    assert capsys.readouterr().err == ""
    whole = dataset_hash(root)
    harm(root)
    toyvoc(tmp_path, counts=counts)
    said = capsys.readouterr().err
    assert (root / "notes.txt").exists() == (complaint is None)
    assert dataset_hash(root) == whole
    assert find_damage(root, counts=counts) is None
    assert sorted(p.name for p in tmp_path.iterdir()) == (
        ["toyvoc-1"] if complaint is None else ["toyvoc-1", "toyvoc-1-damaged-1"]
    )
    assert said.count("\n") == (complaint is not None)
    assert (complaint or "") in said


def test_a_set_of_other_counts_or_seed_does_not_pass_for_this_one(root: Path):
    assert find_damage(root, counts=COUNTS) is None
    assert find_damage(root, counts={**COUNTS, "train": 13}) is not None
    assert find_damage(root, counts=COUNTS, seed=3) is not None


def test_toyvoc_lives_in_the_cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    root = toyvoc(counts={"train": 1})
    assert root == tmp_path / "cache" / f"toyvoc-{VERSION}"
    assert find_damage(root, counts={"train": 1}) is None


def test_the_cache_folder_is_the_users_own_where_none_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(cache.VARIABLE)
    assert cache.cache_folder().name == "gradcam-lab"


# ----------------------------------------------------------------------------------------------- the scenes


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_every_scene_tells_the_truth_about_itself(seed: int):
    made = scene(np.random.default_rng(seed))
    height, width = made.instances.shape
    assert made.image.shape == (height, width, 3)
    assert made.image.dtype == np.uint8
    assert made.image.std() > 5
    assert 1 <= len(made.objects) <= 4
    assert any(not o.difficult for o in made.objects)
    assert set(np.unique(made.instances)) - {0} == set(range(1, len(made.objects) + 1))
    for number, o in enumerate(made.objects, start=1):
        mask = made.instances == number
        assert o.name in CLASSES
        assert o.box == tight_box(mask)
        assert o.difficult or mask.sum() >= 0.004 * mask.size
        assert o.difficult or min(o.box[2] - o.box[0], o.box[3] - o.box[1]) >= 11


@pytest.fixture(scope="module")
def many() -> list[Scene]:
    return [scene(np.random.default_rng([7, i])) for i in range(250)]


def test_the_mixture_is_worth_teaching_with(many: list[Scene]):
    objects = [o for s in many for o in s.objects]
    assert 0.28 < np.mean([any(o.name == "dog" for o in s.objects) for s in many]) < 0.48
    assert 0.08 < np.mean([o.truncated for o in objects]) < 0.28
    assert 0.005 < np.mean([o.difficult for o in objects]) < 0.08
    assert {len(s.objects) for s in many} == {1, 2, 3, 4}
    heights = [(o.box[3] - o.box[1] + 1) / s.image.shape[0] for s in many for o in s.objects]
    assert min(heights) < 0.15
    assert max(heights) > 0.75
    assert {o.name for o in objects} == set(CLASSES)
    assert {o.pose for o in objects} == {"Left", "Right", "Frontal"}


def test_boats_come_with_water_but_not_always(many: list[Scene]):
    places = [s.place for s in many for o in s.objects if o.name == "boat"]
    assert 0.7 < np.mean([place == "water" for place in places]) < 0.97
    without = [s for s in many if s.place == "water" and all(o.name != "boat" for o in s.objects)]
    assert 0 < len(without) < 0.3 * sum(s.place == "water" for s in many)


def test_dogs_touch_in_some_scenes(many: list[Scene]):
    def touch(made: Scene) -> bool:
        dogs = [made.instances == i + 1 for i, o in enumerate(made.objects) if o.name == "dog"]
        grown = [cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0 for mask in dogs]
        return any((grown[i] & grown[j]).any() for i in range(len(dogs)) for j in range(i))

    assert sum(map(touch, many)) >= 3


# ----------------------------------------------------------------------------------------------- drawing


def test_a_rendered_disc_has_its_place_size_and_colour():
    disc = draw.Part(draw.ellipse(0, 0, 1, 1), (0.2, 0.5, 0.8), None, outlined=False)
    patch = draw.render(np.random.default_rng(0), [disc], draw.Look(roughness=0), x=30, y=40, scale=10)
    area = patch.rgba[..., 3].sum()
    assert area == pytest.approx(np.pi * 10**2, rel=0.12)  # an antialiased fill is up to a pixel fatter
    rows, columns = np.indices(patch.rgba.shape[:2])
    assert (columns * patch.rgba[..., 3]).sum() / area + patch.left + 0.5 == pytest.approx(30, abs=0.6)
    assert (rows * patch.rgba[..., 3]).sum() / area + patch.top + 0.5 == pytest.approx(40, abs=0.6)
    assert patch.rgba[patch.rgba.shape[0] // 2, patch.rgba.shape[1] // 2] == pytest.approx((0.2, 0.5, 0.8, 1), abs=0.01)


def test_a_mirrored_object_is_the_mirror_image():
    nose = draw.Part(draw.ellipse(1, 1, 0.3, 0.3), (1, 0, 0), None, outlined=False)
    right = draw.render(np.random.default_rng(0), [nose], draw.Look(roughness=0), x=50, y=50, scale=20)
    left = draw.render(np.random.default_rng(0), [nose], draw.Look(roughness=0), x=50, y=50, scale=20, mirrored=True)
    assert right.left + right.rgba.shape[1] / 2 == pytest.approx(70, abs=1)
    assert left.left + left.rgba.shape[1] / 2 == pytest.approx(30, abs=1)
    assert right.top + right.rgba.shape[0] / 2 == pytest.approx(30, abs=1)  # y points up


@given(st.integers(-40, 60), st.integers(-40, 60), st.integers(1, 30), st.integers(1, 30))
def test_a_patch_meets_the_image_where_both_are(left: int, top: int, width: int, height: int):
    patch = draw.Patch(np.zeros((height, width, 4), np.float32), left, top)
    area, inside = patch.window(20, 10)
    canvas = np.zeros((10, 20), bool)
    canvas[area] = True
    expected = [(y, x) for y in range(10) for x in range(20) if 0 <= x - left < width and 0 <= y - top < height]
    assert list(zip(*np.nonzero(canvas), strict=True)) == expected
    assert patch.rgba[inside].shape[:2] == canvas[area].shape


@pytest.mark.parametrize("split", COUNTS)
def test_one_image_alone_is_that_of_the_data_set_to_the_bit(root, split):
    name, alone = ids(root, split)[2], draw_one(split, 2)
    np.testing.assert_array_equal(alone.image, read_image(root / "JPEGImages" / f"{name}.jpg"))
    np.testing.assert_array_equal(alone.classes, np.array(Image.open(root / "SegmentationClass" / f"{name}.png")))
    objects = annotation(root, name).findall("object")
    assert [(one.name, one.box) for one in alone.objects] == [(o.findtext("name"), box_of(o)) for o in objects]
    assert alone.size == alone.image.shape[1::-1]


def test_an_image_alone_is_called_as_in_the_whole_data_set():
    assert [draw_one(split, 0).id for split in ("train", "val", "test")] == ["000001", "001601", "001901"]
