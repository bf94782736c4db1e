"""Archives that are unpacked whole or leave nothing behind."""

import errno
import gzip
import io
import tarfile
import zipfile

import numpy as np
import pytest

from gradcam_lab.data.download.archive import unpack
from gradcam_lab.errors import LabError
from tests.interrupts import interrupted_at_beat

CONTENT = np.random.default_rng(0).bytes(500_000)
FILES = {"set/a.txt": b"one", "set/deep/b ä.bin": CONTENT[:70_000], "set/c.txt": b""}


def tar(path, files=FILES, *members, mode="w"):
    with tarfile.open(path, mode) as target:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            target.addfile(member, io.BytesIO(content))
        for member in members:
            target.addfile(member)
    return path


def special(name, kind, link=""):
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, link
    return member


def zipped(path, files=FILES, mode=0o100644):
    with zipfile.ZipFile(path, "w") as target:
        for name, content in files.items():
            member = zipfile.ZipInfo(name)
            member.external_attr = mode << 16
            target.writestr(member, content)
    return path


def contents(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def names(folder):
    return sorted(p.name for p in folder.iterdir())


class TestUnpack:
    @pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz", "zip"])
    def test_everything_is_there(self, tmp_path, mode):
        path = tmp_path / "a"
        unpack(zipped(path) if mode == "zip" else tar(path, mode=mode), tmp_path / "new" / "folder")
        assert contents(tmp_path / "new" / "folder") == FILES
        assert names(tmp_path / "new") == ["folder"]

    def test_several_come_into_one_folder(self, tmp_path):
        first = tar(tmp_path / "1", {"set/a": b"1", "set/b": b"1"})
        unpack([first, tar(tmp_path / "2", {"set/b": b"2", "set/c": b"2"})], tmp_path / "out")
        assert contents(tmp_path / "out") == {"set/a": b"1", "set/b": b"2", "set/c": b"2"}

    def test_a_link_within_is_kept(self, tmp_path):
        unpack(tar(tmp_path / "a", FILES, special("set/hard", tarfile.LNKTYPE, "set/a.txt")), tmp_path / "out")
        assert (tmp_path / "out" / "set" / "hard").read_bytes() == b"one"

    def test_an_older_folder_is_replaced(self, tmp_path):
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "old").write_text("old")
        unpack(tar(tmp_path / "a"), tmp_path / "out")
        assert contents(tmp_path / "out") == FILES
        assert names(tmp_path) == ["a", "out"]


UNSAFE = {
    "climbs out": lambda path: tar(path, {"set/a": b"", "../outside": b"x"}),
    "climbs out further on": lambda path: tar(path, {"set/../../outside": b"x"}),
    "climbs out in Windows' way": lambda path: tar(path, {"..\\outside": b"x"}),
    "absolute": lambda path: tar(path, {"/tmp/outside": b"x"}),
    "a drive": lambda path: tar(path, {"C:/outside": b"x"}),
    "link out": lambda path: tar(path, FILES, special("set/link", tarfile.SYMTYPE, "../../outside")),
    "absolute link": lambda path: tar(path, FILES, special("set/link", tarfile.SYMTYPE, "/etc")),
    "hard link out": lambda path: tar(path, FILES, special("set/link", tarfile.LNKTYPE, "../outside")),
    "device": lambda path: tar(path, FILES, special("set/null", tarfile.CHRTYPE)),
    "pipe": lambda path: tar(path, FILES, special("set/pipe", tarfile.FIFOTYPE)),
    "zip climbs out": lambda path: zipped(path, {"set/a": b"", "../outside": b"x"}),
    "zip absolute": lambda path: zipped(path, {"/outside": b"x"}),
    "zip drive": lambda path: zipped(path, {"C:\\outside": b"x"}),
    "zip link": lambda path: zipped(path, {"set/link": b"/etc"}, mode=0o120777),
}


