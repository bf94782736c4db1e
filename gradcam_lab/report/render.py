"""A finished run to `report.html` and `report.pdf`: from its results, its figures, and its code or the lessons."""

import base64
import os
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from gradcam_lab.errors import LabError
from gradcam_lab.files import read_json, write_text
from gradcam_lab.report.pdf import write_pdf
from gradcam_lab.report.text import facts, findings, listing, markdown, wording

SCHEMA = "gradcam-lab/results/1"

SECTIONS = {
    "summary": "Summary",
    "cam": "Class activation maps",
    "gradcam": "Grad-CAM",
    "boxes": "From a heatmap to boxes",
    "metrics": "How good are the boxes?",
    "better": "Better boxes, honestly compared",
    "segmentation": "From a heatmap to a mask",
    "truth": "Is the heatmap telling the truth?",
    "results": "Looking at the detections",
    "written": "Your answers",
    "answers": "Four questions",
    "conventions": "Conventions",
    "provenance": "Provenance",
}
"""Name of the template in `templates/sections/` -> title."""

QUESTIONS = {"gradcam": "2.6", "detection": "3.6", "metrics": "4.6", "improve": "3.6"}
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


@dataclass(frozen=True)
class Part:
    """A subsection, as the table of contents lists it."""

    id: str
    title: Markup


@dataclass(frozen=True)
class Section:
    """A section as it stands in the report; the summary has no number."""

    id: str
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
    html = to_html(run)
    write_text(run / "report.html", html)
    if not pdf:
        return Rendered(run / "report.html", None, None)
    problem = write_pdf(html, run / "report.pdf")
    return Rendered(run / "report.html", None if problem else run / "report.pdf", problem)


def to_html(run: Path) -> str:
    """Return the report of a run as one self-contained page; the errors are those of `render`."""
    results = read_results(run)
    try:
        return _page(run, facts.facts_of(results), read_figures(run))
    except (KeyError, IndexError, StopIteration, TypeError, ValueError, jinja2.UndefinedError) as error:
        raise LabError(f"The run in '{run}' lacks something that its report needs ({error}): make it again.") from error


def read_results(run: Path) -> dict[str, Any]:
    """Read `results.json`.

    Raises:
        LabError: it is missing, damaged, or of another version.
    """
    if not (run / "results.json").is_file():
        raise LabError(f"There is no 'results.json' in '{run}': name the folder of a finished run (run-all makes one).")
    results = read_json(run / "results.json")
    schema = results.get("schema") if isinstance(results, dict) else None
    if schema != SCHEMA:
        raise LabError(f"'{run / 'results.json'}' has the schema '{schema}' and not '{SCHEMA}': make the run again.")
    return dict(results)


def read_figures(run: Path) -> list[dict[str, str]]:
    """Read the records of `figures/figures.json`, each with its picture as a `data:` address in `source`.

    Raises:
        LabError: a file is missing, lies elsewhere, or is not a picture.
    """
    folder = run / "figures"
    records = read_json(folder / "figures.json")
    return [{**record, **_picture(folder, record["file"])} for record in records]


def _picture(folder: Path, name: str) -> dict[str, str]:
    path = folder / name
    if path.parent != folder or path.suffix not in MIME:
        raise LabError(
            f"'{folder / 'figures.json'}' names '{name}', no .jpg or .svg of that folder: make the run again."
        )
    try:
        data = base64.b64encode(path.read_bytes()).decode()
    except OSError as error:
        raise LabError(f"The figure '{path}' cannot be read ({error.strerror}): make the run again.") from error
    return {"source": f"data:{MIME[path.suffix]};base64,{data}", "kind": "plot" if path.suffix == ".svg" else "photos"}


