"""One file of a submission that cannot be read costs what needs it, and nothing else; in folders and in zips alike."""

import os
import stat
import zipfile

import pytest

from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.grading.grades import coded_possible
from gradcam_lab.course.grading.submissions import Bounds
from tests.course.grading.submitted import graded, put, solved

STEP = all_steps()[2]
LOST = sum(task.points for task in STEP.coded)
BOUNDS = Bounds(member=200_000)


def as_folder(place, name, kind):
    """Hand in a folder in which one file is not as it should be."""
    path = put(place, solved()) / name
    path.unlink()
    if kind == "link":
        path.symlink_to(place / all_steps()[0].file)
    elif kind == "too large":
        path.write_text("#" * 300_000)
    elif kind == "not UTF-8":
        path.write_bytes("# Gr\u00fc\u00dfe".encode("latin-1"))
    elif kind == "a folder":
        put(path, {"x.py": "x = 1"})
    elif kind == "a pipe":
        os.mkfifo(path)
    else:
        raise AssertionError(kind)


def as_zip(place, name, kind):
    """Hand in a zip in which one file is not as it should be."""
    place.parent.mkdir(parents=True, exist_ok=True)
    path = place.with_suffix(".zip")
    texts = solved()
    odd = zipfile.ZipInfo(name)
    content = {"too large": b"#" * 300_000, "not UTF-8": "# Gr\u00fc\u00dfe".encode("latin-1")}.get(kind, b"x" * 99)
    if kind == "link":
        odd.create_system, odd.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    if kind == "a folder":
        odd.filename = f"{name}/x.py"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(odd, content)
        for other in texts.keys() - {name}:
            archive.writestr(other, texts[other])
    data = bytearray(path.read_bytes())
    if kind == "encrypted":
        data[data.index(b"PK\x01\x02") + 8] |= 1  # the flag in the directory
    if kind == "damaged":
        start = data.index(b"x" * 99)
        data[start : start + 50] = bytes(50)
    path.write_bytes(data)


IN_FOLDERS = [(as_folder, kind) for kind in ("link", "too large", "not UTF-8", "a folder", "a pipe")]
IN_ZIPS = [(as_zip, kind) for kind in ("link", "too large", "not UTF-8", "a folder", "encrypted", "damaged")]
WORDS = {"too large": "is larger than", "a pipe": "a device", "encrypted": "is encrypted"}


@pytest.mark.parametrize(("hand_in", "kind"), IN_FOLDERS + IN_ZIPS)
@pytest.mark.parametrize("name", ["answers.md", STEP.file])
def test_it_costs_its_own_step_and_answers_cost_no_points_of_the_code(tmp_path, capsys, quick, hand_in, kind, name):
    if kind == "a pipe" and not hasattr(os, "mkfifo"):
        pytest.skip("there are no pipes in folders here")
    hand_in(tmp_path / "anna", name, kind)
    _, rows = graded(tmp_path, capsys, bounds=BOUNDS)
    lost = 0 if name == "answers.md" else LOST
    assert (rows["anna"]["problem"], rows["anna"]["points"]) == ("", coded_possible() - lost)
    (note,) = rows["anna"]["notes"]
    assert name in note
    assert WORDS.get(kind, kind) in note
    assert [cause.partition(": ")[2].startswith(note) for cause in rows["anna"]["causes"]] == [True] * bool(lost)


def test_a_module_that_cannot_be_read_costs_those_who_import_it(tmp_path, capsys, quick):
    files = {**solved(), STEP.file: f"import helpers\n{STEP.source}", "helpers.py": "#" * 300_000}
    put(tmp_path / "anna", {**files, "unused.py": "#" * 300_000})
    _, rows = graded(tmp_path, capsys, bounds=BOUNDS)
    assert rows["anna"]["points"] == coded_possible() - LOST
    assert rows["anna"]["notes"] == ["helpers.py is larger than 0.2 MB"]


def test_a_submission_without_one_step_file_that_can_be_read_has_a_problem(tmp_path, capsys, quick):
    put(tmp_path / "anna", {step.file: "#" * 300_000 for step in all_steps()})
    _, rows = graded(tmp_path, capsys, bounds=BOUNDS)
    assert rows["anna"]["problem"] == f"{all_steps()[0].file} is larger than 0.2 MB: it was not unpacked."
