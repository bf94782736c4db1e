"""The installed gradcam-lab as a wheel, which pip installs anywhere: with lessons and templates, wherever they lie."""

import base64
import hashlib
import zipfile
from collections.abc import Iterator
from importlib import import_module, metadata
from pathlib import Path

from gradcam_lab.course.authoring.course import course_files, followed

NAME = "gradcam-lab"
INSIDE = ("gradcam_lab.lessons", "gradcam_lab.templates")
"""Packages that lie elsewhere in a checkout, and inside `gradcam_lab` in a wheel."""

WHEEL = "Wheel-Version: 1.0\nGenerator: gradcam-lab\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
KEPT = ("METADATA", "entry_points.txt", "top_level.txt")
"""Files of the installation that a wheel has too."""

LONG_AGO = (2020, 1, 1, 0, 0, 0)
"""The time of every file, so that one content makes one wheel."""


def write(folder: Path) -> Path:
    """Write the wheel into a folder, and return its path."""
    installed = metadata.distribution(NAME)
    stem = f"{NAME.replace('-', '_')}-{installed.version}"
    info = f"{stem}.dist-info"
    path = folder / f"{stem}-py3-none-any.whl"
    texts = {name: text for name in KEPT if (text := installed.read_text(name))}
    files = dict(package_files()) | {f"{info}/{name}": text.encode() for name, text in texts.items()}
    files[f"{info}/WHEEL"] = WHEEL.encode()
    record = [f"{name},sha256={_digest(content)},{len(content)}" for name, content in sorted(files.items())]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""]).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, LONG_AGO), content, zipfile.ZIP_DEFLATED)
    return path


def package_files() -> Iterator[tuple[str, bytes]]:
    """Every file of the package, by its path in a wheel, and of the teacher's course that is followed."""
    roots = {name: Path(import_module(name).__path__[0]) for name in ("gradcam_lab", *INSIDE)}
    for name, root in roots.items():
        for path in sorted(root.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield f"{name.replace('.', '/')}/{path.relative_to(root).as_posix()}", path.read_bytes()
    for path in course_files(course) if (course := followed()) else ():
        yield f"gradcam_lab/lessons/own/{path.name}", path.read_bytes()


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
