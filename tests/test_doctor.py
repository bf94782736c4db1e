"""The checks of `doctor`: what they find on a sound machine, and that each problem is found with its remedy."""

import builtins
import subprocess
import sys

import pytest

from gradcam_lab import doctor, vision
from gradcam_lab.data.cache import VARIABLE
from gradcam_lab.doctor import Finding, as_table, examine, examine_one
from gradcam_lab.models import zoo
from gradcam_lab.models.networks.toynet import ToyNet
from tests.model_files import write_toynet


@pytest.fixture(autouse=True)
def _own_places(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(zoo, "EMBEDDED_FILE", tmp_path / "toy.safetensors")
    write_toynet(zoo.EMBEDDED_FILE, ToyNet(2, (8, 8, 8, 8)), ("cat", "dog"), (8, 8, 8, 8))


def have_pango():
    return examine_one("Pango").ok


def test_everything_is_examined_and_sound_where_the_tests_run(tmp_path):
    found = {f.name: f for f in examine()}
    assert list(found) == [
        "Python",
        "torch",
        "Device",
        "torchvision",
        "Pango",
        "Fonts",
        "Cache folder",
        "Embedded classifier",
    ]
    if not found["Pango"].ok:  # a machine without Pango is no reason to fail: all else works there
        assert "--no-pdf" in found.pop("Pango").remedy
        assert not found.pop("Fonts").ok
    plain = found.pop("torchvision")
    assert plain.ok
    assert (" works here, but a plain 'import torchvision' fails (" in plain.detail) == bool(plain.remedy)
    assert [f for f in found.values() if not f.ok] == []
    assert [f.remedy for f in found.values() if f.remedy] == []
    assert found["Cache folder"].detail == str(tmp_path / "cache")
    assert found["Embedded classifier"].detail == "knows cat, dog"


def test_an_old_python(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 9))
    found = examine_one("Python")
    assert (found.ok, found.remedy) == (False, "install Python 3.11 or newer")


@pytest.mark.parametrize(
    ("cuda", "hip", "build", "reason"),
    [
        (None, None, "a build for the CPU", "this torch uses no GPU"),
        ("13.0", None, "built for CUDA 13.0", "torch finds no GPU"),
        (None, "7.1", "built for ROCm 7.1", "torch finds no GPU"),
    ],
)
def test_the_build_of_torch_is_named_and_why_no_gpu_is_used(monkeypatch, cuda, hip, build, reason):
    import torch

    monkeypatch.setattr(torch.version, "cuda", cuda)
    monkeypatch.setattr(torch.version, "hip", hip)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert examine_one("torch").detail == f"{torch.__version__}, {build}"
    assert examine_one("Device").detail.endswith(f" threads: {reason}")


@pytest.mark.parametrize(("cuda", "detail"), [(True, "CUDA: Big One"), (False, "CPU with")])
def test_the_device_is_named(monkeypatch, cuda, detail):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Big One")
    assert examine_one("Device").detail.startswith(detail)


def test_a_broken_torchvision(monkeypatch):
    def broken():
        raise RuntimeError("its libraries do not fit\nand a long trace")

    monkeypatch.setattr(vision, "torchvision", broken)
    assert examine_one("torchvision") == Finding("torchvision", False, "its libraries do not fit", doctor.REINSTALL)


def plain_import(monkeypatch, code, said=""):
    """Have the plain import, which is tried in a process of its own, end in this way."""
    done = subprocess.CompletedProcess([], code, stdout="", stderr=said)
    monkeypatch.setattr(subprocess, "run", lambda words, **options: done)
    return examine_one("torchvision")


def test_a_torchvision_that_only_the_lab_can_import_is_no_problem_but_said(monkeypatch):
    found = plain_import(monkeypatch, 1, "Traceback ...\nRuntimeError: operator torchvision::nms does not exist\n")
    assert found.ok
    assert "a plain 'import torchvision' fails (RuntimeError: operator torchvision::nms does not exist)" in found.detail
    assert found.remedy == doctor.PLAIN_IMPORT
    lines = as_table([Finding("Python", True, "3.11"), found]).splitlines()
    assert lines[1].startswith("NOTE torchvision ")
    assert lines[2] == f"     remedy: {doctor.PLAIN_IMPORT}"
    assert lines[3] == "The lab itself can work; see the NOTE above."
    bad = Finding("Pango", False, "missing", "get it")
    assert as_table([found, bad]).splitlines()[-1] == "1 of 2 need attention."


def test_a_torchvision_that_anyone_can_import_is_well(monkeypatch):
    found = plain_import(monkeypatch, 0)
    assert (found.ok, found.remedy) == (True, "")
    assert as_table([found]).endswith("All is well.")


def test_the_advice_about_torchvision_is_code_that_works():
    code = doctor.PLAIN_IMPORT.split("'")[1] + "\n" + doctor.PLAIN_IMPORT.split("'")[3] + "\n"
    code += "import torchvision.transforms\nfrom torchvision.models import resnet18\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_missing_pango_is_one_finding_and_its_banner_is_not_shown(monkeypatch, capsys):
    real = builtins.__import__

    def without_pango(name, *args, **kwargs):
        if name == "weasyprint":
            print("-----\nWeasyPrint could not import some external libraries.")
            raise OSError("cannot load library 'libpango-1.0-0'")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_pango)
    assert examine_one("Pango") == Finding("Pango", False, "cannot load library 'libpango-1.0-0'", doctor.PANGO)
    assert capsys.readouterr() == ("", "")


class TestFonts:
    @pytest.fixture(autouse=True)
    def _pango(self):
        if not have_pango():
            pytest.skip("Pango is not installed")

    def page(self, monkeypatch, body):
        monkeypatch.setattr(doctor, "PRINT_PAGE", "import sys, weasyprint\nprint(2)\n" + body)
        return examine_one("Fonts")

    def test_one_font_for_all_is_no_good(self, monkeypatch):
        found = self.page(monkeypatch, "weasyprint.HTML(string='<p>dog<p>cat').write_pdf(sys.argv[1])")
        assert not found.ok
        assert found.detail.startswith("text and listings come out alike, in ")

    def test_names_are_found_in_plain_and_in_compressed_pdf(self, monkeypatch):
        style = '<p style=\\"font-family: monospace\\">'
        body = f'weasyprint.HTML(string="<p>dog{style}dog").write_pdf(sys.argv[1], uncompressed_pdf=%s)'
        plain, packed = (self.page(monkeypatch, body % flag) for flag in (True, False))
        assert plain == packed
        assert plain.ok
        assert len(plain.detail.split(", ")) == 2

    def test_a_crash_is_survived(self, monkeypatch):
        found = self.page(monkeypatch, "import os; os.abort()")
        assert not found.ok
        assert found.detail.startswith("printing a page of two words failed")


def test_a_cache_folder_that_cannot_be_made(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "file" / "cache"))
    found = examine_one("Cache folder")
    assert not found.ok
    assert VARIABLE in found.remedy


def test_a_missing_classifier():
    zoo.EMBEDDED_FILE.unlink()
    found = examine_one("Embedded classifier")
    assert not found.ok
    assert "toy.safetensors' is missing" in found.detail
    assert "gradcam-lab train" in found.remedy


def test_importing_doctor_imports_nothing_slow():
    code = (
        "import sys, gradcam_lab.doctor; print([m for m in ('torch', 'weasyprint', 'matplotlib') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"
