"""The reader of Imagenette's folders: what it yields, and that everything bad is named."""

import shutil

import pytest
from PIL import Image

from gradcam_lab.data.layouts.imagenette import find_root, labels_hash, read_folder
from gradcam_lab.data.layouts.split import OtherLayoutError
from gradcam_lab.errors import LabError
from tests import folders

COUNTS = {"train": {"n02102040": 4, "n01440764": 6, "my own": 3}, "val": {"n01440764": 2, "my own": 1}}


@pytest.fixture
def root(tmp_path):
    folders.imagenette(tmp_path / "Käse 2", COUNTS)
    return tmp_path / "Käse 2"


class TestImagenette:
    def test_classes_are_the_sorted_folders_under_their_english_names(self, root):
        train = read_folder(root, "train")
        assert train.classes == ("my own", "tench", "English springer")
        assert train.labels == (0,) * 3 + (1,) * 6 + (2,) * 4
        assert (train.name, train.root, train.skipped) == ("train", root, ())

    def test_samples(self, root):
        sample = read_folder(root, "train").samples[0]
        assert sample.id == "my own/my own_0"
        assert sample.path == root / "train" / "my own" / "my own_0.JPEG"
        assert sample.size == (30, 20)
        assert sample.image.shape == (20, 30, 3)
        assert sample.objects == ()

    def test_ids_are_unique_and_in_order(self, root):
        ids = [s.id for s in read_folder(root, "train").samples]
        assert ids == sorted(set(ids))

    def test_val_has_the_labels_of_train_also_where_a_class_has_no_image(self, root):
        val = read_folder(root, "val")
        assert val.classes == read_folder(root, "train").classes
        assert val.labels == (0, 1, 1)

    def test_a_folder_val_is_taken_as_it_is(self, root):
        assert read_folder(root, "val", val_size=0.5) == read_folder(root, "val")
        assert read_folder(root, "train", val_size=0.5) == read_folder(root, "train")

    def test_other_numbers_and_other_files_stay_as_they_are(self, root):
        folders.draw(root / "train" / "n99999999" / "a.PNG")
        for name in (".DS_Store", "._a.jpg", "labels.csv", "b.heic", "c.HEIC"):
            folders.write(root / "train" / "n99999999" / name, "no image")
        (root / "train" / ".ipynb_checkpoints").mkdir()
        folders.write(root / "train" / "noise.csv", "no image")
        train = read_folder(root, "train")
        assert train.classes[-1] == "n99999999"
        assert train.samples[-1].id == "n99999999/a"
        assert len(train.samples) == 14
        found = f"Not read in the class folders of '{root / 'train'}', as no images: 3 of 17 (2 .heic, 1 .csv)."
        assert train.notes == (found,)
        assert read_folder(root, "val").notes == ()

    @pytest.mark.parametrize("ending", [".webp", ".bmp", ".tif", ".TIFF", ".gif", ".png"])
    def test_any_format(self, root, ending):
        Image.new("RGB", (30, 20), "red").save(root / "train" / "my own" / f"z{ending}")
        train = read_folder(root, "train")
        sample = train.samples[3]
        assert (sample.id, sample.image.shape, train.notes) == ("my own/z", (20, 30, 3), ())
        assert sample.image[5, 5, 0] > 250

    def test_classes_without_train(self, root):
        plain, inside = (read_folder(path, "train") for path in (root / "train", root))
        assert (plain.root, plain.classes, plain.labels) == (root / "train", inside.classes, inside.labels)
        assert plain.samples == inside.samples
        parts = [read_folder(root / "train", name, val_size=0.3, seed=1).samples for name in ("train", "val")]
        assert sorted(s.id for part in parts for s in part) == [s.id for s in plain.samples]
        assert all(parts)

    @pytest.mark.parametrize("name", ["valid", "validation"])
    def test_val_by_another_name(self, root, name):
        expected = [s.id for s in read_folder(root, "val").samples]
        (root / "val").rename(root / name)
        assert [s.id for s in read_folder(root, "val", val_size=0.5).samples] == expected

    @pytest.mark.parametrize("name", ["images", "Annotations"])
    def test_folders_of_other_layouts_are_no_classes(self, tmp_path, name):
        for folder in ("dog", name):
            folders.draw(tmp_path / folder / "a.jpg")
        with pytest.raises(OtherLayoutError):
            find_root(tmp_path)

    @pytest.mark.parametrize("name", ["imagenette2", "imagenette2-160"])
    def test_found_inside(self, root, tmp_path, name):
        root.rename(tmp_path / name)
        assert read_folder(tmp_path, "val").root == tmp_path / name

    def test_two_inside(self, root, tmp_path):
        for name in ("imagenette2", "imagenette2-160"):
            shutil.copytree(root, tmp_path / name)
        with pytest.raises(LabError, match=r"several data sets \('.*imagenette2', '.*imagenette2-160'\)"):
            read_folder(tmp_path, "val")


class TestNumberOfVal:
    """`val_size` from 1 on, where there is a folder `val`."""

    def test_so_many_images_of_val_spread_over_the_classes_and_train_stays(self, root):
        folders.imagenette(root, {"val": dict.fromkeys(("n01440764", "n02102040"), 8)})
        whole, some = read_folder(root, "val"), read_folder(root, "val", val_size=4, seed=3)
        assert (len(whole.samples), sorted(some.labels.count(label) for label in range(3))) == (17, [0, 2, 2])
        assert set(some.samples) < set(whole.samples)
        assert read_folder(root, "val", val_size=4, seed=3) == some
        assert any(read_folder(root, "val", val_size=4, seed=seed).samples != some.samples for seed in (4, 5, 6))
        assert read_folder(root, "train", val_size=4) == read_folder(root, "train")
        assert read_folder(root, "val", val_size=len(whole.samples)).samples == whole.samples

    def test_more_than_there_are(self, root):
        with pytest.raises(LabError, match=r"size of val is 1000, but there are \d+ images: give val_size"):
            read_folder(root, "val", val_size=1000)


