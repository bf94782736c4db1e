"""Docstrings in Google's form: what they say first, and their sections."""

import re
from dataclasses import dataclass
from inspect import cleandoc
from itertools import groupby

LISTS = ("Args", "Attributes", "Raises")
"""Sections whose entries have names."""

TEXTS = ("Returns", "Yields")
EXAMPLES = "Examples"

_HEAD = re.compile(rf"^({'|'.join((*LISTS, *TEXTS, EXAMPLES))}):$")
_ENTRY = re.compile(r"^(\*{0,2}\w+(?:, \w+)*): (.*)$")


@dataclass(frozen=True)
class Part:
    """A paragraph, or lines at Python's prompt."""

    text: str
    is_code: bool = False


@dataclass(frozen=True)
class Section:
    """A section of a docstring.

    Attributes:
        title: such as "Args".
        entries: the names with their texts, of a section that is a list.
        parts: the paragraphs, and of examples the code.
    """

    title: str
    entries: tuple[tuple[str, str], ...] = ()
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Docstring:
    """A docstring: its text in Markdown, and its sections in their order."""

    text: str
    sections: tuple[Section, ...] = ()


def parse_docstring(text: str) -> Docstring:
    r"""Take a docstring apart.

    Examples:
        >>> found = parse_docstring("Add.\n\nArgs:\n    a: one.\n    b: the\n        other.")
        >>> found.text
        'Add.'
        >>> found.sections[0].entries
        (('a', 'one.'), ('b', 'the other.'))
    """
    blocks: list[tuple[str, list[str]]] = [("", [])]
    for line in cleandoc(text).split("\n"):
        head = _HEAD.match(line)
        if head:
            blocks.append((head[1], []))
        else:
            blocks[-1][1].append(line)
    (_, first), *others = blocks
    return Docstring("\n".join(first).strip(), tuple(_section(title, lines) for title, lines in others))


def _section(title: str, lines: list[str]) -> Section:
    body = cleandoc("\n" + "\n".join(lines)).split("\n")
    if title in LISTS:
        return Section(title, entries=tuple(_entries(body)))
    paragraphs = [list(its) for blank, its in groupby(body, key=lambda line: not line.strip()) if not blank]
    return Section(title, parts=tuple(_part(paragraph) for paragraph in paragraphs))


def _part(lines: list[str]) -> Part:
    code = lines[0].startswith(">>>")
    return Part("\n".join(lines) if code else " ".join(lines), code)


def _entries(lines: list[str]) -> list[tuple[str, str]]:
    """Read `name: text` entries; a line that is indented belongs to the one above it."""
    found: list[tuple[str, str]] = []
    for line in lines:
        entry = _ENTRY.match(line)
        if entry:
            found.append((entry[1], entry[2]))
        elif line.strip() and found:
            name, text = found[-1]
            found[-1] = name, f"{text} {line.strip()}"
    return found