def _page(run: Path, variables: dict[str, Any], figures: list[dict[str, str]]) -> str:
    """Set the whole page."""
    numbers: Counter[str] = Counter()

    def number(kind: str) -> int:
        numbers[kind] += 1
        return numbers[kind]

    html, prose = _environment(), _environment(finalize=markdown.literal)
    tools: dict[str, Any] = {
        "number": number,
        "figures_of": lambda key: [figure for figure in figures if figure["key"] == key],
        "code_of": lambda step: listing.code_of(run, variables, step),
        "may_show": lambda task: facts.may_show(variables, task),
        "answers_shown": [name for name, task in QUESTIONS.items() if facts.may_show(variables, task)],
        "answer_html": answer_html,
        "css": lambda name: Markup((_templates() / name).read_text(encoding="utf-8")),
        "article": article,
        "made": made_at(),
    }
    for environment in (html, prose):
        environment.globals.update(tools)
    blocks = html.get_template("blocks.html.j2").make_module(variables)
    chapters = chapters_of(variables, len(tools["answers_shown"]))
    sections = [_section(place, *chapter, prose, blocks, variables) for place, chapter in enumerate(chapters.items())]
    return html.get_template("report.html.j2").render(**variables, sections=sections)


def chapters_of(results: dict[str, Any], questions: int) -> dict[str, str]:
    """The sections of this report and their titles: what the run has, and as many of the lab's answers as may be read."""
    titles = SECTIONS | {
        "answers": ("", "One question", "Two questions", "Three questions", "Four questions")[questions]
    }
    empty = {name for name, count in (("written", len(results["answers"])), ("answers", questions)) if not count}
    empty |= {name for name in findings.OPTIONAL if not results[name]}
    return {name: title for name, title in titles.items() if name not in empty}


def _environment(finalize: Callable[[Any], Any] | None = None) -> jinja2.Environment:
    """Jinja2 with every value escaped: file names, ids and answers are text that anyone may have written."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_templates()),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=finalize,
        keep_trailing_newline=True,
    )
    environment.filters.update(pct=percent, points=wording.points, signed=wording.signed, decimal=wording.decimal)
    environment.filters.update(threshold=wording.threshold)
    environment.filters.update(listed=wording.listed, tied=tied, phrase=phrase, capital=capital)
    environment.filters.update(code=markdown.code, scientific=markdown.scientific)
    return environment


def _templates() -> Path:
    return Path(str(resources.files("gradcam_lab.templates")))


def _section(
    place: int, name: str, title: str, prose: jinja2.Environment, blocks: Any, variables: dict[str, Any]
) -> Section:
    """Render one section: Markdown, with a block of HTML wherever a line such as `::figure random` stands alone."""
    text = prose.get_template(f"sections/{name}.md.j2").render(**variables)
    pieces, end = [], 0
    for match in _BLOCK.finditer(text):
        pieces += [markdown.to_html(text[end : match.start()]), getattr(blocks, match[1])(match[2])]
        end = match.end()
    pieces.append(markdown.to_html(text[end:]))
    parts: list[Part] = []

    def with_id(match: re.Match[str]) -> str:
        part = Part(f"{name}-{len(parts) + 1}", Markup(match[1]))
        parts.append(part)
        return f'<h3 id="{part.id}">{part.title}</h3>'

    html = Markup(_PART.sub(with_id, "".join(pieces)))
    return Section(name, str(place or ""), title, html, parts)


def answer_html(text: str) -> Markup:
    """A student's Markdown: raw HTML is text, pictures are their descriptions, and headings stay below ours."""
    html = _PICTURE.sub(r"[\1]", markdown.to_html(text))
    return Markup(_HEADING.sub(r"\1h5>", html))


def made_at() -> datetime:
    """The moment of making: SOURCE_DATE_EPOCH (seconds since 1970, UTC) where it is set, or now.

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


def tied(score: dict[str, float]) -> bool:
    """Whether the order of equal scores can move this AP."""
    return score["ap_best_order"] - score["ap_worst_order"] > 1e-9


def article(noun: str) -> str:
    """A noun with "a" or "an"."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def capital(text: str) -> str:
    """A text with a capital letter in front."""
    return text[:1].upper() + text[1:]


def phrase(kinds: list[dict[str, Any]]) -> str:
    """The counts of failures as the middle of a sentence: "8 are context, 3 missed and 1 merged"."""
    counted = [f"{kind['count']} {kind['name']}" for kind in kinds if kind["count"]]
    if not counted:
        return "none was counted"
    verb = "is" if counted[0].startswith("1 ") else "are"
    first = counted[0].replace(" ", f" {verb} ", 1)
    rest = counted[1:]
    return " and ".join(part for part in (", ".join([first, *rest[:-1]]), *rest[-1:]) if part)
