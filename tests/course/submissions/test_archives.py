"""Archives of every kind: what is read of them, and what is refused, under limits, with a true sentence."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib

import py7zr
import pytest

from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.grading.submissions import read
from gradcam_lab.course.submissions.archives.limits import Bounds
from gradcam_lab.errors import LabError
from tests.course.grading.submitted import pack, put, solved, within

STEP = all_steps()[0].file


def tar(texts, mode="w:gz"):
    """The bytes of a tar file."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:
        for name, text in texts.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return stream.getvalue()


def seven(texts, **options):
    stream = io.BytesIO()
    with py7zr.SevenZipFile(stream, "w", **options) as archive:
        for name, text in texts.items():
            archive.writestr(text, name)
    return stream.getvalue()


def zipped(texts):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in texts.items():
            archive.writestr(name, content)
    return stream.getvalue()


KINDS = {
    "ada.tar": lambda texts: tar(texts, "w"),
    "ada.tar.gz": tar,
    "ada.tgz": tar,
    "ada.tar.bz2": lambda texts: tar(texts, "w:bz2"),
    "ada.tar.xz": lambda texts: tar(texts, "w:xz"),
    "ada.7z": seven,
    "ada.zip": zipped,
}

every_kind = pytest.mark.parametrize("name", KINDS)


@every_kind
def test_every_kind_is_read_like_the_folder(tmp_path, name):
    texts = within("my-lab", {**solved(), "torch.py": "x", "film.mp4": "0" * 1_200_000, "__MACOSX/._a.py": "x"})
    (tmp_path / name).write_bytes(KINDS[name](texts))
    assert read(tmp_path / name, Bounds()) == read(put(tmp_path / "ada", texts), Bounds())


@every_kind
def test_the_content_counts_and_not_the_name(tmp_path, name):
    (tmp_path / "ada.zip").write_bytes(KINDS[name]({STEP: "x = 1"}))
    assert read(tmp_path / "ada.zip", Bounds()) == {STEP: b"x = 1"}


@every_kind
@pytest.mark.parametrize("path", ["../x.py", "/etc/x.py", "a/../../x.py"])
def test_a_path_that_leads_out_is_refused(tmp_path, name, path):
    is_7z = name.endswith("7z")  # py7zr does not write such a path
    content = renamed_in_7z(path) if is_7z else KINDS[name]({STEP: "x", path: "evil"})
    (tmp_path / name).write_bytes(content)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(LabError, match="leads out of it"):
        read(tmp_path / name, Bounds())
    assert sorted(tmp_path.rglob("*")) == before


def renamed_in_7z(path):
    """A 7z file whose list of files, which is not packed, holds another path."""
    stream = io.BytesIO()
    harmless = "x" * len(path)
    with py7zr.SevenZipFile(stream, "w") as archive:
        archive.set_encoded_header_mode(False)
        archive.writestr("evil", harmless)
    content = bytearray(stream.getvalue().replace(harmless.encode("utf-16-le"), path.encode("utf-16-le")))
    start = 32 + int.from_bytes(content[12:20], "little")
    size = int.from_bytes(content[20:28], "little")
    crc = zlib.crc32(bytes(content[start : start + size]))
    content[28:32] = crc.to_bytes(4, "little")
    content[8:12] = zlib.crc32(bytes(content[12:32])).to_bytes(4, "little")
    return bytes(content)


@every_kind
def test_a_bomb_is_given_up(tmp_path, name):
    """What unpacks to much more than a submission may be is not unpacked to the end."""
    (tmp_path / name).write_bytes(KINDS[name]({STEP: " " * 3_000_000, "b.py": " " * 3_000_000}))
    if name != "ada.tar":
        assert (tmp_path / name).stat().st_size < 20_000
    with pytest.raises(LabError, match=r"more than 2 MB|larger than 1 MB"):
        read(tmp_path / name, Bounds(unpacked=2_000_000))


@every_kind
def test_a_bomb_inside_another_archive_is_given_up(tmp_path, name):
    inner = KINDS[name]({STEP: " " * 3_000_000, "b.py": " " * 3_000_000})
    (tmp_path / "ada.tar.gz").write_bytes(outer({name: inner}))
    with pytest.raises(LabError, match=r"more than 2 MB|larger than [12] MB"):
        read(tmp_path / "ada.tar.gz", Bounds(unpacked=2_000_000))


def outer(files):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


