"""The official data sets, end to end from a server on this machine: fetched, checked, unpacked, opened and read."""

import hashlib
import tarfile
import threading
from contextlib import contextmanager

import pytest

from gradcam_lab.data.cache import VARIABLE
from gradcam_lab.data.download import official, transfer
from gradcam_lab.data.download.lock import alone
from gradcam_lab.data.download.official import NAMES, fetch
from gradcam_lab.data.registry import BoxData, LabelData, data_root, open_data
from gradcam_lab.errors import LabError
from gradcam_lab.vision import torchvision
from tests import folders
from tests.webserver import serving

datasets = torchvision().datasets
IMAGENETTE = {"train": {"n01440764": 3, "n02102040": 2}, "val": {"n01440764": 1, "n02102040": 1}}


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """The archives' contents by name; each is made once."""
    place = tmp_path_factory.mktemp("archives")
    folders.voc(place / "1" / "VOCdevkit" / "VOC2007", ("train", "val"))
    folders.voc(place / "2" / "VOCdevkit" / "VOC2007", ("test",))
    folders.imagenette(place / "3" / "imagenette2-160", IMAGENETTE)
    folders.pets(place / "4")
    return {
        "VOCtrainval_06-Nov-2007.tar": packed(place / "1", "w"),
        "VOCtest_06-Nov-2007.tar": packed(place / "2", "w"),
        "imagenette2-160.tgz": packed(place / "3", "w:gz"),
        "images.tar.gz": packed(place / "4", "w:gz", "images"),
        "annotations.tar.gz": packed(place / "4", "w:gz", "annotations"),
    }


def packed(folder, mode, *names):
    path = folder.with_suffix(".archive")
    with tarfile.open(path, mode) as archive:
        for name in names or [p.name for p in folder.iterdir()]:
            archive.add(folder / name, name)
    return path.read_bytes()


def md5(content):
    return hashlib.md5(content).hexdigest()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "mein Käse"))
    return tmp_path / "mein Käse" / "datasets"


@pytest.fixture
def web(archives, cache, monkeypatch):
    """torchvision's tables, pointing to this machine."""
    monkeypatch.setattr(transfer, "PAUSES", (0.0,))
    with serving() as web:
        urls = {name: web.add(name, content) for name, content in archives.items()}
        sums = {name: md5(content) for name, content in archives.items()}
        table = datasets.voc.DATASET_YEAR_DICT
        for key, name in (("2007", "VOCtrainval_06-Nov-2007.tar"), ("2007-test", "VOCtest_06-Nov-2007.tar")):
            assert table[key]["filename"] == name
            monkeypatch.setitem(table, key, {**table[key], "url": urls[name], "md5": sums[name]})
        assert datasets.Imagenette._ARCHIVES["160px"][0].endswith("/imagenette2-160.tgz")
        pair = (urls["imagenette2-160.tgz"], sums["imagenette2-160.tgz"])
        monkeypatch.setitem(datasets.Imagenette._ARCHIVES, "160px", pair)
        assert [url.rsplit("/")[-1] for url, _ in datasets.OxfordIIITPet._RESOURCES] == [
            "images.tar.gz",
            "annotations.tar.gz",
        ]
        pairs = tuple((urls[name], sums[name]) for name in ("images.tar.gz", "annotations.tar.gz"))
        monkeypatch.setattr(datasets.OxfordIIITPet, "_RESOURCES", pairs)
        yield web


@pytest.mark.parametrize("name", NAMES)
def test_the_tables_of_torchvision_have_what_is_needed(name):
    described = official.describe(name)
    for archive in described.archives:
        assert archive.url.startswith("https://")
        assert archive.url.endswith(archive.name)
        assert len(archive.md5) == 32
    assert len(described.archives) == (1 if name.startswith("imagenette") else 2)


