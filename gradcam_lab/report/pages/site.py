"""The whole course as a folder of static pages, which any web server can serve and a browser opens from the disk."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from gradcam_lab.errors import LabError
from gradcam_lab.files import make_folder, moved_into_place
from gradcam_lab.report import api_page
from gradcam_lab.report.interface import read_interface
from gradcam_lab.report.pages import lesson_page, markdown_page
from gradcam_lab.report.pages.prose import picture_data
from gradcam_lab.report.pages.records import Course
from gradcam_lab.report.pages.shell import START, is_own, page_of, require_own
from gradcam_lab.report.pages.tables import BENCH, MODELS, models_table, speed_page, values

API, REPORT = "api.html", "report.html"
SAMPLE = "report/sample"
"""Where the sample report lies in the repository."""


def write_site(folder: Path, course: Course, repository: Path | None) -> Path:
    """Write all pages; what else lies in the folder stays.

    Args:
        folder: made where it is missing.
        course: the lessons and pages.
        repository: where the sample report and the measurements are; None where there is no repository. The sample
            shows the reference's code, so that the pages of a workspace have none.

    Returns:
        The start page.

    Raises:
        LabError: a file is there that is none of ours, or something cannot be read or written.
    """
    files = dict(_files(course, repository))
    make_folder(folder)
    if not is_own(folder / START):
        for name in files:
            require_own(folder / name)
    for name, data in files.items():
        make_folder((folder / name).parent)
        with moved_into_place(folder / name) as temporary:
            temporary.write_bytes(data)
    return folder / START


def _files(course: Course, repository: Path | None) -> Iterator[tuple[str, bytes]]:
    """The name and the bytes of each file."""
    speed = speed_page(repository) if repository else None
    sample = _sample(repository) if repository and not course.workspace else None
    tables = values(repository) if repository else []
    others = {"README.md": START, "gradcam_lab/models/networks.csv": MODELS}
    if sample:
        others |= {SAMPLE: REPORT, f"{SAMPLE}/report.html": REPORT}
    if speed:
        others |= {BENCH: speed.file, speed.place: speed.file}
    others |= {f"{BENCH}/{path.name}": f"bench/{path.name}" for path in tables}
    course = replace(course, others=others)

    def there(file: str) -> bool:
        return True

    for lesson in course.lessons:
        yield lesson.file, lesson_page.to_html(lesson, course, there).encode()
    for page in (*course.pages, *([speed] if speed else [])):
        yield page.file, markdown_page.to_html(page, course, there).encode()
    yield API, api_page.to_html(read_interface(), start=START).encode()
    heads, rows = models_table()
    shown: dict[str, Any] = {"title": "Networks by name", "contents": [], "heads": heads, "rows": rows}
    yield MODELS, page_of("models.html.j2", MODELS, course, there, **shown).encode()
    if sample:
        yield REPORT, sample
    for path in tables:
        yield f"bench/{path.name}", _bytes(path)
    hero = picture_data(repository / SAMPLE / "hero.jpg") if repository else None
    shown = {"title": "gradcam-lab", "contents": [], "hero": hero, "sample": sample and REPORT}
    yield START, page_of("start.html.j2", START, course, there, **shown, api=API, models=MODELS, speed=speed).encode()


def _sample(repository: Path) -> bytes | None:
    path = repository / SAMPLE / "report.html"
    return _bytes(path) if path.is_file() else None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise LabError(f"Cannot read '{path}' ({error.strerror}): check its permissions.") from error
