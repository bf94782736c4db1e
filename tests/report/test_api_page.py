"""The page of the Python interface: every name, argument and type, as Python itself knows them."""

import ast
import inspect
import os
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import gradcam_lab as lab
from gradcam_lab.report.api_page import inline, to_html
from gradcam_lab.report.interface import Described, Interface, describe, public_names, read_interface
from gradcam_lab.report.text.docstring import parse_docstring
from tests.commands import lab as command
from tests.commands import process, refused

NAMES = public_names()


class Page(HTMLParser):
    """What is in a page: its anchors, links and text, and whether every tag is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.anchors, self.links, self.sources = list[str](), list[str](), list[str]()
        self.text, self.open = "", list[str]()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if identity := found.get("id"):
            self.anchors.append(identity)
        if tag == "a":
            self.links.append(found["href"] or "")
        self.sources += [value for name, value in attrs if name == "src" and value]
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def interface() -> Interface:
    return read_interface()


@pytest.fixture(scope="module")
def page(interface) -> Page:
    return Page(to_html(interface))


@pytest.mark.parametrize("name", NAMES)
def test_a_signature_has_pythons_own_parameters_and_defaults(name):
    value: Any = getattr(lab, name)
    one = describe(NAMES[name], name)
    assert one.doc == parse_docstring(value.__doc__)
    if inspect.isfunction(value):
        (arguments,) = (section.entries for section in one.doc.sections if section.title == "Args")
        parameters = inspect.signature(value).parameters
        assert [argument for argument, _ in arguments] == list(parameters)
        assert defaults(one.signature) == {
            parameter.name: parameter.default
            for parameter in parameters.values()
            if parameter.default is not inspect.Parameter.empty
        }


def defaults(signature: str) -> dict[str, object]:
    """The values in a function's head."""
    (function,) = ast.parse(f"def {signature}: ...").body
    assert isinstance(function, ast.FunctionDef)
    arguments = function.args
    plain = zip(reversed(arguments.args), reversed(arguments.defaults), strict=False)
    named = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return {one.arg: ast.literal_eval(default) for one, default in (*plain, *named) if default}


def test_a_class_has_its_functions_and_the_types_of_its_attributes(interface):
    found = next(one for one in interface.names if one.name == "Found")
    assert {member.name for member in found.members} >= {"Found.boxes", "Found.heatmap", "Found.save"}
    assert next(one for one in found.members if one.name == "Found.boxes").signature == "boxes: np.ndarray"
    assert dict(found.fields)["size"] == "tuple[int, int]"
    attributes = next(section for section in found.doc.sections if section.title == "Attributes")
    assert {name for name, _ in attributes.entries} == {name for name, _ in found.fields}


def test_the_types_of_the_signatures_are_described(interface):
    types = {one.name: one for one in interface.types}
    assert {"Photo", "Network", "FoundPhotos", "FoundClass", "BoxData", "ScoreRow", "Rendered"} <= set(types)
    assert types["Network"].signature == "Network = str | Path | nn.Module | Classifier"
    assert not set(types) & set(NAMES)
    assert all(one.doc.text for one in types.values())


def test_the_page_is_whole_and_needs_nothing_else(page, interface):
    html = to_html(interface)
    assert page.open == []
    assert len(set(page.anchors)) == len(page.anchors)
    assert {link.removeprefix("#") for link in page.links} <= set(page.anchors)
    assert all(source.startswith("data:") for source in page.sources)
    for one in (*interface.names, *interface.types):
        assert one.name in page.anchors
        for section in one.doc.sections:
            for name, text in section.entries:
                assert f"<code>{name}" in html
                assert f"<dd>{inline(text)}</dd>" in html
    assert '>>> found = lab.locate("photo.jpg", net, classes=["dog"])' in page.text


def test_a_type_in_a_signature_leads_to_its_description(page):
    assert page.links.count("#Network") == 3  # of locate, explain and run_all
    assert "#Found" in page.links


def test_what_a_docstring_says_cannot_break_the_page():
    doc = parse_docstring("Say <b>.\n\nArgs:\n    x: `</script>` & <i>.\n\nExamples:\n    >>> '<u>'\n    '<u>'")
    html = to_html(Interface((Described("f", "f(x: str = '<s>')", doc),), ()))
    for tag in ("<b>", "</script>", "<i>", "<u>", "<s>"):
        assert tag not in html
    page = Page(html)
    assert "Say <b>." in page.text
    assert page.open == []
    assert inline("one `two`") == "one <code>two</code>"


def test_the_command_writes_the_page_whole_or_not_at_all(tmp_path, interface):
    page = tmp_path / "page.html"
    for _ in range(2):  # also in the place of one that it wrote before
        done = command("api", "--out", page)
        assert (done.code, done.out) == (0, f"{page}\n")
        assert page.read_text(encoding="utf-8") == to_html(interface)


@pytest.mark.parametrize("name", ["a.jpg", "page", "page.html.txt"])
def test_a_file_that_is_no_page_by_its_name_is_not_written(tmp_path, name):
    refused(command("api", "--out", tmp_path / name), f"{name}' does not end in .html")
    assert not list(tmp_path.iterdir())


def test_no_folder_is_made_for_the_page(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    for folder in ("new", "file"):
        refused(command("api", "--out", tmp_path / folder / "page.html"), f"There is no folder '{tmp_path / folder}'")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("text", ["", "<title>mine</title>", "see <title>gradcam-lab from Python</title>"])
def test_what_is_there_already_is_not_replaced(tmp_path, text):
    page = tmp_path / "page.html"
    page.write_text(text, encoding="utf-8")
    refused(command("api", "--out", page), "page.html' is there already and no page of gradcam-lab api")
    assert page.read_text(encoding="utf-8") == text


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no FIFO, and links need a permission")
@pytest.mark.parametrize("make", [Path.mkdir, getattr(os, "mkfifo", None), lambda path: path.symlink_to("nowhere")])
def test_what_is_no_regular_file_is_not_replaced(tmp_path, make):
    page = tmp_path / "page.html"
    make(page)
    before = page.lstat()
    refused(command("api", "--out", page), "page.html' is there already and no page of gradcam-lab api")
    assert page.lstat() == before


def test_the_page_is_made_without_torch(tmp_path):
    code = """
import sys
sys.argv = ["gradcam-lab", "api"]
from gradcam_lab.cli import main
try:
    main()
finally:
    print("torch" in sys.modules)
"""
    assert process("-c", code, cwd=tmp_path).stdout == "gradcam-lab-api.html\nFalse\n"
