"""MarkUs, run as the pytest tester of its autotester does: student's files and ours in one folder, marks by markers."""

import json
import shutil
import subprocess
import sys

import jsonschema
import pytest

from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.grading.grades import coded_possible, coded_tasks
from tests.commands import lab
from tests.course.grading.submitted import put

SPECS = {
    "type": "object",
    "required": ["testers"],
    "properties": {
        "testers": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["tester_type", "env_data", "test_data"],
                "properties": {
                    "tester_type": {"const": "py"},
                    "env_data": {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {
                            "python_version": {"enum": ["3.11", "3.12", "3.13"]},
                            "pip_requirements": {"type": "string"},
                            "pip_requirements_file": {"type": "string"},
                        },
                    },
                    "test_data": {
                        "type": "array",
                        "minItems": 1,
                        "items": {
                            "type": "object",
                            "additionalProperties": False,
                            "required": ["category", "script_files", "feedback_file_names"],
                            "properties": {
                                "category": {"type": "array"},
                                "script_files": {"type": "array", "minItems": 1},
                                "timeout": {"type": "integer"},
                                "feedback_file_names": {"type": "array"},
                                "extra_info": {"type": "object"},
                                "tester": {"const": "pytest"},
                                "output_verbosity": {"enum": ["", "short", "auto", "long", "no", "line", "native"]},
                            },
                        },
                    },
                },
            },
        }
    },
}
"""The form of the autotester's settings (PyTesterSettings)."""

TESTER = """
import json, sys, pytest

class Plugin:
    results = {}
    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item, call):
        rep = (yield).get_result()
        if rep.failed or (item.nodeid not in self.results and not rep.skipped and rep.when != "teardown"):
            self.results[item.nodeid] = {"name": item.nodeid, "failed": rep.failed,
                "errors": str(rep.longrepr) if rep.failed else "", "description": item.obj.__doc__}
        if not rep.skipped and rep.when == "teardown":
            for marker in item.iter_markers():
                if marker.name in ("markus_marks_total", "markus_marks_earned"):
                    self.results[item.nodeid][marker.name] = marker.args[0]

plugin = Plugin()
pytest.main([sys.argv[1], "--tb=short", "-q"], plugins=[plugin])
json.dump(list(plugin.results.values()), open(sys.argv[2], "w"))
"""
"""What the tester does with the results and the markers."""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("markus")
    assert lab("classroom", "markus", "--out", folder, "--seed", 7, "--index", "https://wheels/cpu").code == 0
    return folder


def run(made, texts, place):
    """The results of the tests: the student's files lie there first, and the teacher's are copied over them."""
    put(place / "work", texts)
    for path in (made / "files").iterdir():
        shutil.copy(path, place / "work")
    put(place, {"tester.py": TESTER})
    command = [sys.executable, place / "tester.py", "test_gradcam_lab.py", place / "results.json"]
    done = subprocess.run(command, cwd=place / "work", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads((place / "results.json").read_text())


def test_each_task_has_its_marks(made, one_step, expected, tmp_path):
    steering = {"conftest.py": "raise SystemExit", "pytest.ini": "[pytest]\naddopts = --co\n"}
    results = run(made, {**one_step, **steering}, tmp_path)
    assert len(results) == len(list(coded_tasks()))
    assert sum(result["markus_marks_total"] for result in results) == coded_possible()
    assert sum(result["markus_marks_earned"] for result in results) == expected
    for result in results:
        assert result["failed"] == (result["markus_marks_earned"] < result["markus_marks_total"])
        assert result["markus_marks_total"] > 0
        assert result["description"] is None
    wrong = next(result for result in results if f"[{all_steps()[0].wrong_answers[0].task} " in result["name"])
    assert "likely: " in wrong["errors"]
    assert "Traceback" not in wrong["errors"]


def test_the_settings_are_of_the_testers_form(made):
    specs = json.loads((made / "automated_test_specs.json").read_text(encoding="utf-8"))
    jsonschema.validate(specs, SPECS)
    (group,) = specs["testers"][0]["test_data"]
    names = {path.name for path in (made / "files").iterdir()}
    assert {*group["script_files"], specs["testers"][0]["env_data"]["pip_requirements_file"]} <= names
    first, *pins = (made / "files" / "requirements.txt").read_text().splitlines()
    assert first == "--extra-index-url https://wheels/cpu"
    assert all("==" in line for line in pins)
