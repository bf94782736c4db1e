"""The archive of a whole class."""

import io
import stat
import zipfile

import pytest

from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.grading.submissions import read
from gradcam_lab.course.submissions.archives.limits import Bounds
from gradcam_lab.course.submissions.class_archive import unpacked
from gradcam_lab.course.submissions.find import find
from gradcam_lab.errors import LabError
from tests.course.grading.submitted import pack, put
from tests.course.submissions.test_archives import KINDS

STEP = all_steps()[0].file


def test_a_folder_is_itself(tmp_path):
    assert unpacked(tmp_path) == tmp_path
    put(tmp_path, {"grades.csv": ""})
    assert unpacked(tmp_path / "grades.csv") == tmp_path / "grades.csv"
    assert unpacked(tmp_path / "none.zip") == tmp_path / "none.zip"


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_becomes_a_folder_beside_it_once(tmp_path, capsys, name):
    texts = {"assignment_9_export/submission_1/" + STEP: "x = 1", "assignment_9_export/submission_metadata.yml": "{}"}
    path = tmp_path / name.replace("ada", "class")
    path.write_bytes(KINDS[name](texts))
    folder = unpacked(path)
    assert folder == tmp_path / "class" / "assignment_9_export"
    (found,) = find(folder).submissions
    assert read(found.path, Bounds()) == {STEP: b"x = 1"}
    assert (folder / "submission_metadata.yml").read_text() == "{}"
    assert "was unpacked into" in capsys.readouterr().err
    with pytest.raises(LabError, match="is there already: grade that folder, or take it away"):
        unpacked(path)


def test_names_are_safe_and_links_are_left_out(tmp_path):
    link = zipfile.ZipInfo("ada_1_2_link.py")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr('a<b>:"c"|d?.txt', "x")
        archive.writestr("ends with a dot./x.py ", "y")
        archive.writestr(f"ada_1_3_{STEP}", "z")
    (tmp_path / "all.zip").write_bytes(stream.getvalue())
    folder = unpacked(tmp_path / "all.zip")
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert found == ["a_b___c__d_.txt", f"ada_1_3_{STEP}", "ends with a dot/x.py"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"Rar!\x1a\x07\x00", "all.zip': This is a RAR"), (b"x", "cannot be opened"), (None, "nothing in it")],
)
def test_what_cannot_be_read_leaves_nothing_behind(tmp_path, content, sentence):
    if content is None:
        pack(tmp_path / "all.zip", {})
    else:
        (tmp_path / "all.zip").write_bytes(content)
    with pytest.raises(LabError, match=sentence):
        unpacked(tmp_path / "all.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["all.zip"]


def test_a_path_that_leads_out_writes_nothing(tmp_path):
    pack(tmp_path / "in" / "all.zip", {"../evil.py": "x", STEP: ""})
    with pytest.raises(LabError, match="leads out of it"):
        unpacked(tmp_path / "in" / "all.zip")
    assert [path.name for path in tmp_path.rglob("*")] == ["in", "all.zip"]
