"""The variables of the templates."""

from typing import Any

import pytest

from gradcam_lab.report.text.facts import (
    answer_allowed,
    compared_with_centre,
    failure_kinds,
    flat,
    mean_ap_at,
    read_top5,
    template_variables,
)
from tests.synthetic_run import older, results, table


def content() -> Any:
    return results()


def test_outside_a_workspace_all_answers_are_allowed():
    entry: Any = {"points": 0, "possible": 9, "passed": [], "stub": False}
    assert answer_allowed(None, {}, "5.5")
    assert answer_allowed({"step5_segmentation": entry}, {}, "5.5")


def test_in_a_workspace_an_answer_waits_for_the_students():
    entry: Any = {"points": 0, "possible": 9, "passed": [], "stub": True}
    assert not answer_allowed({"step5_segmentation": entry}, {}, "5.5")
    passed: Any = {**entry, "passed": ["5.5"]}
    assert answer_allowed({"step5_segmentation": passed}, {}, "5.5")
    assert answer_allowed({"step5_segmentation": entry}, {"5.5": {"question": "Why?", "answer": "So."}}, "5.5")
    with pytest.raises(StopIteration):
        answer_allowed({"step5_segmentation": entry}, {}, "6.5")


def test_older_runs_are_plain_grad_cam():
    run: Any = older(results())
    found = template_variables(run)
    assert found["method"]["name"] == "gradcam"
    assert found["us"] == "Grad-CAM"
    assert (found["methods"], found["segmentation"], found["faithfulness"], found["leads"]) == (None, None, None, {})


def test_the_better_scored_centre_box_is_the_rival():
    rows: Any = table()
    found = compared_with_centre(rows, rows[0], "0.3")
    assert found is not None
    assert (found["name"], found["ours"], found["theirs"]) == ("C: scored centre box, s=0.5", 0.72, 0.52)
    assert compared_with_centre(rows[:2], rows[0], "0.3") is None


def test_the_mean_ap_is_that_of_the_nearest_threshold():
    assert mean_ap_at([0.1, 0.2, 0.3], [1, 2, 3], 0.2000001) == 2


def test_the_top_five_are_judged_where_the_names_are_the_datas():
    top5 = content()["top5"]
    found = read_top5(top5, {"boat", "car", "cat", "dog", "horse"})
    assert found["comparable"]
    assert found["top_is_right"]
    assert found["extra"] == [["cat", 2, 0.62]]
    assert not read_top5(top5, {"dog"})["comparable"]


def test_the_most_frequent_kind_of_failure_comes_first():
    kinds = failure_kinds({"missed": 1, "context": 5})
    assert [(kind["name"], kind["count"]) for kind in kinds[:2]] == [("context", 5), ("missed", 1)]
    assert len(kinds) == 4


def test_a_dictionary_becomes_rows_of_text():
    assert flat({"a": {"b": 0.1234567, "c": [1, 2]}, "d": None}) == [
        ("a.b", "0.123457"),
        ("a.c", "1, 2"),
        ("d", "None"),
    ]