class TestOpenedByTorchvision:
    def test_voc(self, web, cache):
        root = fetch("voc2007")
        assert root == cache / "voc2007" / "VOCdevkit" / "VOC2007"
        for split, ids in folders.LISTS.items():
            found = datasets.VOCDetection(root.parents[1], "2007", split, download=False)
            assert [target["annotation"]["object"][0]["name"] for _, target in found] == ["dog"] * len(ids)
        assert fetch("voc2007-segmentation") == root
        masks = datasets.VOCSegmentation(root.parents[1], "2007", "test", download=False)
        assert [mask.size for _, mask in masks] == [(30, 20)] * 2
        assert len(web.asked) == 2

    def test_imagenette(self, web):
        root = fetch("imagenette")
        assert root == fetch("imagenette-160px")
        found = datasets.Imagenette(root.parent, "train", "160px", download=False)
        assert [label for _, label in found] == [0, 0, 0, 1, 1]
        assert len(web.asked) == 1

    def test_pets(self, web):
        root = fetch("pets")
        found = datasets.OxfordIIITPet(root.parent, "trainval", ["binary-category", "segmentation"], download=False)
        assert [label for _, (label, _) in found] == [0] * 5 + [1] * 5
        assert found.classes == ["Abyssinian", "English Setter"]
        assert found[0][1][1].size == (30, 20)


class TestFetch:
    def test_a_set_that_is_there_is_neither_asked_for_nor_hashed(self, web, monkeypatch):
        fetch("voc2007")
        monkeypatch.setattr(official, "alone", None)
        monkeypatch.setattr(official, "md5_of", None)
        monkeypatch.setattr(official, "unpack", None)
        web.files.clear()
        fetch("voc2007")
        assert len(web.asked) == 2

    def test_the_archives_may_be_removed(self, web, cache):
        fetch("pets")
        for path in (cache / "downloads").iterdir():
            path.unlink()
        fetch("pets")
        assert len(web.asked) == 2

    def test_the_folder_is_made_again_from_the_archives_where_a_part_is_gone(self, web, cache):
        root = fetch("voc2007")
        (root / "ImageSets" / "Main" / "val.txt").unlink()
        assert fetch("voc2007") == root
        assert (root / "ImageSets" / "Main" / "val.txt").is_file()
        assert len(web.asked) == 2

    @pytest.mark.parametrize("stamp", ["", '{"archives": {"imagenette2-160.tgz": "0"}}', None])
    def test_without_the_right_stamp_it_is_made_again(self, web, cache, stamp):
        root = fetch("imagenette")
        path = cache / "imagenette-160px.json"
        path.unlink() if stamp is None else path.write_text(stamp)
        (root / "half").write_text("of an older version")
        fetch("imagenette")
        assert not (root / "half").exists()
        assert path.is_file()

    def test_a_command_that_was_killed_leaves_nothing_for_good(self, web, cache):
        for left in (".imagenette-160px-1-aa", ".imagenette-160px-1-aa-old"):
            (cache / left / "train").mkdir(parents=True)
        fetch("imagenette")
        assert sorted(p.name for p in cache.iterdir()) == [
            "downloads",
            "imagenette-160px",
            "imagenette-160px.json",
            "imagenette-160px.lock",
        ]

    def test_a_download_that_broke_off_is_gone_on_with(self, web, archives):
        whole = len(archives["VOCtest_06-Nov-2007.tar"])
        web.cuts = [None, 5000, 0, 0]
        with pytest.raises(LabError, match=r"put VOCtest_06-Nov-2007\.tar from"):
            fetch("voc2007")
        before = web.served
        fetch("voc2007")
        assert web.asked[-1] == ("/VOCtest_06-Nov-2007.tar", "bytes=5000-")
        assert web.served - before == whole - 5000

    def test_nothing_is_printed_where_json_may_be(self, web, capsys):
        fetch("imagenette")
        out, err = capsys.readouterr()
        assert out == ""
        assert "Downloading imagenette2-160.tgz from http://127.0.0.1" in err

    def test_an_archive_that_holds_something_else(self, web, archives, monkeypatch):
        name = "imagenette2-160.tgz"
        content = archives["images.tar.gz"]
        monkeypatch.setitem(datasets.Imagenette._ARCHIVES, "160px", (web.add(name, content), md5(content)))
        with pytest.raises(LabError, match=r"imagenette2-160\.tgz' is not what was expected, it lacks 'train'"):
            fetch("imagenette")

    def test_an_unknown_name(self):
        with pytest.raises(LabError, match=r"no official data set 'coco': choose one of voc2007, "):
            fetch("coco")

    def test_what_another_process_has_fetched_meanwhile_is_taken(self, web, cache, monkeypatch, capsys):
        @contextmanager
        def after_the_other(path, what):
            official._bring(official.describe("imagenette"), cache / "imagenette-160px")
            yield

        monkeypatch.setattr(official, "alone", after_the_other)
        assert (fetch("imagenette") / "train").is_dir()
        assert capsys.readouterr().err.count("Unpacking") == 1

    def test_one_process_at_a_time(self, cache, capsys, monkeypatch):
        monkeypatch.setattr("gradcam_lab.data.download.lock.PAUSE", 0.001)
        cache.mkdir(parents=True)
        order, begun = [], threading.Event()

        def second():
            begun.set()
            with alone(cache / "x.lock", "a set"):
                order.append("second")

        with alone(cache / "x.lock", "a set"):
            thread = threading.Thread(target=second)
            thread.start()
            begun.wait()
            thread.join(0.1)
            order.append("first")
        thread.join()
        assert order == ["first", "second"]
        assert capsys.readouterr().err == "Another process is at work on a set: waiting for it.\n"


