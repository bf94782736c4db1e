"""Gradescope's autograder, laid out and run as its "Autograder Specifications" say, here by this interpreter."""

import json
import os
import re
import subprocess
import sys
import zipfile
from importlib import metadata

import jsonschema
import pytest

from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.grading.grades import coded_possible, coded_tasks
from gradcam_lab.course.platforms import gradescope, pins
from tests.commands import lab, refused
from tests.course.grading.submitted import pack, put, solved

VISIBILITY = {"enum": ["hidden", "after_due_date", "after_published", "visible"]}
TEXTS = {"type": "string"}
TEST = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "score": {"type": "number", "minimum": 0},
        "max_score": {"type": "number", "minimum": 0},
        "status": {"enum": ["passed", "failed"]},
        "name": TEXTS,
        "number": TEXTS,
        "output": TEXTS,
        "tags": {"type": "array"},
        "visibility": VISIBILITY,
        "extra_data": {"type": "object"},
    },
}
RESULTS = {
    "type": "object",
    "additionalProperties": False,
    "required": ["score", "tests"],
    "properties": {
        "score": {"type": "number", "minimum": 0},
        "execution_time": {"type": "number"},
        "output": TEXTS,
        "visibility": VISIBILITY,
        "stdout_visibility": VISIBILITY,
        "extra_data": {"type": "object"},
        "tests": {"type": "array", "items": TEST},
        "leaderboard": {"type": "array"},
    },
}
"""The documented form of results.json."""


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    words = (
        "--index",
        "https://wheels/cpu",
        "--seed",
        7,
        "--visibility",
        "after_due_date",
        "--visibility",
        "1.1=visible",
    )
    done = lab("classroom", "gradescope", "--out", folder, *words, "--visibility", "1.1=visible")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [str(folder / "README.md"), str(folder / "autograder.zip")]
    return folder / "autograder.zip"


@pytest.fixture
def root(archive, tmp_path):
    """What Gradescope makes of the zip: its content in source, and its program at the top."""
    with zipfile.ZipFile(archive) as made:
        made.extractall(tmp_path / "source")
        for info in made.infolist():
            (tmp_path / "source" / info.filename).chmod(info.external_attr >> 16 & 0o777 or 0o644)
    (tmp_path / "run_autograder").write_bytes((tmp_path / "source" / "run_autograder").read_bytes())
    (tmp_path / "submission").mkdir()
    return tmp_path


