"""Downloads that break off, go on and are checked, and archives that are whole or leave nothing behind."""

import errno
import gzip
import hashlib
import io
import socket
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from gradcam_lab.data.download import archive, transfer
from gradcam_lab.data.download.archive import unpack
from gradcam_lab.data.download.transfer import UnreachableError, md5_of
from gradcam_lab.errors import LabError
from tests.webserver import serving

CONTENT = np.random.default_rng(0).bytes(500_000)
MD5 = hashlib.md5(CONTENT).hexdigest()


@pytest.fixture
def web(monkeypatch):
    monkeypatch.setattr(transfer, "PAUSES", (0.0, 0.0, 0.0, 0.0))
    with serving() as web:
        web.add("file.tar", CONTENT)
        yield web


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "Käse & Co" / "downloads" / "file.tar"


@pytest.fixture
def part(path) -> Path:
    return path.with_name("file.tar.part")


def fetch(web, path, md5=MD5):
    transfer.download(f"{web.address}/file.tar", path, md5, "a file")


def begin(part, count):
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT[:count])


class TestDownload:
    def test_is_whole_and_leaves_no_part(self, web, path):
        fetch(web, path)
        assert path.read_bytes() == CONTENT
        assert list(path.parent.iterdir()) == [path]
        assert web.asked == [("/file.tar", None)]

    def test_without_a_length(self, web, path):
        web.lengths = False
        fetch(web, path)
        assert path.read_bytes() == CONTENT

    def test_goes_on_where_the_server_broke_off(self, web, path):
        web.cuts = [100_000, 150_000]
        fetch(web, path)
        assert path.read_bytes() == CONTENT
        assert [wanted for _, wanted in web.asked] == [None, "bytes=100000-", "bytes=250000-"]
        assert web.served == len(CONTENT)

    def test_goes_on_with_what_an_earlier_command_has_left(self, web, path, part):
        begin(part, 123_456)
        fetch(web, path)
        assert path.read_bytes() == CONTENT
        assert web.served == len(CONTENT) - 123_456

    def test_ctrl_c_leaves_what_is_there(self, web, path, part, monkeypatch):
        real = transfer._chunks

        def interrupted(response):
            for number, chunk in enumerate(real(response)):
                if number == 3:
                    raise KeyboardInterrupt
                yield chunk

        with monkeypatch.context() as patch:
            patch.setattr(transfer, "_chunks", interrupted)
            with pytest.raises(KeyboardInterrupt):
                fetch(web, path)
        kept = part.stat().st_size
        assert kept == 3 * transfer.CHUNK
        assert not path.exists()
        fetch(web, path)
        assert path.read_bytes() == CONTENT
        assert web.asked[1] == ("/file.tar", f"bytes={kept}-")

    def test_begins_again_where_the_server_gives_no_parts(self, web, path, part):
        begin(part, 123_456)
        web.ranges = False
        fetch(web, path)
        assert path.read_bytes() == CONTENT
        assert web.served == len(CONTENT)

    def test_begins_again_where_the_server_gives_another_part(self, web, path, part):
        begin(part, 123_456)
        web.shift = 1
        fetch(web, path)
        assert path.read_bytes() == CONTENT
        assert [wanted for _, wanted in web.asked] == ["bytes=123456-", None]

    def test_a_part_that_is_whole_is_taken(self, web, path, part):
        begin(part, len(CONTENT))
        fetch(web, path)
        assert path.read_bytes() == CONTENT
        assert web.served == 0

    def test_a_server_that_is_busy_is_asked_again(self, web, path):
        web.statuses = [503, 429, 500]
        fetch(web, path)
        assert path.read_bytes() == CONTENT

    def test_many_breaks_are_no_reason_to_stop_while_it_goes_on(self, web, path):
        web.cuts = [20_000] * 20
        fetch(web, path)
        assert path.read_bytes() == CONTENT

    @pytest.mark.parametrize("where", ["part", "whole"])
    def test_a_wrong_checksum_names_both_and_removes_the_file(self, web, path, part, where):
        if where == "part":
            begin(part, 10)
            part.write_bytes(b"something of another file")
        else:
            web.add("file.tar", CONTENT[::-1])
        with pytest.raises(LabError) as error:
            fetch(web, path)
        assert MD5 in str(error.value)
        assert "was removed, start the same command again." in str(error.value)
        assert list(path.parent.iterdir()) == []
        web.add("file.tar", CONTENT)
        fetch(web, path)
        assert path.read_bytes() == CONTENT


