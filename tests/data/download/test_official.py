"""The official data sets, end to end from a server on this machine: fetched, checked, unpacked, and opened."""

import hashlib
import threading
import time

import pytest

from gradcam_lab.data.cache import VARIABLE
from gradcam_lab.data.download.lock import alone
from gradcam_lab.data.download.official import DATA_SETS, describe, fetch, fetch_into
from gradcam_lab.errors import LabError
from gradcam_lab.vision import torchvision
from tests import folders
from tests.data.conftest import IMAGENETTE

datasets = torchvision().datasets


def md5(content):
    return hashlib.md5(content).hexdigest()


@pytest.mark.parametrize("name", DATA_SETS)
def test_the_tables_of_torchvision_have_what_is_needed(name):
    described = describe(name)
    for archive in described.archives:
        assert archive.url.startswith("https://")
        assert archive.url.endswith(archive.name)
        assert len(archive.md5) == 32
    assert len(described.archives) == (1 if name.startswith("imagenette") else 2)


class TestOpenedByTorchvision:
    def test_voc(self, mirror, cache):
        root = fetch("voc2007")
        assert root == cache / "voc2007" / "VOCdevkit" / "VOC2007"
        for split, ids in folders.LISTS.items():
            found = datasets.VOCDetection(root.parents[1], "2007", split, download=False)
            assert [target["annotation"]["object"][0]["name"] for _, target in found] == ["dog"] * len(ids)
        assert fetch("voc2007-segmentation") == root
        masks = datasets.VOCSegmentation(root.parents[1], "2007", "test", download=False)
        assert [mask.size for _, mask in masks] == [(30, 20)] * 2
        assert len(mirror.asked) == 2

    def test_imagenette(self, mirror):
        root = fetch("imagenette")
        assert root == fetch("imagenette-160px")
        found = datasets.Imagenette(root.parent, "train", "160px", download=False)
        assert [label for _, label in found] == [0, 0, 0, 1, 1]
        assert len(mirror.asked) == 1

    def test_pets(self, mirror):
        root = fetch("pets")
        found = datasets.OxfordIIITPet(root.parent, "trainval", ["binary-category", "segmentation"], download=False)
        assert [label for _, (label, _) in found] == [0] * 5 + [1] * 5
        assert found.classes == ["Abyssinian", "English Setter"]
        assert found[0][1][1].size == (30, 20)


