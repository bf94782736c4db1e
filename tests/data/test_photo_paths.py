"""Photos by files, folders, patterns and a list on stdin."""

import io
import sys
from itertools import islice
from pathlib import Path

import pytest

from gradcam_lab.data.photo_paths import photo_paths
from gradcam_lab.errors import LabError


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """A folder of empty files; it is the current one, so that names are short."""
    for name in (
        "img10.jpg",
        "img2.JPG",
        "IMG1.png",
        "notes.txt",
        ".hidden.jpg",
        "b/2/z.webp",
        "b/10/a.gif",
        ".c/x.jpg",
    ):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path / "photos"


EVERY = ["b/2/z.webp", "b/10/a.gif", "IMG1.png", "img2.JPG", "img10.jpg"]


def found(*words):
    return [path.as_posix() for path in photo_paths(words)]


def lists(monkeypatch, text):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text), "utf-8"))


@pytest.mark.parametrize("word", ["photos", "photos/", "./photos"])
def test_a_folder_in_natural_order_without_what_is_hidden_or_no_image(photos, word):
    assert found(word) == [f"photos/{name}" for name in EVERY]


def test_files_whatever_their_ending_in_the_order_in_which_they_are_named(photos):
    assert found("photos/notes.txt", "photos/img10.jpg", "photos/b") == [
        "photos/notes.txt", "photos/img10.jpg", "photos/b/2/z.webp", "photos/b/10/a.gif",
    ]  # fmt: skip


def test_patterns_that_the_shell_left_alone(photos):
    assert found("photos/*.[jJ]*") == ["photos/img2.JPG", "photos/img10.jpg"]
    assert found("photos/*") == [f"photos/{name}" for name in EVERY]
    assert found("photos/**") == found("photos/**/*") == [f"photos/{name}" for name in EVERY]
    assert found("**/2") == ["photos/b/2/z.webp"]


def test_a_file_whose_name_looks_like_a_pattern(photos):
    (photos / "a[1].jpg").touch()
    (photos / "a1.jpg").touch()
    assert found("photos/a[1].jpg") == ["photos/a[1].jpg"]


def test_a_list_on_stdin_with_missing_files_blanks_and_windows_line_ends(photos, monkeypatch):
    lists(monkeypatch, "\ufeffphotos/img2.JPG\r\n\r\n  \nmissing.jpg\nphotos/a[1].jpg\nK\u00e4se 1.jpg".encode())
    assert found("-") == ["photos/img2.JPG", "missing.jpg", "photos/a[1].jpg", "Käse 1.jpg"]


@pytest.mark.skipif(sys.platform != "linux", reason="names that are not UTF-8")
def test_a_list_with_a_name_that_is_not_utf_8(photos, monkeypatch):
    lists(monkeypatch, b"k\xe4se.jpg\n")
    (path,) = photo_paths("-")
    assert bytes(path) == b"k\xe4se.jpg"


def test_a_list_is_read_as_it_is_asked_for(monkeypatch):
    def endless():
        number = 0
        while True:
            yield f"{(number := number + 1)}.jpg\n"

    monkeypatch.setattr(sys, "stdin", endless())
    assert list(islice(photo_paths(["-"]), 3)) == [Path("1.jpg"), Path("2.jpg"), Path("3.jpg")]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["photos", "mising.jpg"], r"^There is no file or folder 'mising\.jpg': check the name\.$"),
        (["photos/*.bmp"], r"^The pattern 'photos/\*\.bmp' matches no image \(\.jpg, .*\): check it\.$"),
        (["photos/*.txt"], "matches no image"),
        (["empty"], r"^The folder 'empty' has no image \(\.jpg, .*\)\.$"),
        (["x" * 5000], "There is no file or folder"),
        ([], "There is no photo to look at"),
    ],
)
def test_what_means_nothing_is_said_before_anything_is_read(photos, words, says):
    with pytest.raises(LabError, match=says):
        photo_paths(words)


def test_a_folder_without_images_says_what_it_has(photos):
    for name in ("a.heic", "b.heic", "c.txt"):
        (Path("empty") / name).touch()
    with pytest.raises(LabError, match=r"has no image \(.*\); left out: 3 of 3 \(2 \.heic, 1 \.txt\)\.$"):
        photo_paths(["empty"])


def test_an_empty_list(photos, monkeypatch):
    lists(monkeypatch, b"\n")
    with pytest.raises(LabError, match="list of photos on standard input is empty"):
        photo_paths(["-"])


def test_links_to_folders_are_not_followed_and_links_to_files_are(photos):
    (photos / "b" / "loop").symlink_to(photos, target_is_directory=True)
    (photos / "b" / "link.jpg").symlink_to(photos / "img10.jpg")
    (photos / "b" / "dead.jpg").symlink_to(photos / "nowhere.jpg")
    assert found("photos/b") == ["photos/b/2/z.webp", "photos/b/10/a.gif", "photos/b/link.jpg"]
