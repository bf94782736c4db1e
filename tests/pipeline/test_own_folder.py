"""The default folder of a run: another run does not replace it, the same one goes on in it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from gradcam_lab.errors import LabError
from gradcam_lab.models.model_choice import ModelChoice
from gradcam_lab.pipeline.own_folder import require_own_folder, write_command
from gradcam_lab.pipeline.settings import Settings
from tests.commands import lab, refused

FOLDER = Path("report") / "toyvoc"
DEFAULT = re.escape(str(FOLDER))


@pytest.fixture
def begun(tmp_path, monkeypatch):
    """Begin a run in the default folder of the current one, as `run-all` does, or write its results only."""
    monkeypatch.chdir(tmp_path)

    def begin(old: bool = False, **settings: Any) -> None:
        chosen = Settings(**settings)
        chosen.folder.mkdir(parents=True)
        if old:
            told = {"provenance": {"command": chosen.command}}
            (chosen.folder / "results.json").write_text(json.dumps(told), encoding="utf-8")
        else:
            write_command(chosen.folder, chosen)

    return begin


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize(
    ("before", "now", "says"),
    [
        ({}, {"target": "cat"}, "with --target dog, and this one is with --target cat:"),
        ({"target": "all"}, {}, "with --target all, and this one is with --target dog:"),
        ({}, {"model": ModelChoice("vgg16")}, "with --model embedded, and this one is with --model vgg16:"),
        (
            {"model": ModelChoice(weights="a.pth")},
            {"model": ModelChoice(weights="b.pth")},
            "with --weights a.pth, and this one is with --weights b.pth:",
        ),
        ({"model": ModelChoice("a b.pth")}, {}, "with --model a b.pth, and this one is with --model embedded:"),
        ({"model": ModelChoice(size=96)}, {}, "with --size 96, and this one is without --size:"),
        ({"model": ModelChoice(groups=("a=b",))}, {}, "with --group a=b, and this one is without --group:"),
        ({"limit": 5}, {"limit": 6}, "with --limit 5, and this one is with --limit 6:"),
        ({}, {"limit": 6}, "without --limit, and this one is with --limit 6:"),
        ({}, {"precision": "bf16"}, "with --precision float32, and this one is with --precision bf16:"),
        ({"data_root": Path("x")}, {"data_root": Path("y")}, "with --data-root x, and this one is with --data-root y:"),
    ],
)
def test_another_run_is_refused_with_the_options_that_help(begun, before, now, says, old):
    begun(old, **before)
    with pytest.raises(
        LabError, match=rf"^'{DEFAULT}' holds a run {says} give --out another folder, or --out {DEFAULT} to"
    ):
        require_own_folder(Settings(**now))
    require_own_folder(Settings(**now, out=Path("elsewhere")))
    require_own_folder(Settings(**now, out=FOLDER))  # who names it means it
    require_own_folder(Settings(**before))


def test_two_folders_of_data_with_one_name_are_two(begun, tmp_path):
    begun(data=str(tmp_path / "a" / "photos"))
    with pytest.raises(LabError, match=r"holds a run with --data .*a.photos, and this one is with --data .*b.photos:"):
        require_own_folder(Settings(data=str(tmp_path / "b" / "photos")))
    require_own_folder(Settings(data=str(Path("b") / ".." / "a" / "photos")))  # the same, written otherwise


@pytest.mark.parametrize(
    "changes",
    [{"quick": True}, {"method": "cam"}, {"threshold": 0.5}, {"seed": 3}, {"target": "Dog"}, {"skip_bad": True}],
)
def test_what_leaves_the_heatmaps_as_they_are_goes_on_in_the_folder(begun, changes):
    begun(quick=True, method="otsu")
    require_own_folder(Settings(**changes))


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"provenance": 3}', "{"])
def test_a_folder_without_a_run_is_nobodys(begun, content):
    require_own_folder(Settings(target="cat"))
    FOLDER.mkdir(parents=True)
    (FOLDER / "results.json").write_text(content, encoding="utf-8")
    require_own_folder(Settings(target="cat"))


def test_the_command_line_refuses_before_it_reads_or_writes_anything(begun):
    begun()
    before = (FOLDER / "command.txt").read_text(encoding="utf-8")
    assert before == "gradcam-lab run-all\n"
    for more in ((), ("--plan",)):
        refused(lab("run-all", "--target", "cat", *more), "--target dog", f"--out {FOLDER} to replace")
    assert [path.name for path in FOLDER.iterdir()] == ["command.txt"]
    assert (FOLDER / "command.txt").read_text(encoding="utf-8") == before


def test_a_run_writes_its_command_down(whole):
    told = json.loads((whole / "results.json").read_text(encoding="utf-8"))["provenance"]["command"]
    assert (whole / "command.txt").read_text(encoding="utf-8") == f"{told}\n"