class TestFetch:
    def test_a_set_that_is_there_is_neither_asked_for_nor_locked_nor_unpacked(self, mirror, cache, capsys):
        root = fetch("voc2007")
        mirror.files.clear()
        capsys.readouterr()
        (cache / "voc2007.lock").unlink()
        (cache / "voc2007.lock").mkdir()  # which nobody can open as a file
        assert fetch("voc2007") == root
        assert len(mirror.asked) == 2
        assert capsys.readouterr().err == ""

    def test_the_archives_may_be_removed(self, mirror, cache):
        fetch("pets")
        for path in (cache / "downloads").iterdir():
            path.unlink()
        fetch("pets")
        assert len(mirror.asked) == 2

    def test_the_folder_is_made_again_from_the_archives_where_a_part_is_gone(self, mirror, cache):
        root = fetch("voc2007")
        (root / "ImageSets" / "Main" / "val.txt").unlink()
        assert fetch("voc2007") == root
        assert (root / "ImageSets" / "Main" / "val.txt").is_file()
        assert len(mirror.asked) == 2

    @pytest.mark.parametrize("stamp", ["", '{"archives": {"imagenette2-160.tgz": "0"}}', None])
    def test_without_the_right_stamp_it_is_made_again(self, mirror, cache, stamp):
        root = fetch("imagenette")
        path = cache / "imagenette-160px.json"
        path.unlink() if stamp is None else path.write_text(stamp)
        (root / "half").write_text("of an older version")
        fetch("imagenette")
        assert not (root / "half").exists()
        assert path.is_file()

    def test_a_command_that_was_killed_leaves_nothing_for_good(self, mirror, cache):
        for left in (".imagenette-160px-1-aa", ".imagenette-160px-1-aa-old"):
            (cache / left / "train").mkdir(parents=True)
        fetch("imagenette")
        assert sorted(p.name for p in cache.iterdir()) == [
            "downloads",
            "imagenette-160px",
            "imagenette-160px.json",
            "imagenette-160px.lock",
        ]

    def test_a_download_that_broke_off_is_gone_on_with(self, mirror, archives):
        whole = len(archives["VOCtest_06-Nov-2007.tar"])
        mirror.cuts = [None, 5000, 0, 0]
        with pytest.raises(LabError, match=r"put VOCtest_06-Nov-2007\.tar from"):
            fetch("voc2007")
        before = mirror.served
        fetch("voc2007")
        assert mirror.asked[-1] == ("/VOCtest_06-Nov-2007.tar", "bytes=5000-")
        assert mirror.served - before == whole - 5000

    def test_nothing_is_printed_where_json_may_be(self, mirror, capsys):
        fetch("imagenette")
        out, err = capsys.readouterr()
        assert out == ""
        assert "Downloading imagenette2-160.tgz from http://127.0.0.1" in err

    def test_an_archive_that_holds_something_else(self, mirror, archives, monkeypatch):
        name = "imagenette2-160.tgz"
        content = archives["images.tar.gz"]
        monkeypatch.setitem(datasets.Imagenette._ARCHIVES, "160px", (mirror.add(name, content), md5(content)))
        with pytest.raises(LabError, match=r"imagenette2-160\.tgz' is not what was expected, it lacks 'train'"):
            fetch("imagenette")

    def test_an_unknown_name(self):
        with pytest.raises(LabError, match=r"no official data set 'coco': choose one of voc2007, "):
            fetch("coco")

    def test_what_another_process_has_fetched_meanwhile_is_taken(self, mirror, cache, capsys):
        cache.mkdir(parents=True)
        threads = [threading.Thread(target=fetch, args=["imagenette"]) for _ in range(2)]
        said, end = "", time.monotonic() + 30
        with alone(cache / "imagenette-160px.lock", "the data set"):
            for thread in threads:
                thread.start()
            while said.count("waiting for it") < 2 and time.monotonic() < end:  # neither has found the set
                said += capsys.readouterr().err
                time.sleep(0.01)
        for thread in threads:
            thread.join()
        assert (fetch("imagenette") / "train").is_dir()
        assert capsys.readouterr().err.count("Unpacking") == 1
        assert len(mirror.asked) == 1


class TestOffline:
    def test_one_sentence_says_what_to_bring_from_where_to_where(self, mirror, cache):
        mirror.files.clear()
        with pytest.raises(LabError) as error:
            fetch("voc2007")
        text, trainval = str(error.value), "VOCtrainval_06-Nov-2007.tar"
        for word in (
            f"{trainval} from {mirror.address}/{trainval} and VOCtest_06-Nov-2007.tar",
            f"into the folder '{cache / 'downloads'}'",
            "--data-root",
            "404",
        ):
            assert word in text
        assert "\n" not in text

    def test_what_was_brought_is_used(self, mirror, cache, archives):
        for name in ("images.tar.gz", "annotations.tar.gz"):
            (cache / "downloads").mkdir(parents=True, exist_ok=True)
            (cache / "downloads" / name).write_bytes(archives[name])
        assert (fetch("pets") / "images" / "Abyssinian_0.jpg").is_file()
        assert mirror.asked == []

    def test_the_wrong_file_is_named_and_left(self, mirror, cache, archives):
        path = cache / "downloads" / "imagenette2-160.tgz"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"something else")
        with pytest.raises(LabError) as error:
            fetch("imagenette")
        assert md5(b"something else") in str(error.value)
        assert md5(archives["imagenette2-160.tgz"]) in str(error.value)
        assert path.read_bytes() == b"something else"

    def test_a_cache_that_cannot_be_written(self, mirror, cache):
        cache.parent.parent.mkdir(exist_ok=True)
        cache.parent.write_text("in the way")
        with pytest.raises(LabError, match=f"Cannot write .*{VARIABLE}"):
            fetch("imagenette")


