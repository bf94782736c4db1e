"""Processes that the lab starts: a script that is not guarded by `if __name__ == "__main__"` runs once, and to its end.

Each script prints a line whenever it is run, so a worker that ran it again would be seen.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from gradcam_lab.data.toyvoc import build
from tests.commands import process

COUNTS = {"train": 12, "val": 12}

DRAW = f"""
print("run")
import os
from pathlib import Path
from gradcam_lab.data.toyvoc import build, write
os.cpu_count = lambda: 2
write.BrokenProcessPool = ZeroDivisionError  # a pool that breaks must not go unnoticed
build(Path("drawn"), counts={COUNTS})
"""

READ = """
print("run")
from pathlib import Path
import torch
from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.models.classifier import Preprocessing
from gradcam_lab.models.training.pixels import FromFiles
samples = read_split(Path({toy!r}), "val").samples
(pixels,) = FromFiles(samples, Preprocessing(48), workers=1).read([torch.tensor([1, 0])])
print(tuple(pixels.shape))
"""

SUPERVISE = """
print("run")
from pathlib import Path
from gradcam_lab.files import make_folder
from gradcam_lab.pipeline.supervise import supervise
supervise(make_folder, Path("made"), files={}, stall=60, log=Path("error.log"))
"""


def run(folder: Path, words: list[str], text: str | None = None) -> str:
    done = subprocess.run(
        [sys.executable, *words], input=text, capture_output=True, encoding="utf-8", cwd=folder, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> set[tuple[str, bytes]]:
    folder = tmp_path_factory.mktemp("by the tests") / "drawn"
    build(folder, counts=COUNTS)
    return contents(folder)


def contents(folder: Path) -> set[tuple[str, bytes]]:
    return {(path.name, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["script.py"], None),
        (["-m", "script"], None),
        (["-c", DRAW], None),
        (["-"], DRAW),
        (["-i"], "\n".join(f"exec({line!r})" for line in DRAW.splitlines())),
    ],
    ids=["a file", "a module", "-c", "stdin", "the prompt"],
)
def test_a_script_draws_its_data_however_it_is_started(words, text, drawn, tmp_path):
    (tmp_path / "script.py").write_text(DRAW, encoding="utf-8")
    assert run(tmp_path, words, text) == "run\n"
    assert contents(tmp_path / "drawn") == drawn
    assert {path.name for path in tmp_path.iterdir()} - {"__pycache__"} == {"drawn", "script.py"}


def test_a_script_reads_photos_by_workers(toy, tmp_path):
    (tmp_path / "script.py").write_text(READ.format(toy=str(toy)), encoding="utf-8")
    assert run(tmp_path, ["script.py"]) == "run\n(2, 3, 48, 48)\n"


def test_a_script_watches_over_other_code(tmp_path):
    (tmp_path / "script.py").write_text(SUPERVISE, encoding="utf-8")
    assert run(tmp_path, ["script.py"]) == "run\n"
    assert (tmp_path / "made").is_dir()


def test_a_module_of_the_current_folder_is_not_taken_for_pythons_own(drawn, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "script.py").write_text(DRAW, encoding="utf-8")
    (tmp_path / "pickle.py").write_text("raise SystemExit('the wrong pickle')", encoding="utf-8")
    assert run(tmp_path, ["elsewhere/script.py"]) == "run\n"
    assert contents(tmp_path / "drawn") == drawn


def test_the_script_itself_is_untouched(tmp_path):
    code = f"{DRAW}import sys\nprint(sys.modules['__main__'].__dict__ is globals(), os.environ.get('PYTHONSAFEPATH'))"
    assert process("-c", code, cwd=tmp_path).stdout == "run\nTrue None\n"