class TestOffline:
    def test_one_sentence_says_what_to_bring_from_where_to_where(self, web, cache):
        web.files.clear()
        with pytest.raises(LabError) as error:
            fetch("voc2007")
        text = str(error.value)
        for word in (
            f"VOCtrainval_06-Nov-2007.tar from {web.address}/VOCtrainval_06-Nov-2007.tar and VOCtest_06-Nov-2007.tar",
            f"into the folder '{cache / 'downloads'}'",
            "--data-root",
            "404",
        ):
            assert word in text
        assert "\n" not in text

    def test_what_was_brought_is_used(self, web, cache, archives):
        for name in ("images.tar.gz", "annotations.tar.gz"):
            (cache / "downloads").mkdir(parents=True, exist_ok=True)
            (cache / "downloads" / name).write_bytes(archives[name])
        assert (fetch("pets") / "images" / "Abyssinian_0.jpg").is_file()
        assert web.asked == []

    def test_the_wrong_file_is_named_and_left(self, web, cache, archives):
        path = cache / "downloads" / "imagenette2-160.tgz"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"something else")
        with pytest.raises(LabError) as error:
            fetch("imagenette")
        assert md5(b"something else") in str(error.value)
        assert md5(archives["imagenette2-160.tgz"]) in str(error.value)
        assert path.read_bytes() == b"something else"

    def test_a_cache_that_cannot_be_written(self, web, cache):
        cache.parent.parent.mkdir(exist_ok=True)
        cache.parent.write_text("in the way")
        with pytest.raises(LabError, match=f"Cannot write .*{VARIABLE}"):
            fetch("imagenette")


