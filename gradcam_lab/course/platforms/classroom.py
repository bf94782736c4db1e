"""Writing what a learning platform takes to grade gradcam-lab: an autograder, or instructions for its gradebook."""

import secrets
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from gradcam_lab.console import say
from gradcam_lab.course.grading.gradebooks import ASSIGNMENT
from gradcam_lab.course.grading.grades import coded_possible, coded_tasks, possible, written_possible
from gradcam_lab.course.platforms import pins, wheel
from gradcam_lab.course.platforms.checkout import all_rows
from gradcam_lab.course.platforms.settings import FILE, Settings
from gradcam_lab.course.platforms.settings import visibility as read_visibility
from gradcam_lab.files import json_text, make_folder, moved_into_place, require_writable, write_json, write_text

PYTHON = "3.12"
"""The version of Python for platforms that offer several."""

TYPES = "py,md,zip,7z,gz,tgz"
"""Ends of the files that students hand in, as platforms write them."""

PATIENCE = 600
"""Seconds that a platform may take to install and grade, at most."""

SETUP = "setup"
"""The test of Classroom 50 that comes first, grades all, and gives no points."""


@dataclass(frozen=True)
class Wanted:
    """What is to be made.

    Attributes:
        settings: of the autograder.
        index: the wheel index of torch's CPU build, or "" for where pip takes everything.
        image: a container image with gradcam-lab, for Classroom 50, or "".
    """

    settings: Settings
    index: str = ""
    image: str = ""


def make(
    platform: str,
    *,
    out: Path,
    index: str | None = None,
    image: str = "",
    visibility: Sequence[str] = (),
    seed: int | None = None,
    seconds: float = 10,
) -> None:
    """Write a platform's files into a folder, and say what is there.

    Args:
        platform: a key of `PLATFORMS`.
        out: the folder; files of the same names are replaced.
        index: the wheel index of torch's CPU build; None for the one from which this environment has torch, if known.
        image: a container image with gradcam-lab, for Classroom 50, or "".
        visibility: what students see of each test, for Gradescope, as `settings.visibility` reads it.
        seed: of the random cases; None for a fresh one.
        seconds: limit of one check, in seconds of CPU time.

    Raises:
        LabError: the folder cannot be written, or the visibility cannot be read.
    """
    seen = read_visibility(visibility)
    settings = Settings(1 + secrets.randbits(32) if seed is None else seed, seconds, seen)
    place = own_index() if index is None else index
    written = write(platform, out, Wanted(settings, place, image))
    if PLATFORMS[platform] is not _instructions_alone and not place:
        say(NO_INDEX)
    say("\n".join(str(out / name) for name in written))


NO_INDEX = (
    "Torch will be taken from where pip takes everything, which on Linux is the build for CUDA, some gigabytes: give "
    "--index URL, the address that PyTorch's site shows under Get Started for CPU."
)


def own_index() -> str:
    """The wheel index from which `make` took torch for this environment; "" if it is not known."""
    path = Path(sys.prefix) / ".index"
    return path.read_text(encoding="utf-8").strip() if path.is_file() else ""


def write(platform: str, out: Path, wanted: Wanted) -> list[str]:
    """Write a platform's files into a folder.

    Args:
        platform: a key of `PLATFORMS`.
        out: the folder; files of the same names are replaced.
        wanted: what is to be made.

    Returns:
        The names of what was written.

    Raises:
        LabError: the folder cannot be written.
    """
    make_folder(out)
    require_writable(out)
    for old in out.glob("**/gradcam_lab-*.whl"):  # of another version: an installer would not know which
        old.unlink()
    PLATFORMS[platform](out, wanted)
    write_text(out / "README.md", _filled(platform, "README.md", wanted))
    return sorted(path.name for path in out.iterdir() if not path.name.startswith("."))


def _filled(platform: str, name: str, wanted: Wanted) -> str:
    """A template's text, with what differs filled in."""
    text = (files("gradcam_lab.templates") / "classroom" / platform / name).read_text(encoding="utf-8")
    values = {
        "INDEX": wanted.index,
        "SEED": str(wanted.settings.seed),
        "POINTS": str(coded_possible()),
        "WRITTEN": str(written_possible()),
        "TOTAL": str(possible()),
        "ASSIGNMENT": ASSIGNMENT,
        "TYPES": TYPES,
    }
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return text


