"""`gradcam-lab` alone and `gradcam-lab status`, without running anything."""

import json
import re
import subprocess
import sys

from gradcam_lab.course.judging.verdicts import Status
from gradcam_lab.course.workspace import status as where
from tests.course.workspace.helpers import record, status_lines
from tests.students import answers, line_with, write


def test_inside_without_running_anything(root, monkeypatch, capsys):
    write(root, 2, "2.1")
    record(root, {"2.1": Status.passed, "2.2": Status.not_started})
    (root / "notes").mkdir()
    monkeypatch.chdir(root / "notes")
    where.where()
    out = capsys.readouterr().out.splitlines()
    line = line_with(root / "step1_cam.py", "task 1.1:")
    assert out == [
        "Workspace 'my lab'.",
        "Step 1: 0/7 points.",
        "Step 2: 1/12 points.",
        "Step 3: 0/10 points.",
        "Step 4: 0/12 points.",
        "Step 5: 0/8 points.",
        "Step 6: 0/9 points.",
        "Together: 1/58 points.",
        f"Next: task 1.1, step1_cam.py line {line}. Stuck? gradcam-lab hint 1.1",
    ]


def test_an_answer_that_is_too_short_says_so(root, capsys):
    (root / "answers.md").write_text(
        answers({"1.5": "The dog's head.", "2.8": " ".join(f"word{number}" for number in range(20))}), encoding="utf-8"
    )
    where.status()
    out = capsys.readouterr().out
    assert re.search(r"^ +1\.5 .* too short \(3 of 20 words\) +0/2$", out, re.MULTILINE)
    assert re.search(r"^ +2\.8 .* answered +2/2$", out, re.MULTILINE)
    assert out.count("too short") == 1


def test_a_newer_course_is_mentioned(root, capsys):
    (root / ".gradcam-lab" / "stubs" / "step1_cam.py").write_text("old", encoding="utf-8")
    where.where()
    assert "gradcam-lab upgrade" in capsys.readouterr().out


def test_outside(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    where.where()
    assert capsys.readouterr().out.splitlines()[-1] == "Next: gradcam-lab start my-lab"


def test_beside_a_workspace(root, monkeypatch, capsys):
    monkeypatch.chdir(root.parent)
    where.where()
    assert capsys.readouterr().out.splitlines()[-1] == "Next: cd 'my lab', then gradcam-lab"


def test_status_as_json(root, capsys):
    write(root, 2, "2.1")
    answer = json.loads("\n".join(status_lines(capsys, json=True)))
    assert [step["number"] for step in answer["steps"]] == [1, 2, 3, 4, 5, 6]
    assert [step["changed"] for step in answer["steps"]] == [False, True, False, False, False, False]
    assert (answer["points"], answer["possible"]) == (0, 58)


def test_torch_and_matplotlib_are_not_imported_for_it(root):
    code = (
        "import sys; from gradcam_lab.course.workspace import check, start, status; "
        "status.where(); status.status(); "
        "sys.exit(bool({'torch', 'matplotlib', 'pytest', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
