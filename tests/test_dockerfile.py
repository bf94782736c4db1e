"""The image for grading, as far as it can be examined without building it."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
STAGES = [stage.splitlines() for stage in re.split(r"^(?=FROM )", TEXT, flags=re.MULTILINE)[1:]]


def of(stage, word):
    """The rest of the lines of a stage that begin with a word."""
    return [line.partition(" ")[2] for line in stage if line.startswith(f"{word} ")]


def test_what_is_copied_is_there_and_sent_to_the_builder():
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for line in of(STAGES[0], "COPY"):
        for name in line.split()[:-1]:
            assert (ROOT / name).exists()
            assert f"!{name}" in ignored


def test_all_that_the_package_is_built_from_is_copied():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = {project["project"]["readme"], *project["project"]["license-files"]}
    needed |= set(map(str, project["tool"]["setuptools"]["package-dir"].values()))
    copied = {name for line in of(STAGES[0], "COPY") for name in line.split()[:-1]}
    assert {name.partition("/")[0] for name in needed} <= copied


def test_everything_that_pip_installs_is_pinned():
    installs = re.findall(r"pip install ([^&]*)", " ".join(STAGES[0]))
    assert len(installs) == 2
    for words in installs:
        packages = [word for word in words.split() if not word.startswith("-") and word != "constraints.txt"]
        assert "--constraint constraints.txt" in words or all("==" in package for package in packages)


def test_the_last_stage_has_no_tools_to_build_with_and_no_rights():
    *_, last = STAGES
    assert of(last, "USER") == ["lab"]
    assert "pip uninstall" in " ".join(of(last, "RUN"))
    assert not re.search(r"pip install|gcc|build-essential|git", " ".join(of(last, "RUN")))
    assert of(last, "COPY") == ["--from=build /opt/venv /opt/venv"]
    assert " ".join(STAGES[0]).rstrip().endswith("pip uninstall --yes pip")
