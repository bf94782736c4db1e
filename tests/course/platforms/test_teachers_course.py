"""An autograder that was made with a teacher's course grades by it, where it runs."""

import json
import os
import subprocess
import sys
import zipfile

from tests.commands import lab
from tests.courses import solved_peaks, write_course


def test_an_autograder_grades_by_the_course_that_it_was_made_with(tmp_path):
    course = write_course(tmp_path / "c", 'steps = ["step7_peaks"]')
    (course / "step7_peaks.answers.md").write_text("secret", encoding="utf-8")
    assert lab("classroom", "markus", "--out", tmp_path / "out", "--course", course).code == 0
    files = tmp_path / "out" / "files"
    tasks = json.loads((files / "tasks.json").read_text(encoding="utf-8"))
    assert tasks == [{"task": "7.1", "title": "The hottest pixel", "points": 2}]
    (wheel,) = files.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert "gradcam_lab/lessons/own/step7_peaks.answers.md" not in archive.namelist()
        archive.extractall(tmp_path / "lab")
    (tmp_path / "submission").mkdir()
    wrong = solved_peaks().replace("heatmap.argmax", "abs(heatmap).argmax")
    (tmp_path / "submission" / "step7_peaks.py").write_text(wrong, encoding="utf-8")
    command = [sys.executable, "-P", "-m", "gradcam_lab.course.platforms.checkout"]
    paths = [tmp_path / "submission", files / "settings.json", tmp_path / "graded.json"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "lab")}
    subprocess.run([*command, *map(str, paths)], check=True, cwd=tmp_path, env=environment)
    graded = json.loads(paths[2].read_text(encoding="utf-8"))
    assert (graded["problem"], graded["points"], graded["possible"]) == ("", 1, 2)


def test_without_a_course_there_is_none_in_it(tmp_path):
    assert lab("classroom", "markus", "--out", tmp_path / "out").code == 0
    (wheel,) = (tmp_path / "out" / "files").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        own = [name for name in archive.namelist() if name.startswith("gradcam_lab/lessons/own/")]
    assert own == ["gradcam_lab/lessons/own/__init__.py"]
