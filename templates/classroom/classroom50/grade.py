"""Grades a student's checkout of gradcam-lab, which is the working directory, for Classroom 50.

    python grade.py               write ./result.json and ./release-body.md: what an autograder.py has to leave
    python grade.py --setup       grade, and keep the result beside this file: the first test of tests.json
    python grade.py --check NAME  exit with 0 where this check passed, else print why not: all its other tests

The formats are those of the wiki of foundation50/classroom50: "Advanced Autograding" for an autograder.py and its
result.json (schema classroom50/result/v1), "Autograding Basics" for declarative tests. Only the standard library is
needed: gradcam-lab is taken from this interpreter, as in an image made for it, or installed beside this file.
"""

import datetime
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
KEPT = HERE / "graded.json"
INDEX = "@INDEX@"  # the wheel index of torch's CPU build; empty for where pip takes everything


def main(words: list[str]) -> int:
    """Do what the command line says."""
    if words[:1] == ["--check"]:
        return say(words[1])
    graded = grade()
    if words != ["--setup"]:
        write_result(graded)
    return 0


def grade() -> dict[str, Any]:
    """Grade the working directory."""
    KEPT.unlink(missing_ok=True)
    command = [python(), "-P", "-m", "gradcam_lab.course.platforms.checkout"]
    subprocess.run([*command, str(Path.cwd()), str(HERE / "settings.json"), str(KEPT)], check=True)
    return json.loads(KEPT.read_text(encoding="utf-8"))


def python() -> str:
    """The interpreter that has gradcam-lab."""
    if importlib.util.find_spec("gradcam_lab"):
        return sys.executable
    place = HERE / "venv"
    own = place / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not (place / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
        pip = [str(own), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        pinned = ["--constraint", str(HERE / "constraints.txt")]
        index = ["--index-url", INDEX] if INDEX else []
        subprocess.run([*pip, *pinned, "--no-deps", *index, "torch", "torchvision"], check=True)
        subprocess.run([*pip, *pinned, *map(str, HERE.glob("gradcam_lab-*.whl"))], check=True)
        (place / "installed").touch()
    return str(own)


def say(name: str) -> int:
    """Print why a check did not pass; return its exit code."""
    checks = {check["check"]: check for check in json.loads(KEPT.read_text(encoding="utf-8"))["checks"]}
    if not checks[name]["passed"]:
        print(checks[name]["output"])
    return 0 if checks[name]["passed"] else 1


def write_result(graded: dict[str, Any]) -> None:
    """Write result.json, with a test for each task, and the page that the student reads."""
    tasks: dict[str, dict[str, Any]] = {}
    for check in graded["checks"]:
        name = f"{check['task']} {check['title']}"
        task = tasks.setdefault(name, {"test-name": name, "passed": True, "score": 0, "max-score": 0, "output": ""})
        task["max-score"] += check["points"]
        task["score"] += check["points"] if check["passed"] else 0
        task["passed"] = task["passed"] and check["passed"]
        task["output"] = task["output"] or check["output"]
    now = datetime.datetime.now(datetime.UTC)
    result = {
        "schema": "classroom50/result/v1",
        "classroom": os.environ["CLASSROOM"],
        "assignment": os.environ["ASSIGNMENT"],
        "submission": os.environ["SUBMISSION_TAG"],
        "commit": os.environ["COMMIT_URL"],
        "release": os.environ["RELEASE_URL"],
        "review": os.environ.get("REVIEW_URL") or os.environ["COMMIT_URL"],
        "datetime": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "score": sum(task["score"] for task in tasks.values()),
        "max-score": sum(task["max-score"] for task in tasks.values()),
        "tests": list(tasks.values()),
    }
    Path("result.json").write_text(json.dumps(result, indent=2), encoding="utf-8")
    Path("release-body.md").write_text(body(result, [graded["problem"], *graded["notes"]]), encoding="utf-8")


def body(result: dict[str, Any], notes: list[str]) -> str:
    """The page of a submission: the points, a row for each task, and the reason of each lost point."""
    lines = [f"### gradcam-lab: {result['score']} of {result['max-score']} points", "", *filter(None, notes), ""]
    lines += ["| task | points |", "| --- | --- |"]
    lines += [f"| {test['test-name']} | {test['score']}/{test['max-score']} |" for test in result["tests"]]
    for test in result["tests"]:
        if test["output"]:
            indented = "\n".join(f"    {line}" for line in test["output"].splitlines())
            lines += ["", f"**{test['test-name']}**", "", indented]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