# --- Gradescope ---


def _gradescope(out: Path, wanted: Wanted) -> None:
    """The autograder as a zip, with its two programs at the top."""
    programs = {name: _filled("gradescope", name, wanted) for name in ("setup.sh", "run_autograder")}
    texts = {**programs, "constraints.txt": pins.as_constraints(), FILE: json_text(wanted.settings.as_json())}
    lab = wheel.write(out)
    with moved_into_place(out / "autograder.zip") as place, zipfile.ZipFile(place, "w") as archive:
        for name, text in texts.items():
            info = zipfile.ZipInfo(name, wheel.LONG_AGO)
            info.create_system, info.external_attr = 3, (0o100755 if name in programs else 0o100644) << 16
            archive.writestr(info, text, zipfile.ZIP_DEFLATED)
        archive.write(lab, lab.name)
    lab.unlink()


# --- Classroom 50 ---


def _classroom50(out: Path, wanted: Wanted) -> None:
    """The bundle of an assignment, and the two ways to use it."""
    bundle = make_folder(out / "bundle")
    wheel.write(bundle)
    write_text(bundle / "constraints.txt", pins.as_constraints())
    write_text(bundle / "grade.py", _filled("classroom50", "grade.py", wanted))
    write_json(bundle / FILE, wanted.settings.as_json())
    write_text(out / "autograder.py", _filled("classroom50", "autograder.py", wanted))
    write_json(out / "tests.json", declarative_tests())
    container = {"container": {"image": wanted.image, "user": "root"}}
    write_json(out / "runtime.json", container if wanted.image else {"runs-on": "ubuntu-latest", "python": PYTHON})


def declarative_tests() -> list[dict[str, Any]]:
    """The tests of an assignment as `gh teacher assignment test set --tests` takes them: one for each check."""
    command = 'python3 "$CLASSROOM50_BUNDLE_DIR/grade.py"'
    first = {"name": SETUP, "type": "run", "run": f"{command} --setup", "timeout": PATIENCE, "points": 0}
    others = [
        {
            "name": f"{row['task']} {row['check'].removeprefix('test_').replace('_', ' ')}"[:100],
            "type": "run",
            "run": f"{command} --check {row['check']}",
            "points": row["points"],
        }
        for row in all_rows()
    ]
    return [first, *others]


# --- MarkUs ---


def _markus(out: Path, wanted: Wanted) -> None:
    """The files of the tests, and the settings of the tester."""
    place = make_folder(out / "files")
    wheel.write(place)
    for name in ("test_gradcam_lab.py", "conftest.py", "pytest.ini"):
        write_text(place / name, _filled("markus", name, wanted))
    index = f"--extra-index-url {wanted.index}\n" if wanted.index else ""
    write_text(place / "requirements.txt", index + pins.as_constraints())
    write_json(place / FILE, wanted.settings.as_json())
    tasks = [{"task": task.id, "title": task.title, "points": task.points} for _, task in coded_tasks()]
    write_json(place / "tasks.json", tasks)
    write_json(out / "automated_test_specs.json", markus_specs())


def markus_specs() -> dict[str, Any]:
    """The settings of MarkUs' autotester: one group of tests with pytest."""
    group = {
        "tester": "pytest",
        "output_verbosity": "short",
        "category": ["instructor"],
        "script_files": ["test_gradcam_lab.py"],
        "timeout": PATIENCE,
        "feedback_file_names": [],
        "extra_info": {"name": "gradcam-lab", "display_output": "instructors"},
    }
    environment = {"python_version": PYTHON, "pip_requirements": "", "pip_requirements_file": "requirements.txt"}
    return {"testers": [{"tester_type": "py", "env_data": environment, "test_data": [group]}]}


def _instructions_alone(out: Path, wanted: Wanted) -> None:
    """Canvas and Moodle run nothing: `grade` writes what they import."""


PLATFORMS: Mapping[str, Any] = {
    "gradescope": _gradescope,
    "classroom50": _classroom50,
    "markus": _markus,
    "canvas": _instructions_alone,
    "moodle": _instructions_alone,
}
"""What writes the files of each platform."""