class TestUnreachable:
    def test_gives_up_where_nothing_more_comes(self, web, path, part):
        web.cuts = [100_000] + [0] * 50
        with pytest.raises(UnreachableError, match=r"\(the server closed the connection too early\)"):
            fetch(web, path)
        assert len(web.asked) == 2 + len(transfer.PAUSES)
        assert part.stat().st_size == 100_000

    def test_gives_up_where_a_server_without_parts_always_breaks_off(self, web, path):
        web.ranges = False
        web.cuts = [100_000] * 50
        with pytest.raises(UnreachableError):
            fetch(web, path)
        assert len(web.asked) == 2 + len(transfer.PAUSES)

    def test_a_file_that_is_not_there_is_asked_for_once(self, web, path):
        with pytest.raises(UnreachableError, match=r"other\.tar \(the server answers 404 Not Found\): .*downloads"):
            transfer.download(f"{web.address}/other.tar", path, MD5, "a file")
        assert len(web.asked) == 1

    def test_no_connection_is_said_at_once(self, path, monkeypatch):
        monkeypatch.setattr(transfer.time, "sleep", lambda seconds: pytest.fail("there is nothing to wait for"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{free.getsockname()[1]}/file.tar"
        with pytest.raises(UnreachableError, match="refused"):
            transfer.download(url, path, MD5, "a file")

    def test_a_connection_that_is_lost_on_the_way_is_tried_again(self, web, path, monkeypatch):
        web.cuts = [100_000]
        real, calls = transfer._ask, []

        def without_network_for_a_moment(*words):
            calls.append(words)
            if len(calls) in (2, 3):
                raise transfer._BrokenOffError("no route to host", connected=False)
            return real(*words)

        monkeypatch.setattr(transfer, "_ask", without_network_for_a_moment)
        fetch(web, path)
        assert path.read_bytes() == CONTENT

    def test_a_silent_server(self, path, monkeypatch):
        monkeypatch.setattr(transfer, "TIMEOUT", 0.1)
        monkeypatch.setattr(transfer, "PAUSES", (0.0,))
        with socket.create_server(("127.0.0.1", 0)) as server:
            url = f"http://127.0.0.1:{server.getsockname()[1]}/file.tar"
            with pytest.raises(UnreachableError, match="does not answer in time"):
                transfer.download(url, path, MD5, "a file")

    @pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/file.tar", "C:/file.tar", "file.tar"])
    def test_only_the_web(self, path, url):
        with pytest.raises(LabError, match="must begin with http:// or https://"):
            transfer.download(url, path, MD5, "a file")


class TestFullDisk:
    def test_keeps_what_is_there_and_goes_on(self, web, path, part, monkeypatch):
        real = Path.open

        def opened(self, *words, **more):
            stream = real(self, *words, **more)
            if self == part and more.get("mode", words[0]) == "wb":
                return Full(stream)
            return stream

        with monkeypatch.context() as patch:
            patch.setattr(Path, "open", opened)
            with pytest.raises(LabError, match=r"No space left.*: make room, or name"):
                fetch(web, path)
        assert part.read_bytes() == CONTENT[:131_072]
        fetch(web, path)
        assert path.read_bytes() == CONTENT
        assert web.asked[1] == ("/file.tar", "bytes=131072-")

    def test_a_folder_that_cannot_be_made(self, web, tmp_path):
        (tmp_path / "file").write_text("in the way")
        with pytest.raises(LabError, match=r"Cannot write '.*a\.tar' \(.*: mend this, or name .* GRADCAM_LAB_CACHE"):
            fetch(web, tmp_path / "file" / "a.tar")


class Full:
    """A file on a disk with room for 128 KiB."""

    def __init__(self, stream):
        self.stream = stream

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()

    def tell(self):
        return self.stream.tell()

    def write(self, chunk):
        if self.stream.tell() + len(chunk) > 131_072:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self.stream.write(chunk)


# --------------------------------------------------------------------------------------------- archives

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

        def full(*_):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(archive, "_extract_tar", full)
        with pytest.raises(LabError, match=r"Cannot write '.*out' \(No space left on device\): make room"):
            unpack(tar(tmp_path / "a"), tmp_path / "out")
        assert contents(tmp_path / "out") == {"old": b"old"}
        assert names(tmp_path) == ["a", "out"]

    def test_ctrl_c_leaves_nothing(self, tmp_path, monkeypatch):
        def interrupted(stream, folder, moved):
            (folder / "half").write_text("half")
            raise KeyboardInterrupt

        monkeypatch.setattr(archive, "_extract_tar", interrupted)
        with pytest.raises(KeyboardInterrupt):
            unpack(tar(tmp_path / "a"), tmp_path / "out")
        assert names(tmp_path) == ["a"]

    def test_a_python_without_the_filter(self, tmp_path, monkeypatch):
        monkeypatch.delattr("tarfile.data_filter")
        with pytest.raises(LabError, match=r"Python 3\.\d+\.\d+ cannot unpack archives safely"):
            unpack(tar(tmp_path / "a"), tmp_path / "out")


def test_md5(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert md5_of(tmp_path / "a") == "900150983cd24fb0d6963f7d28e17f72"