@every_kind
def test_too_many_files_are_refused(tmp_path, name):
    (tmp_path / name).write_bytes(KINDS[name]({f"f{number}.py": "" for number in range(12)}))
    with pytest.raises(LabError, match=r"files, more than 10: nothing was unpacked"):
        read(tmp_path / name, Bounds(members=10))


@pytest.mark.parametrize("name", ["ada.tar", "ada.tar.gz"])
@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_are_refused(tmp_path, name, kind):
    info = tarfile.TarInfo(STEP)
    info.type, info.linkname = kind, "/etc/passwd"
    with tarfile.open(tmp_path / name, "w:gz" if name.endswith("gz") else "w") as archive:
        archive.addfile(info)
    with pytest.raises(LabError, match="is a link"):
        read(tmp_path / name, Bounds())


class TestInside:
    """Archives inside folders and archives."""

    def test_a_zip_in_a_zip_and_a_tar_in_that(self, tmp_path):
        inner = zipped({"hand-in/deep.tar.gz": tar(within("my-lab", {STEP: "x = 1"}))})
        (tmp_path / "ada.zip").write_bytes(zipped({"readme.txt": "hello", "lab.zip": inner}))
        assert read(tmp_path / "ada.zip", Bounds()) == {STEP: b"x = 1"}

    def test_not_deeper_than_allowed(self, tmp_path):
        content = zipped({STEP: "x"})
        for _ in range(3):
            content = zipped({"again.zip": content})
        (tmp_path / "ada.zip").write_bytes(content)
        assert read(tmp_path / "ada.zip", Bounds())
        with pytest.raises(LabError, match="more than 2 deep"):
            read(tmp_path / "ada.zip", Bounds(nested=2))

    def test_not_more_than_allowed(self, tmp_path):
        (tmp_path / "ada.zip").write_bytes(zipped({f"a{number}x.zip": zipped({"a": "b"}) for number in range(5)}))
        with pytest.raises(LabError, match="more than 4 archives"):
            read(tmp_path / "ada.zip", Bounds(archives=4))

    def test_one_that_is_damaged_does_not_hide_the_good_one(self, tmp_path):
        put(tmp_path / "ada", {"broken.zip": "x"})
        pack(tmp_path / "ada" / "lab.zip", {STEP: "x = 1"})
        assert read(tmp_path / "ada", Bounds()) == {STEP: b"x = 1"}

    def test_two_with_step_files_are_named(self, tmp_path):
        pack(tmp_path / "ada" / "first.zip", {STEP: "x = 1"})
        pack(tmp_path / "ada" / "second.zip", {STEP: "x = 1"})
        with pytest.raises(LabError, match=r"2 folders \('first' and 'second'\)"):
            read(tmp_path / "ada", Bounds())


class TestSentences:
    """What cannot be read is told as what it is, whatever its name says."""

    @pytest.mark.parametrize("name", ["ada.rar", "ada.zip", "ada.7z", "ada"])
    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (b"Rar!\x1a\x07\x01\x00 and so on", "This is a RAR archive"),
            (b"\x28\xb5\x2f\xfd and so on", "This is a Zstandard archive"),
            (b"  <!DOCTYPE html><title>Log in</title>", "This is a web page"),
            (gzip.compress(b"x = 1"), "no tar archive in it"),
            (tar({STEP: "x" * 9000})[:60], r"The archive \(gzip\) is damaged"),
            (bz2.compress(bytes(100))[:20], r"The archive \(bzip2\) is damaged"),
            (lzma.compress(bytes(100))[:40], r"The archive \(xz\) is damaged"),
            (tar({STEP: "x" * 9000}, "w")[:2000], "tar archive is damaged"),
            (seven({STEP: "x" * 9000})[:80], "7z archive is damaged"),
            (seven({STEP: "x"}, password="secret"), "7z archive is encrypted"),
            (seven({STEP: "x"}, password="secret", header_encryption=True), "7z archive is encrypted"),
        ],
        ids=["rar", "zstd", "page", "no tar", "gzip", "bzip2", "xz", "tar", "7z", "encrypted", "encrypted list"],
    )
    def test_it_is_one_sentence_that_says_what_to_do(self, tmp_path, name, content, sentence):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(LabError, match=sentence) as error:
            read(tmp_path / name, Bounds())
        assert ":" in str(error.value)

    def test_inside_another_it_is_named(self, tmp_path):
        (tmp_path / "ada.zip").write_bytes(zipped({"lab.rar": b"Rar!\x1a\x07\x01\x00"}))
        with pytest.raises(LabError, match=r"^In lab\.rar: This is a RAR archive"):
            read(tmp_path / "ada.zip", Bounds())
