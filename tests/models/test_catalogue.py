"""The list of networks: what is in it, and where their weights are."""

import csv
import json
import sys
from pathlib import Path

import pytest
import torch

from gradcam_lab.errors import LabError
from gradcam_lab.models import catalogue
from gradcam_lab.models.catalogue import COLUMNS, TABLE, list_models
from gradcam_lab.models.sources.torchvision_models import cached_file, torchvision_names
from tests.commands import lab
from tests.models.layers import builds


@pytest.fixture
def rows():
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


@pytest.fixture
def caches(tmp_path, monkeypatch):
    """Empty caches of torch and of Hugging Face."""
    from huggingface_hub import constants

    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hf"))
    return tmp_path


def listed(text=None):
    return {one["name"]: one for one in json.loads(list_models(text, json=True))["networks"]}


class TestTheTable:
    def test_every_network_of_torchvision_and_60_of_timms_of_25_families_were_tried(self, rows):
        assert set(rows) == set(builds.names())
        assert set(torchvision_names()) <= set(rows)
        of_timm = [row for name, row in rows.items() if name.startswith("timm:")]
        assert len(of_timm) >= 60
        assert len({row["family"] for row in of_timm}) >= 25

    def test_all_were_as_they_should_be(self, rows):
        assert {name: row["result"] for name, row in rows.items() if row["result"] != "ok"} == {}

    def test_its_columns(self, rows):
        for row in rows.values():
            assert tuple(row) == COLUMNS
            assert int(row["grid"]) > 1
            assert row["form"] in ("map", "channels last", "tokens")
            assert row["layer"]


class TestTheList:
    def test_it_has_each_network_once_with_what_was_measured(self, rows):
        networks = listed()
        of_timm = {name for name in rows if name.startswith("timm:")}
        assert set(networks) == {"embedded", *torchvision_names(), *of_timm}
        vit = networks["timm:vit_tiny_patch16_224"]
        assert (vit["size"], vit["grid"], vit["layer"], vit["form"]) == (224, 14, "blocks.11.norm1", "tokens")
        assert networks["resnet50"]["parameters"] == 25_557_032
        assert networks["embedded"]["weights"] == "built in"

    def test_a_text_is_part_of_a_name_however_it_is_written(self):
        assert set(listed("Swin-V2")) >= {"swin_v2_t", "swin_v2_s", "swin_v2_b", "timm:swinv2_tiny_window8_256"}
        assert all("swinv2" in name.replace("_", "") for name in listed("Swin-V2"))

    def test_a_table_of_plain_lines(self):
        header, *lines, count, more = list_models("convnext").splitlines()
        assert header.split() == ["name", "input", "grid", "layer", "form", "parameters", "weights"]
        tiny = next(line for line in lines if line.startswith("convnext_tiny "))
        assert tiny.split()[:6] == ["convnext_tiny", "224", "7", "x", "7", "features"]
        assert "28.6 M" in tiny
        assert count == f"{len(lines)} networks; --model takes each by its name."
        assert more.startswith("timm has ")
        assert "more with 'convnext' in their names that were not tried here: timm:convnext" in more

    def test_a_name_that_only_timm_has(self):
        assert list_models("vit_huge_patch14_224").startswith("timm has ")

    @pytest.mark.parametrize(("text", "says"), [("resnt50", "did you mean resnet50"), ("§", "omit it to see all")])
    def test_no_such_name(self, text, says):
        with pytest.raises(LabError, match=f"No network has a name with '{text}' in it: {says}"):
            list_models(text)

    def test_without_timm(self, monkeypatch):
        monkeypatch.setattr(catalogue, "find_spec", lambda name: None)
        monkeypatch.setitem(sys.modules, "timm", None)
        assert list_models("vit").splitlines()[-1].endswith("pip install 'gradcam-lab[timm]'.")
        answer = json.loads(list_models("vit", json=True))
        assert answer["more_of_timm"] is None
        assert {one["weights"] for one in answer["networks"] if one["name"].startswith("timm:")} == {None}

    def test_one_that_failed_is_listed_with_the_reason(self, monkeypatch, tmp_path):
        table = tmp_path / "networks.csv"
        table.write_text("name,layer,result\nresnet18,,AssertionError: the map is not finite\n", encoding="utf-8")
        monkeypatch.setattr(catalogue, "TABLE", table)
        (line,) = [line for line in list_models("resnet18").splitlines() if line.startswith("resnet18 ")]
        assert "AssertionError: the map is not finite" in line
        assert listed("resnet34")["resnet34"]["size"] is None

    def test_the_command(self):
        done = lab("models", "squeezenet", "--json")
        assert set(json.loads(done.out)["networks"][0]) == set(listed("squeezenet1_1")["squeezenet1_1"])
        assert "squeezenet1_1" in lab("models", "squeezenet").out


class TestWhereTheWeightsAre:
    def test_torchvisions(self, caches):
        assert listed("resnet18")["resnet18"]["weights"] == "online"
        file = cached_file("resnet18")
        file.parent.mkdir(parents=True)
        file.write_bytes(b"")
        assert listed("resnet18")["resnet18"]["weights"] == "cached"

    def test_timms(self, caches):
        name = "timm:vit_tiny_patch16_224"
        assert listed(name)[name]["weights"] == "online"
        commit = "0123456789012345678901234567890123456789"
        folder = caches / "hf" / "models--timm--vit_tiny_patch16_224.augreg_in21k_ft_in1k"
        (folder / "refs").mkdir(parents=True)
        (folder / "refs" / "main").write_text(commit, encoding="utf-8")
        (folder / "snapshots" / commit).mkdir(parents=True)
        Path(folder / "snapshots" / commit / "model.safetensors").write_bytes(b"")
        assert listed(name)[name]["weights"] == "cached"

    def test_there_may_be_none(self):
        assert listed("timm:cs3darknet_s")["timm:cs3darknet_s"]["weights"] == "none"
