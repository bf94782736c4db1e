"""Nothing is ever half there: writing, moving into place, reading and hashing files."""

import codecs
import os
import stat
import tempfile
from contextlib import nullcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcam_lab.errors import LabError
from gradcam_lab.files import (
    digest,
    folder_moved_into_place,
    make_folder,
    moved_into_place,
    read_json,
    read_text,
    require_writable,
    sha256,
    write_json,
    write_text,
)


class TestMovedIntoPlace:
    def test_the_file_appears_when_the_block_ends_and_nothing_else_is_left(self, tmp_path):
        path = tmp_path / "new" / "folder" / "a b.txt"
        with moved_into_place(path) as temporary:
            assert temporary.parent == path.parent
            assert temporary.suffix == ".txt"  # numpy and safetensors look at it
            temporary.write_text("new", encoding="utf-8")
            assert not path.exists()
        assert path.read_text(encoding="utf-8") == "new"
        assert list(path.parent.iterdir()) == [path]

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
    def test_an_exception_leaves_the_old_file_and_no_temporary_one(self, tmp_path, error):
        path = tmp_path / "file.txt"
        path.write_text("old", encoding="utf-8")

        def fail():
            with moved_into_place(path) as temporary:
                temporary.write_text("half of the new o", encoding="utf-8")
                raise error

        with pytest.raises(error):
            fail()
        assert path.read_text(encoding="utf-8") == "old"
        assert list(tmp_path.iterdir()) == [path]

    def test_a_full_disk_is_one_sentence_and_leaves_the_old_file(self, tmp_path):
        path = tmp_path / "file.txt"
        path.write_text("old", encoding="utf-8")
        with pytest.raises(LabError, match=r"Cannot write '.*file\.txt': No space left"), moved_into_place(path):
            raise OSError(28, "No space left on device")
        assert path.read_text(encoding="utf-8") == "old"
        assert list(tmp_path.iterdir()) == [path]

    def test_a_file_where_the_folder_should_be(self, tmp_path):
        (tmp_path / "out").write_text("in the way", encoding="utf-8")
        with pytest.raises(LabError, match=r"Cannot make the folder '.*out'"), moved_into_place(tmp_path / "out" / "a"):
            pytest.fail("the block must not be entered")
        assert (tmp_path / "out").read_text(encoding="utf-8") == "in the way"

    @pytest.mark.skipif(os.name != "posix", reason="Windows has no such permissions")
    def test_others_may_read_it_as_any_new_file(self, tmp_path):
        write_text(tmp_path / "ours", "")
        (tmp_path / "any").touch()
        modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("ours", "any")}
        assert len(modes) == 1


class TestFolderMovedIntoPlace:
    def test_appears_when_it_is_whole(self, tmp_path):
        with folder_moved_into_place(tmp_path / "a" / "new", replace=False) as temporary:
            (temporary / "file").touch()
            assert not (tmp_path / "a" / "new").exists()
        assert [path.name for path in (tmp_path / "a").rglob("*")] == ["new", "file"]

    @pytest.mark.parametrize("replace", [True, False])
    def test_an_older_folder_is_replaced_only_where_that_is_asked_for(self, tmp_path, replace):
        folder = tmp_path / "folder"
        folder.mkdir()
        (folder / "old").touch()

        def fill():
            with folder_moved_into_place(folder, replace=replace) as temporary:
                (temporary / "new").touch()

        with nullcontext() if replace else pytest.raises(OSError, match="folder"):
            fill()
        assert [path.name for path in tmp_path.rglob("*")] == ["folder", "new" if replace else "old"]

    @pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
    def test_an_exception_leaves_the_old_folder_and_no_temporary_one(self, tmp_path, error):
        (tmp_path / "folder").mkdir()
        with pytest.raises(error), folder_moved_into_place(tmp_path / "folder", replace=True):
            raise error
        assert [path.name for path in tmp_path.iterdir()] == ["folder"]