@pytest.mark.parametrize("make", UNSAFE.values(), ids=UNSAFE.keys())
def test_an_unsafe_archive_leaves_nothing_behind(tmp_path, make):
    place = tmp_path / "place"
    place.mkdir()
    path = make(tmp_path / "a.tar")
    with pytest.raises(LabError, match=r"a\.tar' holds .*: nothing was unpacked") as error:
        unpack(path, place / "out")
    assert "\n" not in str(error.value)
    assert names(place) == []
    assert names(tmp_path) == ["a.tar", "place"]


def cut(path, count):
    path.write_bytes(path.read_bytes()[:count])
    return path


def spoilt(path, place):
    data = bytearray(path.read_bytes())
    data[place] ^= 255
    path.write_bytes(data)
    return path


def overwritten(path):
    """Put so many ones into the middle that the beginning of a block is among them, which must not be all ones."""
    data = path.read_bytes()
    path.write_bytes(data[:100_000] + b"\xff" * 200_000 + data[300_000:])
    return path


DAMAGED = {
    "cut in a file": lambda path: cut(tar(path), 20_000),
    "cut between two members": lambda path: cut(tar(path), 1024),
    "cut in a header": lambda path: cut(tar(path), 1300),
    "cut before the end": lambda path: cut(tar(path, {"a": bytes(512), "b": b"x"}), 2048),
    "a spoilt header": lambda path: spoilt(tar(path), 1030),
    "gzip cut": lambda path: cut(tar(path, mode="w:gz"), 40_000),
    "gzip cut at its end": lambda path: cut(tar(path, mode="w:gz"), -4),
    "gzip spoilt": lambda path: spoilt(tar(path, mode="w:gz"), 30_000),
    "gzip overwritten": lambda path: overwritten(tar(path, {"a": CONTENT}, mode="w:gz")),
    "gzip with a wrong checksum": lambda path: spoilt(tar(path, mode="w:gz"), -6),
    "bz2 spoilt": lambda path: spoilt(tar(path, mode="w:bz2"), 30_000),
    "xz spoilt": lambda path: spoilt(tar(path, mode="w:xz"), 30_000),
    "zip cut": lambda path: cut(zipped(path), -30),
    "zip spoilt": lambda path: spoilt(zipped(path), 30_000),
    "a web page": lambda path: path.write_text("<html>404</html>") and path,
    "compressed text": lambda path: path.write_bytes(gzip.compress(b"hello")) and path,
    "empty": lambda path: path.write_bytes(b"") or path,
}


@pytest.mark.parametrize("make", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_archive_leaves_nothing_behind(tmp_path, make):
    place = tmp_path / "place"
    place.mkdir()
    with pytest.raises(LabError, match=r"a\.tar' is truncated, damaged or no archive \(.+\): .*get it again") as error:
        unpack(make(tmp_path / "a.tar"), place / "out")
    assert "\n" not in str(error.value)
    assert names(place) == []


class TestUnpackOnBadDisks:
    def test_a_full_disk_leaves_the_old_folder(self, tmp_path, monkeypatch):
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "old").write_text("old")

        def full(*_, **__):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(tarfile.TarFile, "extract", full)
        with pytest.raises(LabError, match=r"Cannot write '.*out' \(No space left on device\): make room"):
            unpack(tar(tmp_path / "a"), tmp_path / "out")
        assert contents(tmp_path / "out") == {"old": b"old"}
        assert names(tmp_path) == ["a", "out"]

    def test_ctrl_c_leaves_nothing(self, tmp_path):
        path = tar(tmp_path / "a", {"b": CONTENT, "c": CONTENT})
        with interrupted_at_beat(1), pytest.raises(KeyboardInterrupt):
            unpack(path, tmp_path / "out")
        assert names(tmp_path) == ["a"]

    def test_a_python_without_the_filter(self, tmp_path, monkeypatch):
        monkeypatch.delattr("tarfile.data_filter")
        with pytest.raises(LabError, match=r"Python 3\.\d+\.\d+ cannot unpack archives safely"):
            unpack(tar(tmp_path / "a"), tmp_path / "out")