def run(root, bash, python=sys.executable):
    """Run it, and return the result, which is of the documented form."""
    environment = {**os.environ, "AUTOGRADER_ROOT": str(root), "AUTOGRADER_PYTHON": python}
    done = subprocess.run([bash, root / "run_autograder"], cwd=root, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    result = json.loads((root / "results" / "results.json").read_text(encoding="utf-8"))
    jsonschema.validate(result, RESULTS)
    return result


def test_a_zip_in_the_submission_is_graded(root, bash, one_step, expected):
    pack(root / "submission" / "my lab.zip", {f"my-lab/{name}": text for name, text in one_step.items()})
    put(root / "submission", {"readme.txt": "see the zip"})
    put(root, {"submission_metadata.json": json.dumps({"users": [{"name": "Ada"}, {"name": "Bob"}]})})
    result = run(root, bash)
    assert (result["score"], result["extra_data"]["student"]) == (expected, "Ada and Bob")
    assert sum(test["score"] for test in result["tests"]) == expected
    assert sum(test["max_score"] for test in result["tests"]) == coded_possible()
    seen = {test["name"].split()[0]: test["visibility"] for test in result["tests"]}
    assert seen == {task.id: "visible" if task.id == "1.1" else "after_due_date" for _, task in coded_tasks()}
    wrong = next(test for test in result["tests"] if test["name"].startswith(all_steps()[0].wrong_answers[0].task))
    assert "likely: " in wrong["output"]
    assert result["extra_data"]["seed"] == 7
    assert 0 < result["execution_time"] < 60


@pytest.mark.parametrize("content", ["nothing", "a web page", "no folder"])
def test_a_submission_without_work_has_a_valid_result(root, bash, content):
    if content == "a web page":
        put(root / "submission", {"lab.zip": "<html>"})
    elif content == "no folder":
        (root / "submission").rmdir()
    result = run(root, bash)
    words = {
        "nothing": "nothing in it",
        "a web page": "In lab.zip: This is a web page",
        "no folder": "neither a folder",
    }
    assert result["score"] == 0
    assert {test["output"].partition(words[content])[1] for test in result["tests"]} == {words[content]}


def test_step_files_count_and_not_what_lies_beside_them(root, quick):
    put(root / "submission", solved())
    put(root / "submission" / "old", {all_steps()[0].file: "# wrong 1.1"})
    pack(root / "submission" / "backup.zip", {all_steps()[0].file: "# wrong 1.1"})
    gradescope.main(root)
    result = json.loads((root / "results" / "results.json").read_text(encoding="utf-8"))
    jsonschema.validate(result, RESULTS)
    assert result["score"] == coded_possible()


def test_without_its_python_there_is_a_valid_result_too(root, bash):
    put(root / "results", {"results.json": '{"score": 46, "tests": []}'})
    result = run(root, bash, python="/no/such/python")
    assert result["score"] == 0
    assert "not your fault" in result["output"]


STUB = """#!/bin/sh
echo "$@" >> {log}
if [ "$2" = venv ]; then mkdir -p "$4/bin"; cp "$0" "$4/bin/python"; fi
"""


def test_the_set_up_installs_the_pinned_set_for_cpus_and_nothing_else(root, bash):
    """A Python that only writes down what it is asked to do stands in for the real one."""
    put(root / "bin", {"python3.14": STUB.format(log=root / "log")})
    (root / "bin" / "python3.14").chmod(0o755)
    environment = {"PATH": f"{root / 'bin'}:/usr/bin:/bin", "AUTOGRADER_ROOT": str(root)}
    done = subprocess.run([bash, root / "source" / "setup.sh"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    log = (root / "log").read_text().replace(str(root), "ROOT").splitlines()
    pip = "-m pip --disable-pip-version-check install --quiet --no-cache-dir --constraint ROOT/source/constraints.txt"
    (wheel,) = [path.name for path in (root / "source").glob("*.whl")]
    assert log[1:] == [
        "-m venv --clear ROOT/venv",
        f"{pip} --no-deps --index-url https://wheels/cpu torch torchvision",
        f"{pip} ROOT/source/{wheel}",
    ]
    assert "sys.version_info < (3, 11)" in log[0]


def test_its_programs_can_be_run(archive):
    with zipfile.ZipFile(archive) as made:
        modes = {info.filename: info.external_attr >> 16 & 0o111 for info in made.infolist()}
    assert {name for name, mode in modes.items() if mode} == {"setup.sh", "run_autograder"}


def test_what_only_a_gpu_needs_is_not_pinned(monkeypatch):
    wanted = {"gradcam-lab": ["torch>=2", "ruff; extra == 'test'", "away"], "torch": ["triton", "nvidia-x", "Sym_Py"]}
    versions = {"torch": "2.9.1+cu130", "triton": "3", "nvidia-x": "1", "sym-py": "1.14", "ruff": "1"}

    def version(name):
        if name not in versions:
            raise metadata.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(pins.metadata, "requires", lambda name: wanted.get(name))
    monkeypatch.setattr(pins.metadata, "version", version)
    assert pins.as_constraints() == "sym-py==1.14\ntorch==2.9.1\n"


def test_the_pins_are_what_grading_needs(root):
    lines = (root / "source" / "constraints.txt").read_text().splitlines()
    assert lines == pins.as_constraints().splitlines()
    assert all(re.fullmatch(r"[a-z0-9.-]+==[0-9][a-z0-9.]*", line) for line in lines)
    names = {line.partition("==")[0] for line in lines}
    assert {"torch", "torchvision", "numpy", "py7zr", "jinja2", "markupsafe"} <= names
    assert not [name for name in names if name in ("ruff", "mypy", "hypothesis") or name.startswith(("nvidia", "cuda"))]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [("secret", "is no visibility"), ("9.9=hidden", "no coded task '9.9'"), ("1.1=", "is no vis")],
)
def test_a_visibility_that_is_none_is_one_sentence(tmp_path, words, sentence):
    refused(lab("classroom", "gradescope", "--out", tmp_path / "x", "--visibility", words), sentence)
    assert not (tmp_path / "x").exists()
