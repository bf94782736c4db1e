"""Downloads that break off, go on and are checked."""

import errno
import hashlib
import socket
from pathlib import Path
from urllib.error import URLError
from urllib.request import OpenerDirector

import numpy as np
import pytest

from gradcam_lab.data.download import transfer
from gradcam_lab.data.download.transfer import UnreachableError, md5_of
from gradcam_lab.errors import LabError
from tests.interrupts import interrupted_at_beat
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
    transfer.download(f"{web.address}/file.tar", path, md5)


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

    def test_ctrl_c_leaves_what_is_there(self, web, path, part):
        with interrupted_at_beat(3), pytest.raises(KeyboardInterrupt):
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
            transfer.download(f"{web.address}/other.tar", path, MD5)
        assert len(web.asked) == 1

    def test_no_connection_is_said_at_once(self, path, monkeypatch):
        monkeypatch.setattr("time.sleep", lambda seconds: pytest.fail("there is nothing to wait for"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{free.getsockname()[1]}/file.tar"
        with pytest.raises(UnreachableError, match="refused"):
            transfer.download(url, path, MD5)

    def test_a_connection_that_is_lost_on_the_way_is_tried_again(self, web, path, monkeypatch):
        web.cuts = [100_000]
        real, calls = OpenerDirector.open, []

        def without_network_for_a_moment(*words, **more):
            calls.append(words)
            if len(calls) in (2, 3):
                raise URLError(OSError("no route to host"))
            return real(*words, **more)

        monkeypatch.setattr(OpenerDirector, "open", without_network_for_a_moment)
        fetch(web, path)
        assert path.read_bytes() == CONTENT

    def test_a_silent_server(self, path, monkeypatch):
        monkeypatch.setattr(transfer, "TIMEOUT", 0.1)
        monkeypatch.setattr(transfer, "PAUSES", (0.0,))
        with socket.create_server(("127.0.0.1", 0)) as server:
            url = f"http://127.0.0.1:{server.getsockname()[1]}/file.tar"
            with pytest.raises(UnreachableError, match="does not answer in time"):
                transfer.download(url, path, MD5)

    @pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/file.tar", "C:/file.tar", "file.tar"])
    def test_only_the_web(self, path, url):
        with pytest.raises(LabError, match="must begin with http:// or https://"):
            transfer.download(url, path, MD5)


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


def test_md5(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert md5_of(tmp_path / "a") == "900150983cd24fb0d6963f7d28e17f72"
