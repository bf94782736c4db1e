"""Markdown to the HTML of a page: anchors at headings, links between pages, pictures inside, code in colour."""

import base64
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from gradcam_lab.report.text import markdown
from gradcam_lab.report.text.listing import highlighted

MIME = {
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}

DRAWING = "figure:"
"""Begins the address of a drawing of `gradcam_lab.report.figures.lessons`, which is shown with its caption."""

_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//|#", re.IGNORECASE)
_TITLE = re.compile(r"\s*# (.*)\s*")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


@dataclass(frozen=True)
class Heading:
    """A heading of a page: its anchor, its text as HTML, and its level from 1."""

    anchor: str
    title: Markup
    level: int


@dataclass(frozen=True)
class Prose:
    """A text as HTML, and its headings in order."""

    html: Markup
    headings: tuple[Heading, ...]


@dataclass(frozen=True)
class References:
    """What a text's references lead to.

    Attributes:
        link: the address of a relative link's target in the pages, or None where it leads to no page: then its text
            stands there without a link.
        picture: the `data:` address of a picture, or None where there is none: then its description stands there.
    """

    link: Callable[[str], str | None]
    picture: Callable[[str], str | None]


def render(text: str, references: References, anchors: set[str] | None = None) -> Prose:
    """Render Markdown as a part of a page; HTML in it is text, and comments of HTML are left out.

    Args:
        text: Markdown.
        references: what its links and pictures lead to.
        anchors: the anchors that the page has so far; those of this text are added.
    """
    parser = markdown.parser(html=True)
    tokens = parser.parse(text)
    taken = set() if anchors is None else anchors
    _without_html(tokens)
    headings = tuple(
        _anchored(tokens, taken, lambda inline: Markup(parser.renderer.render([inline], parser.options, {})))
    )
    _accessible_tables(tokens)
    _captioned(tokens, parser)
    for token in tokens:
        if token.type == "inline":
            token.children = list(_followed(token.children or [], references))
        elif token.type in ("fence", "code_block"):
            _coloured(token)
    return Prose(Markup(parser.renderer.render(tokens, parser.options, {})), headings)


def split_title(text: str) -> tuple[str, str]:
    r"""Cut a text into its title, which is the heading at its beginning, and the rest.

    Examples:
        >>> split_title("# One `two`\n\nText.")
        ('One `two`', 'Text.')
        >>> split_title("Text.")
        ('', 'Text.')
    """
    found = _TITLE.match(text)
    return (found[1].strip(), text[found.end() :]) if found else ("", text)


def slug(text: str) -> str:
    """The anchor of a heading, as code hosts make it, so that a link works there and here.

    Examples:
        >>> slug("2.1 What's `new`?")
        '21-whats-new'
    """
    return re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-") or "part"


def picture_data(path: Path) -> str | None:
    """The `data:` address of a picture's file; None where there is no file, or it is no picture."""
    kind = MIME.get(path.suffix.lower())
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}" if kind and path.is_file() else None


def _without_html(tokens: Sequence[Token]) -> None:
    """Make text of HTML, in place, and nothing of its comments."""
    for token in tokens:
        _without_html(token.children or [])
        if token.type in ("html_block", "html_inline"):
            token.content = str(Markup.escape(_COMMENT.sub("", token.content).strip()))


def _anchored(tokens: list[Token], taken: set[str], html_of: Callable[[Token], Markup]) -> Iterator[Heading]:
    """Give every heading an anchor of its own."""
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            inline = tokens[place + 1]
            first = anchor = slug(_words(inline))
            number = 1
            while anchor in taken:
                anchor, number = f"{first}-{number}", number + 1
            taken.add(anchor)
            token.attrSet("id", anchor)
            yield Heading(anchor, html_of(inline), int(token.tag[1]))


def _accessible_tables(tokens: list[Token]) -> None:
    """Let tables scroll on narrow screens, and make no header of an empty corner."""
    for place, token in enumerate(tokens):
        if token.type == "th_open":
            if tokens[place + 1].content:
                token.attrSet("scope", "col")
            else:
                token.tag = tokens[place + 2].tag = "td"
    for place in reversed(range(len(tokens))):
        if tokens[place].type == "table_open":
            tokens.insert(place, _raw('<div class="table" tabindex="0">'))
        elif tokens[place].type == "table_close":
            tokens.insert(place + 1, _raw("</div>\n"))


def _captioned(tokens: list[Token], parser: MarkdownIt) -> None:
    """Make a figure with a caption of a drawing of ours that has a paragraph for itself."""
    for before, inline, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        children = inline.children or []
        if before.type == "paragraph_open" and len(children) == 1 and _is_drawing(children[0]):
            caption = parser.renderer.render(children[0].children or [], parser.options, {})
            before.type = after.type = "html_block"
            before.content = '<figure class="plot"><div class="frame" tabindex="0">'
            after.content = f"</div><figcaption>{caption}</figcaption></figure>\n"


def _is_drawing(token: Token) -> bool:
    return token.type == "image" and str(token.attrGet("src")).startswith(DRAWING)


def _followed(children: list[Token], references: References) -> Iterator[Token]:
    """Point links and pictures to where they are in a page; what is nowhere stays as words."""
    dropped: list[bool] = []
    for token in children:
        if token.type == "link_open":
            address = str(token.attrGet("href") or "")
            target = address if _ELSEWHERE.match(address) else references.link(address)
            dropped.append(target is None)
            if target is not None:
                token.attrSet("href", target)
                yield token
        elif token.type == "link_close":
            if not dropped.pop():
                yield token
        elif token.type == "image":
            yield _picture(token, references)
        else:
            yield token


def _picture(token: Token, references: References) -> Token:
    address = str(token.attrGet("src") or "")
    source = references.picture(address)
    words = _words(token)
    if source is None:
        return _raw(Markup("<em>{}</em>").format(words))
    return _raw(Markup('<img class="picture" src="{}" alt="{}">').format(source, words))


def _words(token: Token) -> str:
    """The text of what is in a heading or a description, without its markup."""
    return "".join(" " if child.type == "softbreak" else child.content for child in token.children or [])


def _coloured(token: Token) -> None:
    """Set code in colour where its language is known."""
    language = (token.info.split() or ["text"])[0]
    try:
        lexer = get_lexer_by_name(language)
    except ClassNotFound:
        lexer = get_lexer_by_name("text")
    code = highlighted(token.content, lexer) if token.content.strip() else Markup()
    token.type, token.content = "html_block", f'<pre tabindex="0"><code>{code}</code></pre>\n'


def _raw(html: str) -> Token:
    return Token("html_block", "", 0, content=html)
