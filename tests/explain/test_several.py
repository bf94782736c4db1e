"""explain and predict of several images: names as of one, a bad one left out, and the count at the end."""

import io
import json
import sys

import pytest

from gradcam_lab.errors import LabError
from gradcam_lab.explain.explain_image import explain, explain_photos
from gradcam_lab.explain.predict import predict, predict_photos
from gradcam_lab.models import zoo
from gradcam_lab.models.model_choice import ModelChoice
from tests.explain.pictures import noise, save

CHOICE = ModelChoice()


@pytest.fixture
def photos(tmp_path, resnet, monkeypatch):
    """Three photos, of which the second is none."""
    monkeypatch.setattr(zoo, "load_chosen", lambda choice: resnet)
    folder = tmp_path / "photos"
    folder.mkdir()
    save(folder / "1.png", noise(30, 40))
    (folder / "2.jpg").write_bytes(b"no photo")
    save(folder / "10.png", noise(40, 30))
    return folder


def test_each_has_the_files_that_it_has_alone(photos, tmp_path, capsys):
    with pytest.raises(LabError, match=r"^1 of 3 photos could not be used and were left out\.$"):
        explain_photos([str(photos)], choice=CHOICE, out=tmp_path / "out", classes=["dog"])
    said = capsys.readouterr()
    assert said.err.startswith(f"Skipped: The image '{photos / '2.jpg'}' is broken, truncated or no JPEG")
    for path in (photos / "1.png", photos / "10.png"):
        for file in explain(path, choice=CHOICE, out=tmp_path / "alone", classes=["dog"]):
            assert str(tmp_path / "out" / file.name) in said.out.splitlines()
            if file.suffix != ".npz":  # which holds the time
                assert (tmp_path / "out" / file.name).read_bytes() == file.read_bytes()
    lines = said.out.splitlines()
    assert lines.index(f"{photos / '1.png'}:") < lines.index(f"{photos / '10.png'}:")
    assert sum(line.startswith("layer4: ") for line in lines) == 1


def test_one_photo_that_is_bad_is_the_commands_own_error(photos, tmp_path, capsys):
    for command in (explain_photos, predict_photos):
        more = {"out": tmp_path / "out"} if command is explain_photos else {}
        with pytest.raises(LabError, match=r"2\.jpg' is broken, truncated .*: give another\.$"):
            command([str(photos / "2.jpg")], choice=CHOICE, **more)
    assert capsys.readouterr() == ("", "")


def test_a_misspelt_one_is_told_before_the_network_is_loaded(photos, tmp_path, monkeypatch):
    monkeypatch.setattr(zoo, "load_chosen", lambda choice: pytest.fail("loaded"))
    for command in (explain_photos, predict_photos):
        more = {"out": tmp_path / "out"} if command is explain_photos else {}
        with pytest.raises(LabError, match="There is no file or folder"):
            command([str(photos / "1.png"), str(photos / "11.png")], choice=CHOICE, **more)


def test_json_of_several_is_a_list_and_of_one_is_none(photos, capsys, monkeypatch):
    predict_photos([str(photos / "1.png")], choice=CHOICE, json=True)
    one = capsys.readouterr().out
    assert json.loads(one) == json.loads(predict(photos / "1.png", choice=CHOICE, json=True))
    with pytest.raises(LabError, match="1 of 3 photos"):
        predict_photos([str(photos)], choice=CHOICE, json=True)
    listed = json.loads(capsys.readouterr().out)
    assert [row["image"] for row in listed] == [str(photos / "1.png"), str(photos / "10.png")]
    assert listed[0] == json.loads(one)
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{photos / '1.png'}\n"))
    predict_photos(["-"], choice=CHOICE, json=True)
    assert json.loads(capsys.readouterr().out) == listed[:1]


def test_json_is_a_list_also_where_every_photo_is_bad(photos, capsys):
    (photos / "3.jpg").write_bytes(b"")
    with pytest.raises(LabError, match="2 of 2 photos"):
        predict_photos([str(photos / "2.jpg"), str(photos / "3.jpg")], choice=CHOICE, json=True)
    assert json.loads(capsys.readouterr().out) == []


def test_tables_of_several_stand_apart(photos, capsys):
    predict_photos([str(photos / "1.png"), str(photos / "10.png")], choice=CHOICE, k=2)
    first, second = (predict(photos / name, choice=CHOICE, k=2) for name in ("1.png", "10.png"))
    assert capsys.readouterr().out == f"{first}\n\n{second}\n"


def test_one_that_is_set_against_its_own_class_is_left_out(photos, tmp_path, resnet, capsys):
    best = json.loads(predict(photos / "1.png", choice=CHOICE, json=True))["predictions"][0]["name"]
    with pytest.raises(LabError, match=r"of 2 photos could not be used"):
        explain_photos(
            [str(photos / "1.png"), str(photos / "10.png")], choice=CHOICE, out=tmp_path / "out", against=best
        )
    assert "overlap" in capsys.readouterr().err
