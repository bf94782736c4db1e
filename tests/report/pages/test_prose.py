"""Markdown as a part of a page: what is text, where links and pictures lead, and what browsers need."""

import pytest

from gradcam_lab.report.pages.prose import References, picture_data, render, split_title

NOWHERE = References(lambda address: None, lambda address: None)
SOMEWHERE = References(lambda address: f"pages/{address}", lambda address: "data:image/png;base64,AAAA")


def html(text, references=NOWHERE):
    return str(render(text, references).html)


def test_html_is_text_and_its_comments_are_nothing():
    shown = html("Say <b>\n\n<script>alert(1)</script>\n\n<!-- quotes\n{{ ap }}\n-->\nso <!-- not this --> it is")
    assert "&lt;b&gt;" in shown
    assert "&lt;script&gt;" in shown
    assert "<script" not in shown
    assert "quotes" not in shown
    assert "not this" not in shown
    assert "so  it is" in shown


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "vbscript:x"])
def test_a_link_that_would_run_something_is_none(address):
    assert "<a" not in html(f"[press]({address})", SOMEWHERE)


def test_headings_have_anchors_of_their_own():
    anchors = {"task-1"}
    found = render("## A `b`\n\n## A b\n\n### Ä, ß & 2.1\n\n## Task 1\n", NOWHERE, anchors)
    assert [(one.anchor, one.level) for one in found.headings] == [
        ("a-b", 2),
        ("a-b-1", 2),
        ("ä-ß--21", 3),
        ("task-1-1", 2),
    ]
    assert anchors == {"task-1", "a-b", "a-b-1", "ä-ß--21", "task-1-1"}
    assert found.headings[0].title == "A <code>b</code>"
    assert '<h2 id="a-b">' in found.html


def test_links_between_pages_lead_there_and_those_to_no_page_are_words():
    assert html("[*so*](more.md#x)", SOMEWHERE) == '<p><a href="pages/more.md#x"><em>so</em></a></p>\n'
    assert html("[*so*](more.md)") == "<p><em>so</em></p>\n"
    for address in ("https://arxiv.org/abs/1512.04150", "#below", "mailto:a@example.org"):
        assert html(f"[so]({address})") == f'<p><a href="{address}">so</a></p>\n'


def test_pictures_are_inside_and_those_that_are_not_there_are_words():
    assert html("![A *dog*](dog.png)", SOMEWHERE) == (
        '<p><img class="picture" src="data:image/png;base64,AAAA" alt="A dog"></p>\n'
    )
    assert html('![A "dog"](dog.png)') == "<p><em>A &#34;dog&#34;</em></p>\n"


def test_a_drawing_has_its_caption_below_and_in_words():
    shown = html("![Of `two`\nthe $x$](figure:two)", SOMEWHERE)
    assert shown.count("<figure") == shown.count("</figure>") == 1
    assert 'alt="Of two the x"' in shown
    assert '<figcaption>Of <code>two</code>\nthe <span class="math inline"><img' in shown
    assert "<p>" not in shown


def test_tables_can_be_scrolled_and_have_no_empty_header():
    shown = html("| | b |\n| --- | ---: |\n| `c` | d |\n")
    assert shown.startswith('<div class="table" tabindex="0"><table>')
    assert "<td></td>" in shown.partition("<tbody>")[0]
    assert shown.count("<th") - shown.count("<thead") == 1
    assert '<th style="text-align:right" scope="col">b</th>' in shown


@pytest.mark.parametrize("language", ["", "python", "nonsense"])
def test_code_is_set_line_by_line_in_any_language(language):
    shown = html(f"```{language}\nif x:\n\n    y = '<'\n```\n")
    assert shown.startswith('<pre tabindex="0"><code><span class="line"')
    assert shown.count('class="line"') == 3
    assert "&lt;" in shown
    assert ('class="k"' in shown) == (language == "python")


def test_empty_code_is_empty():
    assert html("```\n```\n") == '<pre tabindex="0"><code></code></pre>\n'


def test_only_a_picture_that_is_there_has_data(tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    (tmp_path / "a.txt").write_bytes(b"x")
    assert picture_data(tmp_path / "a.png") == "data:image/png;base64,iVBORw=="
    assert picture_data(tmp_path / "b.png") is None
    assert picture_data(tmp_path / "a.txt") is None


def test_a_title_is_only_what_begins_the_text():
    assert split_title("Text.\n\n# One\n") == ("", "Text.\n\n# One\n")
    assert split_title("\n# One\nText.\n") == ("One", "Text.\n")