class TestFolders:
    def test_are_made_with_their_parents(self, tmp_path):
        assert make_folder(tmp_path / "a" / "b").is_dir()
        make_folder(tmp_path / "a" / "b")

    def test_trying_leaves_nothing_behind(self, tmp_path):
        require_writable(tmp_path / "a")
        assert list((tmp_path / "a").iterdir()) == []

    def test_a_folder_that_cannot_be_written(self, tmp_path, monkeypatch):
        def refuse(**_):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(tempfile, "TemporaryFile", refuse)  # permissions do not stop a test that runs as root
        with pytest.raises(LabError, match=r"Cannot write in the folder '.*' \(Permission denied\): choose another\."):
            require_writable(tmp_path)


class TestJson:
    def test_is_utf8_with_plain_newlines_and_letters_as_they_are(self, tmp_path):
        write_json(tmp_path / "a.json", {"Hündchen": [1, 2.5, None]})
        content = (tmp_path / "a.json").read_bytes()
        assert "Hündchen".encode() in content
        assert b"\r" not in content
        assert content.endswith(b"}\n")

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
            lambda values: st.lists(values) | st.dictionaries(st.text(), values),
            max_leaves=8,
        )
    )
    def test_what_is_written_is_read(self, tmp_path_factory, value):
        path = tmp_path_factory.getbasetemp() / "round-trip.json"
        write_json(path, value)
        assert read_json(path) == value

    @pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
    def test_there_is_no_nan_in_json(self, tmp_path, number):
        path = tmp_path / "a.json"
        write_json(path, "old")
        with pytest.raises(ValueError, match="not JSON compliant"):
            write_json(path, {"ap": number})
        assert read_json(path) == "old"
        assert list(tmp_path.iterdir()) == [path]

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b'{\n "a": 1,\n "b" 2\n}', r"line 3, column 6: Expecting ':' delimiter"),
            (b"", r"line 1, column 1"),
            (b'{"a": [1, 2', r"line 1, column 12"),
            (b'{"a": "\xff"}', "not UTF-8"),
            (b"9" * 5000, "JSON that Python cannot read"),
            (b"[" * 200_000, "JSON that Python cannot read"),
            (b'{"a": [{"b": 1, "c": 2, "b": 3}]}', "gives the key 'b' twice in one object: keep one"),
            (b'{"a\\nb": 1, "a\\nb": 1}', r"gives the key 'a\\nb' twice"),
        ],
        ids=["syntax", "empty", "truncated", "latin-1", "endless number", "endless nesting", "twice", "line break"],
    )
    def test_what_is_broken_is_named(self, tmp_path, content, message):
        path = tmp_path / "a.json"
        path.write_bytes(content)
        with pytest.raises(LabError, match=message) as error:
            read_json(path)
        assert f"'{path}'" in str(error.value)
        assert "\n" not in str(error.value)

    def test_a_byte_order_mark_is_no_part_of_it(self, tmp_path):
        path = tmp_path / "a.json"
        path.write_bytes(codecs.BOM_UTF8 + b'{"a": 1}')
        assert read_json(path) == {"a": 1}
        assert read_text(path, "text") == '{"a": 1}'

    def test_what_is_not_there_or_no_file(self, tmp_path):
        with pytest.raises(LabError, match=r"There is no file '.*nothing\.json'"):
            read_json(tmp_path / "nothing.json")
        with pytest.raises(LabError, match="Cannot read"):
            read_json(tmp_path)


class TestHashes:
    def test_of_a_file_is_that_of_its_bytes(self, tmp_path):
        (tmp_path / "a").write_bytes(b"abc")  # the example of FIPS 180-2
        assert sha256(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    def test_of_values_does_not_know_the_order_of_a_dict_but_everything_else(self):
        assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
        others = [digest("ab"), digest("a", "b"), digest(["a", "b"]), digest(1), digest("1"), digest(None), digest()]
        assert len(set(others)) == len(others)
