"""The whole course as a folder of static pages, which any web server can serve and a browser opens from the disk."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gradcam_lab.errors import LabError
from gradcam_lab.files import make_folder, moved_into_place
from gradcam_lab.report import api_page
from gradcam_lab.report.interface import read_interface
from gradcam_lab.report.pages import lesson_page, markdown_page
from gradcam_lab.report.pages.prose import picture_data
from gradcam_lab.report.pages.records import Course, MarkdownText
from gradcam_lab.report.pages.shell import START, is_own, page_of, require_own
from gradcam_lab.report.pages.tables import BENCH, MODELS, SPEED, models_table, speed_page, values

API, REPORT = "api.html", "report.html"
SAMPLE = "report/sample"
"""Where the sample report lies in the repository."""

ADDING = "CONTRIBUTING.md"
"""The page for those who add to the lab."""


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
    more = _of_repository(repository, course) if repository else _More()
    others = {"README.md": START, "gradcam_lab/models/networks.csv": MODELS, **more.places}
    course = replace(course, others=others)

    def there(file: str) -> bool:
        return True

    for lesson in course.lessons:
        yield lesson.file, lesson_page.to_html(lesson, course, there).encode()
    for page in (*course.pages, *more.pages):
        yield page.file, markdown_page.to_html(page, course, there).encode()
    yield API, api_page.to_html(read_interface(), start=START).encode()
    heads, rows = models_table()
    shown: dict[str, Any] = {"title": "Networks by name", "contents": [], "heads": heads, "rows": rows}
    yield MODELS, page_of("models.html.j2", MODELS, course, there, **shown).encode()
    for name, path in more.files.items():
        yield name, _bytes(path)
    hero = picture_data(repository / SAMPLE / "hero.jpg") if repository else None
    shown = {"title": "gradcam-lab", "contents": [], "hero": hero, "sample": REPORT if REPORT in more.files else None}
    yield (
        START,
        page_of("start.html.j2", START, course, there, **shown, api=API, models=MODELS, more=more.pages).encode(),
    )


@dataclass(frozen=True)
class _More:
    """What only a repository has: pages, the files that are copied, and where in the repository these are shown."""

    pages: tuple[MarkdownText, ...] = ()
    files: dict[str, Path] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)


def _of_repository(repository: Path, course: Course) -> _More:
    copies = {f"{BENCH}/{path.name}": (f"bench/{path.name}", path) for path in values(repository)}
    if not course.workspace:  # the sample shows the reference's code
        for name in ("report.html", "report.pdf", "results.json"):
            copies[f"{SAMPLE}/{name}"] = (
                REPORT if name == "report.html" else f"sample/{name}",
                repository / SAMPLE / name,
            )
    copies = {place: (file, path) for place, (file, path) in copies.items() if path.is_file()}
    pages = [speed_page(repository)]
    if (repository / ADDING).is_file():
        pages.append(markdown_page.read_page(repository / ADDING, ADDING, "contributing"))
    found = tuple(page for page in pages if page)
    places = {place: file for place, (file, _) in copies.items()} | {page.place: page.file for page in found}
    if SPEED in {page.name for page in found}:
        places[BENCH] = f"{SPEED}.html"
    if f"{SAMPLE}/report.html" in places:
        places[SAMPLE] = REPORT
    return _More(found, dict(copies.values()), places)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise LabError(f"Cannot read '{path}' ({error.strerror}): check its permissions.") from error