class TestOwnFolder:
    @pytest.mark.parametrize("inside", ["", "VOC2007", "VOCdevkit/VOC2007"])
    def test_is_found_as_it_is_and_nothing_is_written(self, web, cache, tmp_path, inside):
        root = tmp_path / "mine"
        folders.voc(root / inside, ("train", "val", "test"))
        before = sorted(root.rglob("*"))
        assert fetch("voc2007", root) == root / inside
        assert sorted(root.rglob("*")) == before
        assert not cache.exists()
        assert web.asked == []

    def test_other_sets(self, web, tmp_path):
        folders.pets(tmp_path / "oxford-iiit-pet")
        folders.imagenette(tmp_path / "imagenette2-160", IMAGENETTE)
        assert fetch("pets", tmp_path) == tmp_path / "oxford-iiit-pet"
        assert fetch("imagenette", tmp_path) == tmp_path / "imagenette2-160"
        assert fetch("imagenette", tmp_path / "imagenette2-160") == tmp_path / "imagenette2-160"

    @pytest.mark.parametrize(
        ("splits", "part", "archive"),
        [(("test",), "train.txt", "VOCtrainval"), (("train", "val"), "test.txt", "VOCtest")],
    )
    def test_one_archive_of_the_two_is_not_enough(self, web, tmp_path, splits, part, archive):
        folders.voc(tmp_path / "VOCdevkit" / "VOC2007", splits)
        with pytest.raises(
            LabError, match=f"VOC2007' is not the whole of voc2007, it lacks .*{part}': unpack {archive}"
        ):
            fetch("voc2007", tmp_path)

    def test_there_is_none(self, web, tmp_path):
        with pytest.raises(LabError, match=r"no folder '.*nowhere': check the name given to --data-root"):
            fetch("pets", tmp_path / "nowhere")


class TestOpenData:
    def test_voc(self, web):
        data = open_data("voc2007")
        assert isinstance(data, BoxData)
        assert data.kind == "boxes"
        assert data_root("voc2007") == data.root
        test = data.read("test", known=["dog"], limit=1)
        assert [s.id for s in test.samples] == ["000003"]
        assert test.samples[0].boxes("dog") == [(2, 3, 20, 15)]
        assert len(data.sha256(test)) == 64

    def test_the_images_that_have_masks(self, web, tmp_path):
        root = tmp_path / "mine"
        folders.voc(root, ("train", "val", "test"))
        folders.write(root / "ImageSets" / "Segmentation" / "test.txt", "000004\n")
        some, every = (open_data(name, root) for name in ("voc2007-segmentation", "voc2007"))
        assert isinstance(some, BoxData)
        assert isinstance(every, BoxData)
        assert [s.id for s in some.read("test").samples] == ["000004"]
        assert [s.id for s in every.read("test").samples] == ["000003", "000004"]

    def test_imagenette(self, web):
        data = open_data("imagenette")
        assert isinstance(data, LabelData)
        assert data.kind == "labels"
        train = data.read("train")
        assert train.classes == ("tench", "English springer")
        assert train.labels == (0, 0, 0, 1, 1)
        assert len(data.sha256(train)) == 64

    def test_pets(self, web):
        data = open_data("pets")
        assert isinstance(data, BoxData)
        test = data.read("test")
        assert [o.name for s in test.samples for o in s.objects] == ["cat", "dog"]
        assert len(data.sha256(test)) == 64

    def test_folders_are_told_by_their_layout(self, tmp_path):
        folders.voc(tmp_path / "a" / "VOC2007", ("val",))
        folders.imagenette(tmp_path / "b", {"train": {"x": 1}})
        folders.pets(tmp_path / "c")
        voc, labelled, pets = (open_data(str(tmp_path / name)) for name in "abc")
        assert [data.kind for data in (voc, labelled, pets)] == ["boxes", "labels", "boxes"]
        assert voc.root == tmp_path / "a" / "VOC2007"
        assert isinstance(pets, BoxData)
        assert len(pets.read("test").samples) == 2

    def test_a_folder_of_voc_stays_one_whatever_else_is_in_it(self, tmp_path):
        folders.voc(tmp_path, ("val",))
        folders.imagenette(tmp_path, {"train": {"x": 1}})
        assert open_data(str(tmp_path)).kind == "boxes"

    def test_a_folder_in_no_layout(self, tmp_path):
        with pytest.raises(LabError, match="is not in the VOC layout, it lacks JPEGImages"):
            data_root(str(tmp_path))

    def test_toyvoc_of_the_users(self, tmp_path, cache):
        folders.voc(tmp_path / "toy", ("val",))
        assert data_root("toyvoc", tmp_path / "toy") == tmp_path / "toy"
        assert not cache.exists()

    def test_a_folder_needs_no_second_one(self, tmp_path):
        with pytest.raises(LabError, match="--data-root goes with a name only"):
            open_data(str(tmp_path), tmp_path)
