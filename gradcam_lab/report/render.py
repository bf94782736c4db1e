"""Render a finished run as `report.html` and `report.pdf`: from its results, its figures, and the code that ran."""

import base64
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from itertools import count
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from gradcam_lab.errors import LabError
from gradcam_lab.files import read_json, write_text
from gradcam_lab.report.embedded import script
from gradcam_lab.report.figures.captions import FigureEntry
from gradcam_lab.report.figures.photos import SHOWN_SCORE
from gradcam_lab.report.interactive import Interactive, read_interactive, without_pictures
from gradcam_lab.report.pdf import PdfError, write_pdf
from gradcam_lab.report.results import Results, read_results
from gradcam_lab.report.templating import html_environment
from gradcam_lab.report.text import facts, listing, markdown, wording

REPORT_SECTIONS = {
    "summary": "Summary",
    "cam": "Class activation maps",
    "gradcam": "Grad-CAM",
    "boxes": "From a heatmap to boxes",
    "metrics": "How good are the boxes?",
    "methods": "Better boxes, honestly compared",
    "segmentation": "From a heatmap to a mask",
    "faithfulness": "Is the heatmap telling the truth?",
    "results": "Looking at the detections",
    "written": "Your answers",
    "answers": "Four questions",
    "conventions": "Conventions",
    "provenance": "Provenance",
}
"""Name of the template in `templates/sections/`, which is also the section's anchor -> title."""

QUESTIONS = {"gradcam": "2.8", "detection": "3.6", "metrics": "4.6", "improve": "3.6"}
"""The lab's own answers in `templates/answers/`, and the written task after which each may be read."""

MIME = {".jpg": "image/jpeg", ".svg": "image/svg+xml"}

_BLOCK = re.compile(r"^::(\w+) ?(\S*)$", re.MULTILINE)
_PICTURE = re.compile(r'<img src="[^"]*" alt="([^"]*)"[^>]*>')  # a formula's begins with its class
_HEADING = re.compile(r"(</?)h[1-6]>")
_PART = re.compile(r"<h3>(.*?)</h3>", re.DOTALL)


@dataclass(frozen=True)
class Rendered:
    """The files of a report: `pdf` is None where none was made, and `problem` then says why, unless none was wanted."""

    html: Path
    pdf: Path | None
    problem: str | None

    @property
    def folder(self) -> Path:
        """The folder of the run."""
        return self.html.parent

    @property
    def results(self) -> Results:
        """Every number of the run: what `results.json` holds.

        Raises:
            LabError: it cannot be read.
        """
        return read_results(self.folder)


@dataclass(frozen=True)
class Part:
    """A subsection, as the table of contents lists it."""

    anchor: str
    title: Markup


@dataclass(frozen=True)
class Section:
    """A section as it stands in the report; the summary has no number."""

    anchor: str
    number: str
    title: str
    html: Markup
    parts: list[Part]


def render(run: Path, *, pdf: bool = True) -> Rendered:
    """Write `report.html`, and `report.pdf` beside it.

    Args:
        run: the folder of a finished run.
        pdf: whether a PDF is wanted.

    Returns:
        The files. Without Pango the HTML is written all the same, and `problem` says what to install.

    Raises:
        LabError: the folder is no finished run, or a file of it is damaged.
    """
    html, paper = run / "report.html", run / "report.pdf"
    write_html(html)
    if not pdf:
        return Rendered(html, None, None)
    try:
        write_paper(paper)
    except PdfError as problem:
        return Rendered(html, None, str(problem))
    return Rendered(html, paper, None)


def write_html(path: Path) -> None:
    """Write the report of the run in whose folder the file is to lie; the errors are those of `render`."""
    write_text(path, to_html(path.parent))


def write_paper(path: Path) -> None:
    """Print the `report.html` of the same folder; the errors are those of `write_pdf`."""
    write_pdf((path.parent / "report.html").read_text(encoding="utf-8"), path)


def to_html(run: Path) -> str:
    """Return the report of a run as one self-contained page; the errors are those of `render`."""
    results = read_results(run)
    try:
        return _page(run, results, read_figures(run), read_interactive(run))
    except (KeyError, IndexError, StopIteration, TypeError, ValueError, jinja2.UndefinedError) as error:
        raise LabError(f"The run in '{run}' lacks something that its report needs ({error}): make it again.") from error


@dataclass(frozen=True)
class ShownFigure:
    """A figure as the page shows it: `key` is its name in the sections, `source` a `data:` address of the picture."""

    key: str
    kind: str
    source: str
    alt: str
    caption: str


def read_figures(run: Path) -> list[ShownFigure]:
    """Read `figures/figures.json` and the pictures that it names.

    Raises:
        LabError: a file is missing, lies elsewhere, or is not a picture.
    """
    folder = run / "figures"
    return [_shown(folder, record) for record in read_json(folder / "figures.json")]


