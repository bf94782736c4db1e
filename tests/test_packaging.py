"""What is in a wheel, and what is pinned."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from gradcam_lab.lesson_modules import STEP_NAMES

ROOT = Path(__file__).parents[1]
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "gradcam_lab", "lessons", "templates")
SHIPPED_WEIGHTS = ROOT / "gradcam_lab" / "models" / "weights" / "toyvoc.safetensors"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """A wheel of the project, unzipped; built from a copy, so that the repository stays as it is."""
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "copy"
    copy.mkdir()
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif (ROOT / name).is_file():
            shutil.copy(ROOT / name, copy / name)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-index", "--no-build-isolation"]
    done = subprocess.run(
        [*command, "--disable-pip-version-check", "--wheel-dir", folder, copy], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = folder.glob("*.whl")
    assert path.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder / "unzipped")
    return folder / "unzipped"


class TestWheel:
    def test_there_is_one_package_and_nothing_else_at_the_top(self, wheel):
        names = {path.name for path in wheel.iterdir() if not path.name.endswith(".dist-info")}
        assert names == {"gradcam_lab"}

    def test_every_source_file_is_in_it(self, wheel):
        for source, place in (("gradcam_lab", ""), ("lessons", "lessons"), ("templates", "templates")):
            for path in (ROOT / source).rglob("*"):
                if path.is_file() and "__pycache__" not in path.parts:
                    inside = wheel / "gradcam_lab" / place / path.relative_to(ROOT / source)
                    assert inside.is_file(), f"{path.relative_to(ROOT)} is not in the wheel"
                    assert inside.read_bytes() == path.read_bytes()

    def test_what_the_report_needs_is_there(self, wheel):
        package = wheel / "gradcam_lab"
        for step in STEP_NAMES:
            assert (package / "lessons" / f"{step}.py").is_file()
        assert (package / "templates" / "report.html.j2").is_file()
        assert list((package / "templates" / "sections").glob("*.j2"))

    @pytest.mark.skipif(not SHIPPED_WEIGHTS.is_file(), reason="the embedded classifier has not been trained yet")
    def test_the_embedded_classifier_is_small_and_there(self, wheel):
        weights = wheel / "gradcam_lab" / "models" / "weights" / SHIPPED_WEIGHTS.name
        assert weights.stat().st_size <= 3_000_000

    def test_the_licence_and_the_command_are_there(self, wheel):
        (information,) = wheel.glob("gradcam_lab-*.dist-info")
        assert "gradcam-lab = gradcam_lab.cli:main" in (information / "entry_points.txt").read_text(encoding="utf-8")
        assert list(information.rglob("LICENSE"))

    def test_far_from_the_repository_it_runs_its_own_lessons_and_templates(self, wheel, tmp_path):
        code = """
import importlib.resources, sys
import gradcam_lab.cli
from gradcam_lab.lesson_modules import load_lessons
lessons = load_lessons()
print(gradcam_lab.__file__, gradcam_lab.cli.__file__, sep="\\n")
print(lessons.cam.__file__, lessons.gradcam.__file__, lessons.boxes.__file__, lessons.metrics.__file__, sep="\\n")
print(importlib.resources.files("gradcam_lab.templates") / "report.html.j2")
"""
        environment = {**os.environ, "PYTHONPATH": str(wheel), "PYTHONIOENCODING": "utf-8"}
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stderr
        files = [Path(line) for line in done.stdout.splitlines()]
        assert len(files) == 7
        assert all(wheel in path.parents and path.is_file() for path in files), files

    def test_building_it_leaves_no_trace_in_the_repository(self, wheel):
        assert not (ROOT / "build").exists()
        assert not (ROOT / "dist").exists()


class TestConstraints:
    UNPINNED = frozenset({"gradcam-lab", "pip", "setuptools", "wheel"})
    """Ourselves, and what comes with the environment: `pip freeze` leaves them out."""

    @pytest.fixture(scope="class")
    @classmethod
    def pins(cls) -> dict[str, str]:
        lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        wanted = [line for line in lines if line.strip() and not line.startswith("#")]
        matches = [re.fullmatch(r"([A-Za-z0-9._-]+)==([^\s;]+)", line) for line in wanted]
        assert all(matches), [line for line, match in zip(wanted, matches, strict=True) if not match]
        return {canonicalize_name(match[1]): match[2] for match in matches if match}

    def needed(self) -> set[str]:
        """The names of everything installed that the project needs, with its tests and whatever these need."""
        todo, seen = [("gradcam-lab", frozenset({"test"}))], set()
        while todo:
            name, extras = todo.pop()
            if (name, extras) in seen:
                continue
            try:
                requirements = metadata.requires(name) or []
            except metadata.PackageNotFoundError:
                continue  # wanted on other systems only, or optional
            seen.add((name, extras))
            for requirement in map(Requirement, requirements):
                marker = requirement.marker
                if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras or {""}):
                    todo.append((canonicalize_name(requirement.name), frozenset(requirement.extras)))
        return {name for name, _ in seen}

    def test_everything_that_is_needed_is_pinned(self, pins):
        needed = self.needed() - self.UNPINNED
        assert {"torch", "numpy", "pytest", "typer", "sympy"} <= needed  # the last is torch's
        assert needed - set(pins) == set()

    def test_the_pins_are_what_pyproject_asks_for(self, pins):
        for requirement in map(Requirement, metadata.requires("gradcam-lab") or []):
            name = canonicalize_name(requirement.name)
            if name not in self.UNPINNED:
                assert requirement.specifier.contains(pins[name]), f"{requirement} is pinned to {pins[name]}"
