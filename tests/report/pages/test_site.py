"""The website: every link leads somewhere, and what lies in its folder is safe."""

import re
from pathlib import Path

import pytest

from gradcam_lab.errors import LabError
from gradcam_lab.report.pages.site import write_site
from tests.report.pages.made import Page, course, dead_links, read

ROOT = Path(__file__).parents[3]


@pytest.fixture
def repository(tmp_path):
    """A repository with a sample report and measurements."""
    folder = tmp_path / "repository"
    bench, sample = folder / "report" / "bench", folder / "report" / "sample"
    bench.mkdir(parents=True)
    sample.mkdir()
    (bench / "README.md").write_text("# How fast\n\n## One\n\n| | s |\n| --- | --- |\n| a | 1 |\n\n![All](one.svg)\n")
    (bench / "one.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    (bench / "one & two.csv").write_text("a,1\n")
    (sample / "report.pdf").write_bytes(b"%PDF")
    (folder / "CONTRIBUTING.md").write_text(
        "# Where things go\n\n[Sample](report/sample), [PDF](report/sample/report.pdf)\n"
    )
    (sample / "report.html").write_text('<html><h2 id="a">The answer</h2><a href="#a">x</a></html>')
    return folder


def loaded(path):
    return read(path).loaded


def test_a_dead_link_is_seen(tmp_path):
    text = '<a href="b.html">b</a><a href="#no">c</a><a href="a.html#yes">d</a><a href="x.csv">e</a><p id="yes"></p>'
    (tmp_path / "a.html").write_text(text)
    assert dead_links(tmp_path) == [("a.html", "b.html"), ("a.html", "#no"), ("a.html", "x.csv")]


def test_the_site_is_whole(tmp_path, repository):
    start = write_site(tmp_path / "site", course(tmp_path), repository)
    names = {path.relative_to(tmp_path / "site").as_posix() for path in (tmp_path / "site").rglob("*.*")}
    pages = {"index", "step1_one", "step2_two", "install", "more", "api", "models", "report", "speed", "contributing"}
    assert names == {f"{page}.html" for page in pages} | {"bench/one & two.csv", "sample/report.pdf"}
    assert dead_links(tmp_path / "site") == []
    assert all(address.startswith("data:") for name in pages for address in loaded(tmp_path / "site" / f"{name}.html"))
    linked = set(read(start).links)
    assert linked == {f"{page}.html" for page in pages - {"index"}}
    assert "bench/one%20%26%20two.csv" in read(tmp_path / "site" / "speed.html").links
    assert {"report.html", "sample/report.pdf"} <= set(read(tmp_path / "site" / "contributing.html").links)
    assert all("index.html" in read(tmp_path / "site" / f"{page}.html").links for page in pages - {"index", "report"})


def test_a_workspace_has_no_sample_report_which_shows_the_answers(tmp_path, repository):
    start = write_site(tmp_path / "site", course(tmp_path, workspace=True), repository)
    assert not list((tmp_path / "site").rglob("report.*"))
    assert "report.html" not in read(start).links
    assert dead_links(tmp_path / "site") == []


def test_without_a_repository_there_is_what_the_package_has(tmp_path):
    start = write_site(tmp_path / "site", course(tmp_path), None)
    assert set(read(start).links) == {
        *("step1_one.html", "step2_two.html", "install.html", "more.html", "api.html", "models.html")
    }
    assert dead_links(tmp_path / "site") == []


def test_the_table_of_networks_is_that_of_the_package(tmp_path):
    write_site(tmp_path / "site", course(tmp_path), None)
    rows = (ROOT / "gradcam_lab" / "models" / "networks.csv").read_text(encoding="utf-8").splitlines()[1:]
    html = (tmp_path / "site" / "models.html").read_text(encoding="utf-8")
    assert re.findall(r'<th scope="row">(.*?)</th>', html) == [row.split(",")[0] for row in rows]
    assert "alexnet alexnet 224 features map 6 256 61.1 M ok" in Page(html.replace("</t", " </t")).words


def test_a_site_is_written_again_and_what_else_lies_there_stays(tmp_path, repository):
    site = tmp_path / "site"
    write_site(site, course(tmp_path), repository)
    (site / "mine.html").write_text("mine")
    (site / "index.html").write_text(
        (site / "index.html").read_text(encoding="utf-8") + "<!-- old -->", encoding="utf-8"
    )
    write_site(site, course(tmp_path), repository)
    assert (site / "mine.html").read_text() == "mine"
    assert "<!-- old" not in (site / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["index.html", "more.html", "bench/one & two.csv"])
def test_a_file_of_somebody_else_is_not_replaced(tmp_path, repository, name):
    site = tmp_path / "site"
    (site / name).parent.mkdir(parents=True)
    (site / name).write_text("mine")
    with pytest.raises(LabError, match="is there already and no page of gradcam-lab"):
        write_site(site, course(tmp_path), repository)
    assert [path for path in site.rglob("*") if path.is_file()] == [site / name]
    assert (site / name).read_text() == "mine"
