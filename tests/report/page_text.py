"""What the tests of the report read a page by."""

import re
from html.parser import HTMLParser


def text_of(html: str) -> str:
    """Return what a browser shows of a piece of HTML."""
    shown: list[str] = []
    parser = HTMLParser()
    parser.handle_data = shown.append  # type: ignore[method-assign, assignment]
    parser.feed(html)
    parser.close()
    return "".join(shown)


def words_of(html: str) -> str:
    """Return the same without styles, with single spaces."""
    return " ".join(text_of(re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL)).split())
