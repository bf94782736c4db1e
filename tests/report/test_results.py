"""The schema of `results.json`, which is made from its types."""

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from gradcam_lab.report.results import OLD_STEP, SCHEMA, STEP, read_results, schema
from tests import synthetic_run

SAMPLE = Path(__file__).parents[2] / "report" / "sample" / "results.json"
VALIDATOR = jsonschema.Draft202012Validator(schema())


def test_the_schema_is_valid_and_names_itself():
    VALIDATOR.check_schema(schema())
    assert schema()["$id"] == SCHEMA


def test_the_module_prints_the_schema():
    printed = subprocess.run(
        [sys.executable, "-m", "gradcam_lab.report.results"], capture_output=True, check=True, text=True
    )
    assert json.loads(printed.stdout) == schema()


@pytest.mark.skipif(not SAMPLE.is_file(), reason="the sample is in the repository only")
def test_the_sample_keeps_to_it():
    VALIDATOR.validate(json.loads(SAMPLE.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "content",
    [
        synthetic_run.results(),
        synthetic_run.plain(),
        synthetic_run.older(synthetic_run.results()),
        synthetic_run.without(*synthetic_run.YOUNG, quick=True),
        {**synthetic_run.results(), "course": None, "answers": {}, "cam_vs_gradcam": None, "all_classes": None},
    ],
    ids=["whole", "plain", "older", "quick", "none"],
)
def test_the_invented_runs_of_the_tests_keep_to_it(content):
    VALIDATOR.validate(content)


def test_a_run_of_an_older_version_is_read_under_todays_names(tmp_path):
    content = synthetic_run.results()
    text = json.dumps(content)
    old = text.replace(f'"{STEP}"', f'"{OLD_STEP}"').replace('"ap": "area"', '"method": "area"')
    (tmp_path / "results.json").write_text(old, encoding="utf-8")
    assert STEP in text
    assert '"ap": "area"' in text
    assert read_results(tmp_path) == content


ENTRY = {"points": 1, "possible": 10, "passed": ["2.1"], "stub": True}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda r: r.pop("table"),
        lambda r: r.update(table=[]),
        lambda r: r.update(surprise=1),
        lambda r: r.update(schema="gradcam-lab/results/2"),
        lambda r: r["table"][0]["scores"]["0.5"].update(ap=1.5),
        lambda r: r["table"][0]["scores"]["0.5"].pop("ap_worst_order"),
        lambda r: r["table"][0]["scores"].update(mean=r["table"][0]["scores"]["0.5"]),
        lambda r: r["table"][0].update(scores={}),
        lambda r: r["table"][0].update(kind="best"),
        lambda r: r["run"].update(surprise=1),
        lambda r: r["run"].update(limit=0),
        lambda r: r["run"].update(precision="int8"),
        lambda r: r["run"]["method"].update(find="guess"),
        lambda r: r["run"]["parameters"].update(iou_thresholds=[0.5, 0.5]),
        lambda r: r["provenance"].update(weights_sha256="unknown"),
        lambda r: r["provenance"].update(command="rm"),
        lambda r: r["provenance"]["code_sha256"].pop("step1_cam"),
        lambda r: r["implementation"].update(step1_cam="yours"),
        lambda r: r["course"]["step2_gradcam"].pop("stub"),
        lambda r: r["course"].update({"second": ENTRY}),
        lambda r: r["answers"].update({"3.x": {"question": "", "answer": ""}}),
        lambda r: r["data"]["splits"]["test"].update(images=0),
        lambda r: r["classifier"].update(classes={}),
        lambda r: r["top5"]["predictions"][0].append(1),
        lambda r: r["top5"].update(predictions=[["dog", 3, 0.1]] * 6),
        lambda r: r["cam_vs_gradcam"].update(mean_cosine=1.1),
        lambda r: r["leads"]["Grad-CAM"]["0.3"].update(ap=2),
        lambda r: r["failures"]["counts"].pop("head only"),
        lambda r: r["methods"]["rows"][0].update(cost=0),
        lambda r: r["segmentation"]["curve"].pop("test"),
        lambda r: r["truth"].pop("pointing"),
        lambda r: r["throughput"]["rows"][0].update(way="int4"),
        lambda r: r["throughput"].pop("int8_problem"),
        lambda r: r["truth"]["max_box_acc"]["Grad-CAM"].update(oracle=False),
    ],
)
def test_what_does_not_keep_to_it_is_refused(spoil: Callable[[dict[str, Any]], Any]):
    content = copy.deepcopy({**synthetic_run.results(), "course": {"step2_gradcam": ENTRY}, "answers": {}})
    VALIDATOR.validate(content)
    spoil(content)
    assert not VALIDATOR.is_valid(content)
