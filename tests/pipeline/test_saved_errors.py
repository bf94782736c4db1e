"""`evaluate --errors`: the kinds of errors as a table, a figure and JSON, of files in every format."""

import json

import pytest

from gradcam_lab.errors import LabError
from gradcam_lab.pipeline.saved_classes import Options, evaluate
from tests.saved_files import written

A, B = [1, 1, 100, 100], [301, 1, 400, 100]
TRUTH = {"a": [{"box": A, "difficult": False}, {"box": B, "difficult": True}]}
FOUND = {"a": [[*A, 0.8], [*B, 0.9], [601, 1, 700, 100, 0.7]]}


def ask(files, options, json=True):
    """Return what `evaluate` answers."""
    found, truth = files
    return evaluate(found, truth, options, json=json)


@pytest.fixture
def ours(tmp_path):
    written(tmp_path / "truth.json", TRUTH)
    written(tmp_path / "found.json", FOUND)
    return tmp_path / "found.json", tmp_path / "truth.json"


@pytest.fixture
def coco(tmp_path):
    """A dog that is called a cat, a cat that is found, a dog that is not, and a dog beside a crowd of dogs."""
    box = [0, 0, 100, 100]
    objects = [(1, 1, box, 0), (1, 2, [300, 0, 100, 100], 0), (2, 1, box, 0), (2, 1, [300, 0, 300, 300], 1)]
    written(
        tmp_path / "truth.json",
        {
            "images": [{"id": number, "file_name": f"{number}.jpg", "width": 900, "height": 900} for number in (1, 2)],
            "categories": [{"id": 1, "name": "dog"}, {"id": 2, "name": "cat"}],
            "annotations": [
                {"id": n, "image_id": i, "category_id": k, "bbox": b, "area": b[2] * b[3], "iscrowd": crowd}
                for n, (i, k, b, crowd) in enumerate(objects, 1)
            ],
        },
    )
    found = [(1, 2, box, 0.9), (1, 2, [300, 0, 100, 100], 0.8), (2, 1, [310, 10, 20, 20], 0.7)]
    written(
        tmp_path / "found.json",
        [{"image_id": i, "category_id": k, "bbox": b, "score": s} for i, k, b, s in found],
    )
    return tmp_path / "found.json", tmp_path / "truth.json"


def test_a_table_a_figure_and_json(ours, tmp_path):
    text = ask(ours, Options(iou=[0.5], bootstrap=0, errors=tmp_path / "new" / "errors"), json=False)
    scores, errors = text.split("\n\n")
    assert scores == ask(ours, Options(iou=[0.5], bootstrap=0), json=False)
    rows = {line[:16].strip(): line[16:].split() for line in errors.splitlines()[2:]}
    assert rows["background"] == ["1", "0.00"]
    assert [rows[kind][0] for kind in ("localisation", "duplicate", "missed", "false positive")] == ["0", "0", "0", "1"]
    assert (tmp_path / "new" / "errors" / "errors.svg").read_text(encoding="utf-8").startswith("<?xml")
    told = json.loads((tmp_path / "new" / "errors" / "errors.json").read_text(encoding="utf-8"))
    assert told["kinds"]["background"]["count"] == 1
    assert told["classes"]["object"]["objects"] == 1


def test_difficult_objects_count_where_it_is_asked_for(ours, tmp_path):
    options = Options(iou=[0.5], bootstrap=0, errors=tmp_path / "errors", count_difficult=True)
    errors = json.loads(ask(ours, options, json=True))["errors"]
    assert errors["classes"]["object"]["objects"] == 2
    assert errors["ap"] == 1


@pytest.mark.parametrize("protocol", [None, "coco"])
def test_several_classes(coco, tmp_path, protocol):
    options = Options(protocol=protocol, bootstrap=0, errors=tmp_path / "errors")
    answer = json.loads(ask(coco, options, json=True))
    errors = answer["errors"]
    assert errors["kinds"]["classification"] == {"count": 1, "dap": pytest.approx(0.5 - 0.25 + 51 / 101 / 2)}
    assert errors["kinds"]["missed"]["count"] == 1
    assert errors["classes"]["cat"]["counts"]["classification"] == 1
    assert errors["totals"]["false positive"]["count"] == 1  # what lies in the crowd is none
    assert answer == {
        **json.loads(ask(coco, Options(protocol=protocol, bootstrap=0), json=True)),
        "errors": errors,
    }
    table = ask(coco, options, json=False).splitlines()
    assert table[-1].split()[:3] == ["cat", "1", "50.00"]


def test_a_folder_that_cannot_be(ours, tmp_path):
    (tmp_path / "errors").write_text("a file", encoding="utf-8")
    with pytest.raises(LabError, match="errors"):
        ask(ours, Options(errors=tmp_path / "errors"), json=False)
