"""`run_all`: the same numbers as the command, whoever has loaded the network."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import gradcam_lab as lab
from gradcam_lab.course.workspace.workspace import Workspace
from gradcam_lab.models.networks.toynet import ToyNet
from tests.commands import lab as command
from tests.commands import process

QUICK: dict[str, Any] = {"quick": True, "pdf": False}


def numbers(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "results.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def theirs(toy, weights, tmp_path_factory) -> Path:
    """A run of the command."""
    out = tmp_path_factory.mktemp("run") / "theirs"
    words = ["--data", toy, "--model", weights, "--limit", 10, "--seed", 4, "--quick", "--no-pdf"]
    assert command("run-all", *words, "--out", out).code == 0
    return out


def test_a_run_has_the_numbers_of_the_command(theirs, toy, weights, tmp_path, capsys):
    report = lab.run_all(toy, lab.load(weights), limit=10, seed=4, out=tmp_path / "ours", **QUICK)
    assert "looking for dog" in capsys.readouterr().out
    assert report.folder == tmp_path / "ours"
    assert (report.html, report.pdf) == (tmp_path / "ours" / "report.html", None)
    assert (tmp_path / "ours" / "results.json").read_bytes() == (theirs / "results.json").read_bytes()
    assert (tmp_path / "ours" / "heatmaps.npz").read_bytes() == (theirs / "heatmaps.npz").read_bytes()
    assert report.results["table"] == numbers(theirs)["table"]


def test_a_run_of_the_command_is_not_computed_again(theirs, toy, weights, capsys):
    lab.run_all(toy, weights, limit=10, seed=4, out=theirs, **QUICK)
    lines = capsys.readouterr().out.splitlines()[1:]
    assert lines
    assert all("unchanged" in line for line in lines)


def test_a_network_of_a_script_is_run_under_a_name_of_its_own(toy, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        own: list[nn.Module] = [ToyNet(7), ToyNet(7)]
    names = ["bird", "boat", "car", "cat", "dog", "horse", "person"]
    nets = [lab.load(one, classes=names, activation="sigmoid", size=64) for one in own]
    report = lab.run_all(toy, nets[0], limit=10, **QUICK)
    command_line = report.results["provenance"]["command"]
    assert f"'ToyNet of a script ({nets[0].fingerprint[:8]})'" in command_line
    with pytest.raises(lab.LabError, match="holds a run with --model ToyNet of a script"):
        lab.run_all(toy, nets[1], limit=10, **QUICK)


def test_a_students_code_cannot_have_a_network_of_a_script(root, toy, capsys):
    (root / "step1_cam.py").write_text("raise SystemExit\n", encoding="utf-8")
    assert Workspace.find()
    with pytest.raises(lab.LabError, match="which cannot have the network 'ToyNet' of a script"):
        lab.run_all(toy, lab.load(ToyNet(7), size=64), impl="mine", **QUICK)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"target": "zebra"}, "has no class 'zebra'"),
        ({"threshold": 2}, "threshold is 2: give a number above 0"),
        ({"data": "none"}, "none"),
    ],
)
def test_an_error_is_a_sentence(options, words, toy, weights, tmp_path):
    with pytest.raises(lab.LabError, match=words):
        lab.run_all(**{"data": toy, "model": weights, "out": tmp_path, **QUICK, **options})


def test_a_plain_script_uses_one_function_after_the_other(toy, weights, tmp_path):
    script = f"""
print("run")
import gradcam_lab as lab
net = lab.load({str(weights)!r})
samples = lab.open_data({str(toy)!r}).read("test").samples[:6]
found = lab.locate([sample.path for sample in samples], net, classes=["dog"])
boxes = {{one.path.stem: one.boxes for one in found}}
truth = {{sample.id: sample.boxes("dog") for sample in samples}}
print(*lab.evaluate(boxes, truth, bootstrap=0))
print(lab.explain(samples[0].path, net).save("out")[0])
"""
    (tmp_path / "script.py").write_text(script, encoding="utf-8")
    done = process("script.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[:2] == ["run", "0.3 0.4 0.5"]
    assert (tmp_path / lines[2]).is_file()
