"""Tables of boxes: the names that files give to images."""

from pathlib import PurePosixPath

from hypothesis import given, settings
from hypothesis import strategies as st

from gradcam_lab.data.box_files.tables import stem_of


class TestStem:
    @settings(max_examples=500)
    @given(st.text("ab./ é", max_size=8))
    def test_is_that_of_pathlib(self, file):
        assert stem_of(file) == PurePosixPath(file).stem