def _shown(folder: Path, record: FigureEntry) -> ShownFigure:
    path = folder / record["file"]
    if path.parent != folder or path.suffix not in MIME:
        raise LabError(
            f"'{folder / 'figures.json'}' names '{record['file']}', no .jpg or .svg of that folder: make the run again."
        )
    try:
        data = base64.b64encode(path.read_bytes()).decode()
    except OSError as error:
        raise LabError(f"The figure '{path}' cannot be read ({error.strerror}): make the run again.") from error
    kind = "plot" if path.suffix == ".svg" else "photos"
    return ShownFigure(path.stem, kind, f"data:{MIME[path.suffix]};base64,{data}", record["alt"], record["caption"])


def _page(run: Path, results: Results, figures: Sequence[ShownFigure], interactive: Interactive | None) -> str:
    """Render the whole page."""
    answer_allowed = partial(facts.answer_allowed, results.get("course"), results.get("answers", {}))
    html, prose = environment(), environment(finalize=markdown.literal)
    answers_shown = [name for name, task in QUESTIONS.items() if answer_allowed(task)]
    variables = {
        **facts.template_variables(results),
        "figure_number": partial(next, count(1)),
        "table_number": partial(next, count(1)),
        "figures_of": lambda key: [figure for figure in figures if figure.key == key],
        "code_of": partial(listing.code_of, run, results),
        "answer_allowed": answer_allowed,
        "answers_shown": answers_shown,
        "answer_html": answer_html,
        "article": article,
        "made": made_at(),
        "interactive": interactive,
        "script": script(),
        "least": SHOWN_SCORE,
    }
    blocks = html.get_template("blocks.html.j2").make_module(variables)
    chapters = chapters_of(results, len(answers_shown))
    sections = [_section(place, *chapter, prose, blocks, variables) for place, chapter in enumerate(chapters.items())]
    return html.get_template("report.html.j2").render(**variables, sections=sections)


def chapters_of(results: Results, questions: int) -> dict[str, str]:
    """The sections of this report and their titles; `questions` is the number of the lab's answers that are shown."""
    titles = REPORT_SECTIONS | {
        "answers": ("", "One question", "Two questions", "Three questions", "Four questions")[questions]
    }
    present = {
        "methods": results.get("methods"),
        "segmentation": results.get("segmentation"),
        "faithfulness": results.get("truth"),
        "written": results.get("answers"),
        "answers": questions,
    }
    return {name: title for name, title in titles.items() if present.get(name, True)}


@cache
def environment(finalize: Callable[[Any], Any] | None = None) -> jinja2.Environment:
    """Jinja2 with the words of the report."""
    made = html_environment("", finalize=finalize, keep_trailing_newline=True)
    made.filters.update(pct=percent, points=wording.points, signed=wording.signed, decimal=wording.decimal)
    made.filters.update(threshold=wording.threshold, listed=wording.listed, phrase=phrase, time_of=wording.time_of)
    made.filters.update(flat=facts.flat, code=markdown.code, scientific=markdown.scientific)
    made.filters.update(without_pictures=without_pictures)
    return made


def _section(
    place: int, name: str, title: str, prose: jinja2.Environment, blocks: Any, variables: Mapping[str, Any]
) -> Section:
    """Render one section: Markdown, with a block of HTML wherever a line such as `::figure random` stands alone."""
    text = prose.get_template(f"sections/{name}.md.j2").render(**variables)
    pieces, end = [], 0
    for match in _BLOCK.finditer(text):
        pieces += [markdown.to_html(text[end : match.start()]), getattr(blocks, match[1])(match[2])]
        end = match.end()
    pieces.append(markdown.to_html(text[end:]))
    html = "".join(pieces)
    parts = [Part(f"{name}-{n}", Markup(title)) for n, title in enumerate(_PART.findall(html), 1)]
    following = iter(parts)
    html = _PART.sub(lambda match: f'<h3 id="{next(following).anchor}">{match[1]}</h3>', html)
    return Section(name, str(place or ""), title, Markup(html), parts)


def answer_html(text: str) -> Markup:
    """A student's Markdown: raw HTML is text, pictures are their descriptions, and headings stay below ours."""
    html = _PICTURE.sub(r"[\1]", markdown.to_html(text))
    return Markup(_HEADING.sub(r"\1h5>", html))


def made_at() -> datetime:
    """The creation time: SOURCE_DATE_EPOCH (seconds since 1970, UTC) where it is set, or now.

    Raises:
        LabError: SOURCE_DATE_EPOCH is not a number.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch is None:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        return datetime.fromtimestamp(int(epoch), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise LabError(f"SOURCE_DATE_EPOCH is '{epoch}': it must be a number of seconds since 1970.") from error


def percent(fraction: float | None) -> str:
    """A fraction as percent with one decimal; a dash where there is no number."""
    return "–" if fraction is None else f"{100 * fraction:.1f}"


def article(noun: str) -> str:
    """A noun with "a" or "an"."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def phrase(kinds: list[dict[str, Any]]) -> str:
    """The counts of failures as the middle of a sentence: "8 are context, 3 missed and 1 merged"."""
    counted = [f"{kind['count']} {kind['name']}" for kind in kinds if kind["count"]]
    if not counted:
        return "none was counted"
    verb = "is" if counted[0].startswith("1 ") else "are"
    return wording.listed([counted[0].replace(" ", f" {verb} ", 1), *counted[1:]])
