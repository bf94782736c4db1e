"""Classroom 50, run as its runner does it, by the formats of its wiki and its schemas."""

import json
import os
import shutil
import subprocess
import sys

import jsonschema
import pytest

from gradcam_lab.course.grading.grades import coded_possible, coded_tasks
from tests.commands import lab
from tests.course.grading.submitted import put

TEXT = {"type": "string", "minLength": 1}
COUNT = {"type": "integer", "minimum": 0}
TIME = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$"}
RESULT = {
    "type": "object",
    "additionalProperties": False,
    "required": [
        *("schema", "classroom", "assignment", "assignment_type", "owner", "submission", "commit", "release", "review"),
        *("datetime", "score", "max-score", "tests"),
    ],
    "properties": {
        "schema": {"const": "classroom50/result/v1"},
        **dict.fromkeys(("classroom", "assignment", "owner", "commit", "release", "review"), TEXT),
        "assignment_type": {"enum": ["individual", "group"]},
        "submission": {"type": "string", "pattern": "^submit/"},
        "datetime": TIME,
        "graded_at": TIME,
        "score": COUNT,
        "max-score": COUNT,
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["test-name", "passed", "score", "max-score"],
                "properties": {
                    "test-name": TEXT,
                    "passed": {"type": "boolean"},
                    "score": COUNT,
                    "max-score": COUNT,
                },
            },
        },
        "submitted_by": {"type": "object"},
    },
}
"""The form of result.json (result-v1)."""

TESTS = {
    "type": "array",
    "maxItems": 100,
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["name", "type", "run"],
        "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[^\\u0000-\\u001f\\u007f]+$"},
            "type": {"const": "run"},
            "run": TEXT,
            "timeout": {"type": "integer", "minimum": 0, "maximum": 600},
            "points": {"type": "integer", "minimum": 0, "maximum": 1000},
        },
    },
}
"""The form of a file of declarative tests of the type "run" (the items of tests-v1)."""

LARGEST = 10 * 1024 * 1024
"""Bytes of a bundle that the runner fetches."""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("classroom50")
    assert lab("classroom", "classroom50", "--out", folder, "--seed", 7).code == 0
    return folder


def environment(bundle):
    """What the runner provides."""
    tag = "submit/2026-12-01T10-00-00Z-abc1234"
    url = "https://host/o/r"
    given = {"CLASSROOM": "vision", "ASSIGNMENT": "lab", "SUBMISSION_TAG": tag, "COMMIT_URL": f"{url}/commit/1"}
    given |= {"RELEASE_URL": f"{url}/releases/1", "REVIEW_URL": f"{url}/compare/1", "OWNER": "ada"}
    return {**os.environ, **given, "CLASSROOM50_BUNDLE_DIR": str(bundle)}


@pytest.fixture(scope="module")
def graded(made, one_step, tmp_path_factory):
    """A checkout that autograder.py has graded, the bundle, and the result as the runner completes it."""
    bundle = shutil.copytree(made / "bundle", tmp_path_factory.mktemp("runtime") / "lab")
    shutil.copy(made / "autograder.py", bundle)
    checkout = put(tmp_path_factory.mktemp("checkout"), {**one_step, ".github/workflows/x.yml": "", "README.md": "x"})
    done = subprocess.run([sys.executable, bundle / "autograder.py"], cwd=checkout, env=environment(bundle))
    assert done.returncode == 0
    result = json.loads((checkout / "result.json").read_text(encoding="utf-8"))
    stamped = {"owner": "ada", "assignment_type": "individual", "graded_at": result["datetime"]}
    return checkout, bundle, {**result, **stamped}


def test_the_autograder_leaves_a_valid_result(graded, expected):
    checkout, _, result = graded
    jsonschema.validate(result, RESULT)
    assert (result["score"], result["max-score"]) == (expected, coded_possible())
    assert result["score"] == sum(test["score"] for test in result["tests"])
    assert [test["test-name"].split()[0] for test in result["tests"]] == [task.id for _, task in coded_tasks()]
    assert (result["classroom"], result["submission"][:7]) == ("vision", "submit/")
    body = (checkout / "release-body.md").read_text(encoding="utf-8")
    assert f"{expected} of {coded_possible()} points" in body
    assert "likely: " in body


def test_the_declarative_tests_give_the_same_points(made, graded, expected, bash):
    """Each command runs in a shell of its own in the checkout; those of one step are enough."""
    checkout, bundle, _ = graded
    tests = json.loads((made / "tests.json").read_text(encoding="utf-8"))
    jsonschema.validate(tests, TESTS)
    assert len({test["name"] for test in tests}) == len(tests)
    assert sum(test["points"] for test in tests) == coded_possible()
    assert (tests[0]["name"], tests[0]["points"]) == ("setup", 0)
    python = put(bundle / "bin", {"python3": f'#!/bin/sh\nexec "{sys.executable}" "$@"\n'}) / "python3"
    python.chmod(0o755)
    env = environment(bundle)
    env["PATH"] = f"{python.parent}:{env['PATH']}"
    score = 0
    for test in tests:
        if test["name"].startswith("1."):
            done = subprocess.run(test["run"], shell=True, cwd=checkout, env=env, capture_output=True, text=True)
            assert done.returncode in (0, 1)
            assert bool(done.stdout) == bool(done.returncode)
            score += 0 if done.returncode else test["points"]
    assert score == expected


def test_the_set_up_test_grades_an_empty_checkout_too(made, tmp_path):
    bundle = shutil.copytree(made / "bundle", tmp_path / "bundle")
    (tmp_path / "checkout").mkdir()
    command = [sys.executable, bundle / "grade.py", "--setup"]
    assert subprocess.run(command, cwd=tmp_path / "checkout", env=environment(bundle)).returncode == 0
    graded = json.loads((bundle / "graded.json").read_text(encoding="utf-8"))
    assert (graded["points"], graded["problem"]) == (0, "There is nothing in it.")
    assert {check["output"] for check in graded["checks"]} == {"There is nothing in it."}
    assert not (tmp_path / "checkout" / "result.json").exists()


def test_the_bundle_is_small_enough_and_the_runtime_has_a_python(made):
    assert sum(path.stat().st_size for path in (made / "bundle").iterdir()) < LARGEST
    runtime = json.loads((made / "runtime.json").read_text(encoding="utf-8"))
    assert tuple(map(int, runtime["python"].split("."))) >= (3, 11)


def test_an_image_is_the_runtime(tmp_path):
    assert lab("classroom", "classroom50", "--out", tmp_path, "--image", "me/lab:1").code == 0
    assert json.loads((tmp_path / "runtime.json").read_text()) == {"container": {"image": "me/lab:1", "user": "root"}}


def test_made_again_there_is_one_wheel(made):
    put(made / "bundle", {"gradcam_lab-0.0.1-py3-none-any.whl": ""})
    assert lab("classroom", "classroom50", "--out", made, "--seed", 7).code == 0
    assert len(list((made / "bundle").glob("*.whl"))) == 1
