"""A large JSON file in parts: they are the whole, and what is wrong is said of the whole file."""

import json
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcam_lab.data.box_files.json_parts import by_parts
from gradcam_lab.errors import LabError
from gradcam_lab.files import read_json
from tests.saved_files import refused, written

texts = st.sampled_from(["", "a", "}, {", '], "', '":', ":", "\\", '"', "é", "犬😀", "\n"])
values = st.recursive(
    texts | st.integers(0, 9),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)
entries = st.lists(st.dictionaries(texts, values, max_size=3), max_size=9)
images = st.dictionaries(
    st.text('ab}], {":\\é😀\t', max_size=6), st.lists(st.lists(st.integers(0, 9), max_size=3), max_size=3), max_size=9
)


def lists(parts):
    return list(chain.from_iterable(parts))


def merged(parts):
    return {key: value for part in parts for key, value in part.items()}


class TestParts:
    @settings(max_examples=200, deadline=None)
    @given(entries, st.integers(1, 40), st.sampled_from([None, 1]), st.booleans())
    def test_of_a_list_are_the_list(self, tmp_path_factory, content, part, indent, plain):
        path = tmp_path_factory.getbasetemp() / "list.json"
        written(path, json.dumps(content, indent=indent, ensure_ascii=plain))
        assert by_parts(path, lists, part) == content

    @settings(max_examples=200, deadline=None)
    @given(images, st.integers(1, 40), st.sampled_from([None, 1]), st.sampled_from([":", " :\r\n\t"]), st.booleans())
    def test_of_an_object_are_the_object(self, tmp_path_factory, content, part, indent, colon, plain):
        path = tmp_path_factory.getbasetemp() / "object.json"
        written(path, json.dumps(content, indent=indent, separators=(",", colon), ensure_ascii=plain))
        assert by_parts(path, merged, part) == content

    def test_have_the_same_half_of_a_surrogate_pair(self, tmp_path):
        """Pydantic's parser refuses it, and Python's does not."""
        content = [{"a": "\ud83d"}, {"a": "b"}]
        assert by_parts(written(tmp_path / "D.json", json.dumps(content)), lists, 5) == content

    @settings(max_examples=200, deadline=None)
    @given(st.lists(st.floats(allow_nan=False) | st.integers(), max_size=9), st.integers(1, 40))
    def test_have_the_same_numbers(self, tmp_path_factory, numbers, part):
        path = written(tmp_path_factory.getbasetemp() / "numbers.json", [{"a": number} for number in numbers])
        found = [row["a"] for row in by_parts(path, lists, part)]
        assert list(map(repr, found)) == list(map(repr, numbers))

    @pytest.mark.parametrize("content", [[{"é": "😀", "b": [1.5]}, {"b": 2}], {"é😀": [[1.5]], "b": []}])
    @pytest.mark.parametrize("part", [1, 9, 25])
    def test_of_a_file_that_is_cut_off_at_any_byte_say_what_is_wrong_with_the_whole(self, tmp_path, content, part):
        data = json.dumps(content, ensure_ascii=False).encode()
        path = tmp_path / "D.json"
        for end in range(1, len(data)):
            path.write_bytes(data[:end])
            with pytest.raises(LabError) as error:
                read_json(path)
            refused(str(error.value), by_parts, path, list, part)

    def test_are_several(self, tmp_path):
        path = written(tmp_path / "D.json", [{"score": number} for number in range(100)])
        assert len(by_parts(path, list, 100)) > 10
        path = written(tmp_path / "G.json", {str(number): [[number]] for number in range(100)})
        assert len(by_parts(path, list, 100)) > 10

    @pytest.mark.parametrize(
        "text",
        [
            '[{"a": 1}, {"a": 2}, {"a": 3, "a": 4}]',
            '[{"a": 1}, {"a" : 3, "a": 4}]',
            '[{"a": 1}, {"a": {"b": 3, "b": 4}}]',
            '[{"a": 1}, {"a": 2}, {"a" 3}]',
            '[{"a": 1}, {"a": 2}, {"a": 3}',
            '[{"a": 1}, {"a": 2}] {"a": 3}',
        ],
    )
    def test_of_a_bad_file_say_what_is_wrong_with_the_whole(self, tmp_path, text):
        path = written(tmp_path / "D.json", text)
        with pytest.raises(LabError) as error:
            read_json(path)
        refused(str(error.value), by_parts, path, lists, 5)