class TestSplitOff:
    @pytest.fixture
    def root(self, root):
        shutil.rmtree(root / "val")
        folders.imagenette(root, {"train": {"my own": 10}})
        return root

    def test_train_and_val_share_all_images_and_each_class(self, root):
        train, val = (read_folder(root, name, val_size=0.3, seed=1) for name in ("train", "val"))
        both = [s.id for s in train.samples + val.samples]
        assert sorted(both) == [s.id for s in read_folder(root, "train").samples]
        assert all(ids == sorted(ids) for ids in ([s.id for s in split.samples] for split in (train, val)))
        assert [val.labels.count(label) for label in range(3)] == [3, 2, 1]
        assert val.classes == train.classes

    def test_the_seed_decides(self, root):
        first, again, other = (read_folder(root, "val", val_size=0.3, seed=seed).samples for seed in (1, 1, 2))
        assert first == again
        assert first != other

    def test_a_number_of_images_is_taken_exactly(self, root):
        train, val = (read_folder(root, name, val_size=7, seed=1) for name in ("train", "val"))
        assert (len(train.samples), len(val.samples)) == (len(read_folder(root, "train").samples) - 7, 7)
        assert not {s.id for s in train.samples} & {s.id for s in val.samples}
        assert read_folder(root, "val", val_size=7, seed=2).samples != val.samples
        with pytest.raises(
            LabError, match=r"size of val is 99, and there are \d+ images of 3 classes.*smaller val_size"
        ):
            read_folder(root, "val", val_size=99)

    def test_a_bad_image_does_not_move_the_others(self, root):
        val = read_folder(root, "val", val_size=0.3)
        val.samples[0].path.write_bytes(b"")
        assert read_folder(root, "val", val_size=0.3, skip_bad=True).samples == val.samples[1:]

    def test_the_share_must_be_said(self, root):
        with pytest.raises(LabError, match="no folder 'val': say with --val-size"):
            read_folder(root, "val")

    @pytest.mark.parametrize("share", [0.0, 1.5, -0.1, float("inf"), float("nan")])
    def test_a_share_that_is_none(self, root, share):
        with pytest.raises(LabError, match="val_size must be a share between 0 and 1, or a number of images"):
            read_folder(root, "val", val_size=share)


class TestBadImagenette:
    @pytest.mark.parametrize(
        ("spoil", "message"),
        [
            (lambda path: path.write_bytes(b""), "is broken"),
            (lambda path: path.write_bytes(path.read_bytes()[:-20]), "is broken, truncated"),
            (lambda path: shutil.copy(path, path.with_suffix(".jpg")), "has the same name as another image"),
        ],
    )
    def test_is_named_or_skipped(self, root, spoil, message):
        whole = read_folder(root, "train")
        spoil(whole.samples[4].path)
        with pytest.raises(LabError, match=rf"n01440764_1\.\w+' {message}.*--skip-bad") as error:
            read_folder(root, "train")
        assert "\n" not in str(error.value)
        train = read_folder(root, "train", skip_bad=True)
        assert len(train.skipped) == 1
        assert len(train.samples) == len(train.labels) == (13 if "same name" in message else 12)
        assert train.labels.count(2) == 4

    def test_nothing_left(self, root):
        for path in root.rglob("val/*/*"):
            path.write_bytes(b"")
        with pytest.raises(LabError, match="Nothing is left of the split 'val'"):
            read_folder(root, "val", skip_bad=True)

    def test_an_empty_class(self, root):
        (root / "train" / "empty").mkdir()
        with pytest.raises(LabError, match=r"empty' has no images"):
            read_folder(root, "train")

    def test_a_class_of_val_alone(self, root):
        (root / "val" / "new").mkdir()
        with pytest.raises(LabError, match=r"new' is a class that 'train' does not have"):
            read_folder(root, "val")

    def test_no_classes(self, root):
        shutil.rmtree(root / "train")
        (root / "train").mkdir()
        with pytest.raises(LabError, match=r"train' has no folders"):
            read_folder(root, "train")

    def test_another_layout(self, tmp_path):
        with pytest.raises(LabError, match="holds no folder of images for each class"):
            read_folder(tmp_path, "train")
        with pytest.raises(LabError, match="no data folder"):
            find_root(tmp_path / "nowhere")


class TestLabelsHash:
    def test_is_the_same_elsewhere(self, root, tmp_path):
        shutil.copytree(root, tmp_path / "copy")
        assert labels_hash(read_folder(root, "val")) == labels_hash(read_folder(tmp_path / "copy", "val"))

    @pytest.mark.parametrize("change", ["image", "class", "fewer"])
    def test_changes_with_the_data(self, root, change):
        before = labels_hash(read_folder(root, "val"))
        path = root / "val" / "my own" / "my own_0.JPEG"
        if change == "image":
            folders.draw(path, 99)
        elif change == "class":
            for split in ("train", "val"):
                (root / split / "my own").rename(root / split / "my other")
        else:
            path.unlink()
        assert labels_hash(read_folder(root, "val")) != before

    def test_a_file_that_vanished_is_named(self, root):
        val = read_folder(root, "val")
        val.samples[0].path.unlink()
        with pytest.raises(LabError, match=r"Cannot read '.*my own_0\.JPEG'"):
            labels_hash(val)
