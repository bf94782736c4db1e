"""predict: the table and the JSON."""

import json
from dataclasses import replace

import pytest

from gradcam_lab.explain.predict import predict
from gradcam_lab.models import imagenet
from gradcam_lab.models import zoo as models
from gradcam_lab.models.model_choice import ModelChoice
from tests.explain.pictures import CLASSES


def test_table(picture, resnet, monkeypatch):
    monkeypatch.setattr(models, "load_chosen", lambda choice: resnet)
    lines = predict(picture, choice=ModelChoice(), k=3).splitlines()
    assert lines[0] == "ein Größenwahn [1].jpg (90 x 60 pixels) as resnet18 sees it"
    assert len(lines) == 6
    assert lines[-1] == "(probabilities of classes that exclude each other: all 10 sum to 1)"


@pytest.fixture
def of_imagenet(resnet):
    names = ("Madagascar cat", "barrow", "prison", *imagenet.class_names()[:7])
    return replace(resnet, output_names=names, groups={name: (i,) for i, name in enumerate(names)})


def test_what_people_call_a_class_stands_beside_torchvisions_name(picture, of_imagenet, monkeypatch):
    monkeypatch.setattr(models, "load_chosen", lambda choice: of_imagenet)
    table = predict(picture, choice=ModelChoice(), k=10)
    assert "Madagascar cat / ring-tailed lemur  " in table
    assert "barrow / wheelbarrow  " in table
    rows = {
        row["name"]: row for row in json.loads(predict(picture, choice=ModelChoice(), k=10, json=True))["predictions"]
    }
    assert rows["barrow"]["simple_name"] == "wheelbarrow"
    assert rows["prison"]["simple_name"] is None


def test_json_agrees_with_the_network(picture, resnet, monkeypatch, photo):
    monkeypatch.setattr(models, "load_chosen", lambda choice: resnet)
    answer = json.loads(predict(picture, choice=ModelChoice(), k=99, json=True))
    rows = answer["predictions"]
    assert len(rows) == 10
    assert sum(row["probability"] for row in rows) == pytest.approx(1, abs=1e-5)
    assert rows == sorted(rows, key=lambda row: -row["probability"])
    assert all(row["name"] == CLASSES[row["index"]] for row in rows)
    assert rows[0]["index"] == photo.predicted().index
