"""`make` puts the build of torch that is asked for into its environment; the wheels and indexes here are made up."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from scripts import torch_build

ROOT = Path(__file__).parents[2]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the index has no build for CUDA")
BACKEND = """
def build_editable(folder, config_settings=None, metadata_directory=None):
    import zipfile
    with zipfile.ZipFile(folder + "/lab-1-py3-none-any.whl", "w") as wheel:
        lines = ["Metadata-Version: 2.1", "Name: lab", "Version: 1", "Requires-Dist: torch", ""]
        wheel.writestr("lab-1.dist-info/METADATA", "\\n".join(lines))
        wheel.writestr("lab-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("lab-1.dist-info/RECORD", "")
    return "lab-1-py3-none-any.whl"
"""
PROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def wheel(index: Path, name: str, version: str, *needs: str) -> None:
    """Write an empty wheel into a folder that serves as an index."""
    folder = index / name
    folder.mkdir(parents=True)
    file = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    information = f"{name.replace('-', '_')}-{version}.dist-info"
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {n}" for n in needs)]
    with zipfile.ZipFile(folder / file, "w") as archive:
        archive.writestr(f"{information}/METADATA", "\n".join(lines) + "\n")
        archive.writestr(f"{information}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{information}/RECORD", "")
    (folder / "index.html").write_text(f'<a href="{file}">{file}</a>', encoding="utf-8")


def entry(name: str, url: str, *needs: str) -> dict:
    """Make an entry of pip's report."""
    return {"metadata": {"name": name, "requires_dist": list(needs)}, "download_info": {"url": url}}


class TestAnnouncement:
    NEEDS = ("filelock", "nvidia-cudnn-cu13==9; platform_system == 'Linux'")

    @LINUX
    def test_the_build_for_cuda_is_announced_with_the_bytes_that_a_server_names(self, monkeypatch):
        sizes = {"https://x/torch.whl": 2_000_000_000, "https://x/cudnn.whl": 660_000_000}
        monkeypatch.setattr(torch_build, "size_of", sizes.get)
        entries = [
            entry("torch", "https://x/torch.whl", *self.NEEDS),
            entry("nvidia-cudnn-cu13", "https://x/cudnn.whl"),
        ]
        told = torch_build.announcement(entries)
        assert "about 2.7 GB will\nbe fetched" in told
        assert "make run INDEX=URL" in told
        entries.append(entry("triton", "https://x/of-unknown-size.whl"))
        assert "more than 2.7 GB will\nbe fetched" in torch_build.announcement(entries)

    def test_a_cpu_build_is_not(self):
        assert torch_build.announcement([entry("torch", "file:///torch.whl", "filelock")]) == ""

    def test_nor_is_what_pip_cannot_tell(self):
        assert torch_build.announcement([]) == ""

    def test_a_file_of_this_machine_is_not_fetched(self):
        assert torch_build.size_of("file:///a/wheel.whl") == 0

    def test_a_server_that_does_not_answer_has_no_size(self):
        assert torch_build.size_of("http://127.0.0.1:9/wheel.whl") is None


@LINUX
@pytest.mark.skipif(not shutil.which("make"), reason="there is no make")
def test_make_changes_to_another_index_and_back(tmp_path):
    for name in ("Makefile", "scripts"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    (tmp_path / "backend.py").write_text(BACKEND, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "constraints.txt").write_text("torch==1.0\ntorchvision==1.0\n", encoding="utf-8")
    for index, local, needs in (("usual", "", ("nvidia-thing",)), ("other", "+cpu", ())):
        wheel(tmp_path / index, "torch", f"1.0{local}", *needs)
        wheel(tmp_path / index, "torchvision", f"1.0{local}")
    wheel(tmp_path / "usual", "nvidia-thing", "1")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "MAKE"))}
    environment |= {
        "PIP_INDEX_URL": (tmp_path / "usual").as_uri(),
        "PIP_CONFIG_FILE": os.devnull,
        "HOME": str(tmp_path),
    }

    def make(*settings: str) -> tuple[str, set[str]]:
        command = ["make", ".venv/.installed", f"PYTHON={sys.executable}", *settings]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        (packages,) = tmp_path.glob(".venv/lib/python*/site-packages")
        return done.stdout, {path.name.removesuffix(".dist-info") for path in packages.glob("*.dist-info")}

    cuda, cpu = {"torch-1.0", "nvidia_thing-1"}, {"torch-1.0+cpu", "torchvision-1.0+cpu"}
    other = f"INDEX={(tmp_path / 'other').as_uri()}"
    _, there = make()
    assert cuda <= there
    _, there = make(other)
    assert cpu <= there
    assert not cuda & there
    for settings in ((other,), ()):  # it remembers where torch is from
        said, same = make(*settings)
        assert "up to date" in said
        assert same == there
    _, there = make("INDEX=")
    assert cuda <= there
    assert not cpu & there