class TestInto:
    """`fetch_into`: a folder of the user's that is filled where the set is not in it."""

    @pytest.mark.parametrize("name", ["voc2007", "imagenette", "pets"])
    def test_a_folder_that_is_not_there_yet(self, mirror, cache, tmp_path, name):
        root = fetch_into(name, tmp_path / "new" / "data")
        described = describe(name)
        assert root == tmp_path / "new" / "data" / described.inside
        assert all((root / part).exists() for part in described.parts)
        asked = len(mirror.asked)
        assert (fetch_into(name, tmp_path / "new" / "data"), fetch(name, tmp_path / "new" / "data")) == (root, root)
        assert len(mirror.asked) == asked == len(described.archives)
        assert not cache.exists()

    def test_what_else_is_in_the_folder_stays(self, mirror, tmp_path):
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "mine.txt").write_text("mine", encoding="utf-8")
        fetch_into("imagenette", tmp_path / "data")
        shown = sorted(path.name for path in (tmp_path / "data").iterdir() if not path.name.startswith("."))
        assert shown == ["imagenette2-160", "imagenette2-160.tgz", "mine.txt"]

    def test_the_sets_own_folder_will_do(self, mirror, tmp_path):
        root = fetch_into("imagenette", tmp_path)
        assert fetch_into("imagenette", root) == root
        assert len(mirror.asked) == 1

    def test_a_part_that_somebody_has_unpacked_is_left(self, mirror, tmp_path):
        (tmp_path / "imagenette2-160" / "train").mkdir(parents=True)
        with pytest.raises(LabError, match="is not the whole of imagenette, it lacks 'val'"):
            fetch_into("imagenette", tmp_path)
        assert mirror.asked == []

    def test_offline_one_sentence_says_what_to_put_where(self, mirror, tmp_path, archives):
        mirror.files.clear()
        with pytest.raises(LabError) as error:
            fetch_into("imagenette", tmp_path / "data")
        for word in ("put imagenette2-160.tgz from", f"into the folder '{tmp_path / 'data'}'"):
            assert word in str(error.value)
        (tmp_path / "data" / "imagenette2-160.tgz").write_bytes(archives["imagenette2-160.tgz"])
        assert (fetch_into("imagenette", tmp_path / "data") / "val").is_dir()


class TestOwnFolder:
    @pytest.mark.parametrize("inside", ["", "VOC2007", "VOCdevkit/VOC2007"])
    def test_is_found_as_it_is_and_nothing_is_written(self, mirror, cache, tmp_path, inside):
        root = tmp_path / "mine"
        folders.voc(root / inside, ("train", "val", "test"))
        before = sorted(root.rglob("*"))
        assert fetch("voc2007", root) == root / inside
        assert sorted(root.rglob("*")) == before
        assert not cache.exists()
        assert mirror.asked == []

    def test_other_sets(self, mirror, tmp_path):
        folders.pets(tmp_path / "oxford-iiit-pet")
        folders.imagenette(tmp_path / "imagenette2-160", IMAGENETTE)
        assert fetch("pets", tmp_path) == tmp_path / "oxford-iiit-pet"
        assert fetch("imagenette", tmp_path) == tmp_path / "imagenette2-160"
        assert fetch("imagenette", tmp_path / "imagenette2-160") == tmp_path / "imagenette2-160"

    @pytest.mark.parametrize(
        ("splits", "part", "archive"),
        [(("test",), "train.txt", "VOCtrainval"), (("train", "val"), "test.txt", "VOCtest")],
    )
    def test_one_archive_of_the_two_is_not_enough(self, mirror, tmp_path, splits, part, archive):
        folders.voc(tmp_path / "VOCdevkit" / "VOC2007", splits)
        with pytest.raises(
            LabError, match=f"VOC2007' is not the whole of voc2007, it lacks .*{part}': unpack {archive}"
        ):
            fetch("voc2007", tmp_path)

    def test_there_is_none(self, mirror, tmp_path):
        with pytest.raises(LabError, match=r"no folder '.*nowhere': check the name given to --data-root"):
            fetch("pets", tmp_path / "nowhere")
