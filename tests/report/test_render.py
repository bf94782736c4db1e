"""The report as a whole: from a run's folder to HTML and PDF."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from gradcam_lab.errors import LabError
from gradcam_lab.lesson_modules import STEP_NAMES, reference_text
from gradcam_lab.report.render import QUESTIONS, Rendered, render, to_html
from tests.report.conftest import EPOCH
from tests.report.page_text import words_of
from tests.synthetic_run import results

HOSTILE = '<script>alert("1")</script> **x** $y$ [z](http://z.zz) `{{ 7 * 7 }}` ::figure random'


def change(folder: Path, /, **parts: Any) -> None:
    """Replace parts of a run's results."""
    (folder / "results.json").write_text(json.dumps({**results(), **parts}), encoding="utf-8")


class Page(HTMLParser):
    """The elements of a page: (tag, attributes)."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def all(self, name: str) -> list[str]:
        """Every value of an attribute."""
        return [attributes[name] or "" for _, attributes in self.elements if name in attributes]


# HTML


def test_no_pdf_is_made_where_none_is_wanted(run):
    assert render(run, pdf=False) == Rendered(run / "report.html", None, None)
    assert not (run / "report.pdf").exists()


def test_the_page_is_self_contained_and_complete(original):
    html = to_html(original)
    page = Page(html)
    assert len(html) < 6_000_000
    assert all(address.startswith("data:") for address in page.all("src"))
    assert all(address.startswith(("#", "https://")) for address in page.all("href"))
    assert {tag for tag, attributes in page.elements if (attributes.get("href") or "#")[0] != "#"} <= {"a"}
    assert "url(" not in html
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in page.elements}
    images = [attributes for tag, attributes in page.elements if tag == "img"]
    assert all(image["alt"] for image in images)
    assert sum("math" in (image.get("class") or "") for image in images) < len(images)
    ids = page.all("id")
    assert len(ids) == len(set(ids))
    assert {address[1:] for address in page.all("href") if address.startswith("#")} <= set(ids)
    figures = json.loads((original / "figures" / "figures.json").read_text(encoding="utf-8"))
    assert {f"figure-{Path(record['file']).stem}" for record in figures} <= set(ids)


def test_the_page_is_the_same_every_time(original):
    assert to_html(original) == to_html(original)


def test_the_only_date_is_that_of_making(original, monkeypatch):
    first = to_html(original)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(EPOCH) + 40 * 86400))
    second = to_html(original)
    changed = [pair for pair in zip(first.splitlines(), second.splitlines(), strict=True) if pair[0] != pair[1]]
    assert [line.strip() for line, _ in changed] == [
        '<meta name="dcterms.created" content="2023-11-14T22:13:20+00:00">',
        '<meta name="dcterms.modified" content="2023-11-14T22:13:20+00:00">',
        '<p class="made">14 November 2023</p>',
    ]


def test_a_wrong_source_date_epoch_is_named(original, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(LabError, match="SOURCE_DATE_EPOCH is 'yesterday'"):
        to_html(original)


def test_the_report_quotes_the_run(original):
    text = words_of(to_html(original))
    for quoted in (
        "average precision of 72.0, 57.6 and 39.6 at IoU 0.3, 0.4 and 0.5",
        "86.4% of the objects at IoU 0.3",
        "ahead of it at IoU 0.3 (72.0 against 52.0; the intervals do not overlap)",
        "highest around 0.35",
        "with 58.0. That is an oracle",
        "head only (31 of 71 at IoU 0.5)",
        "Published elsewhere, not measured here: the first 500 images of VOC2007 test",
        "50.43",
        "Other images than those of the table before",
        "Task 3.4 nms",
        "gradcam-lab run-all --data toyvoc",
        "image 000123 the most probable class, dog, is annotated. It also gives cat a probability of 0.62",
    ):
        assert quoted in text


def test_ties_show_their_range_and_others_a_dash(original):
    html = to_html(original)
    rows = re.findall(r'<th scope="row">(?:C|A): [^<]*s=0\.3</th><td class="number">400</td>.*?</tr>', html, re.DOTALL)
    assert len(rows) == 2
    assert "1.5–9.5" in rows[0]
    assert rows[1].count('<td class="number">–</td>') == 3


def test_published_rows_are_shown_to_two_digits_each_with_its_source(original):
    first, second = re.findall(r'<aside class="published">(.*?)</aside>', to_html(original), re.DOTALL)
    rows = [re.findall(r'<tr(?: class="cheating")?><th scope="row">(.*?)</tr>', table) for table in (first, second)]
    assert [len(found) for found in rows] == [6, 3]
    for row in (*rows[0], *rows[1]):
        assert re.search(r"<small>[^<]+</small>", row)
        assert len(re.findall(r'<td class="number">\d+\.\d\d</td>', row)) == 6
    assert ">50.43</td>" in rows[0][3]  # C, whose recall has no dash any more
    assert rows[0][3].endswith('>54.00</td><td class="number">38.00</td><td class="number">16.00</td>')
    assert "530" not in words_of(first)
    assert "whole numbers of dogs out of 530" in words_of(second)


def test_the_published_map_stands_beside_the_classifiers_own(original):
    section = words_of(to_html(original)).split("The classifier itself")[-1].split("Published elsewhere")[0]
    assert "mAP of about 83 to 85 on VOC2007 test" in section


def test_a_run_that_is_worse_than_the_baseline_says_so(run):
    content = results()
    content["table"][0]["scores"] = content["table"][2]["scores"]
    worse = {iou: {"ap": -0.1, "ap_low": -0.15, "ap_high": -0.05} for iou in ("0.3", "0.4", "0.5")}
    change(run, table=content["table"], leads=dict.fromkeys(content["leads"], worse))
    text = words_of(to_html(run))
    assert "behind it at IoU 0.3" in text
    assert "Here it is not, and not by bad luck" in text
    assert "has the interval −15.0 to −5.0" in text
    assert "ahead" not in text.split("The result")[1].split("CorLoc")[0]


def test_overlapping_intervals_are_not_called_a_victory(run):
    content = results()
    for score in content["table"][0]["scores"].values():
        score["ap_low"] = 0.0
    change(run, table=content["table"], leads={})
    text = words_of(to_html(run))
    assert "the intervals overlap" in text
    assert "this test set alone does not settle it" in text
    assert "Yes, and by more than" not in text


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [
        (0.01, 0.2, "Yes, and by more than the luck of this test set: on the same images the difference has"),
        (-0.01, 0.2, "has an interval that holds 0 (−1.0 to +20.0), so this test set does not settle it"),
    ],
)
def test_the_difference_on_the_same_images_settles_it(run, low, high, says):
    """Also where the intervals of the two rows overlap."""
    content = results()
    for score in content["table"][0]["scores"].values():
        score["ap_low"] = 0.0
    lead = {iou: {"ap": 0.1, "ap_low": low, "ap_high": high} for iou in ("0.3", "0.4", "0.5")}
    change(run, table=content["table"], leads=dict.fromkeys(content["leads"], lead))
    assert says in words_of(to_html(run))


@pytest.mark.parametrize(
    ("recall", "ap", "says"),
    [
        (0.8, 0.75, "The two are close"),
        (0.217, 0.119, "The gap between the two"),
        (0.0, 0.0, "Nothing was found, so there is nothing to rank."),
    ],
)
def test_ap_beside_recall_says_how_well_boxes_are_ranked(run, recall, ap, says):
    content = results()
    content["table"][0]["scores"]["0.5"] |= {"recall": recall, "ap": ap}
    change(run, table=content["table"])
    text = words_of(to_html(run))
    for said in ("The two are close", "The gap between the two", "Nothing was found, so there is nothing to rank."):
        assert (said in text) == (said == says)


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [
        (0.9, 0.5, "mostly in the right place and often of the wrong size"),
        (0.9, 0.75, "mostly in the right place, but not always of the right size"),
        (0.9, 0.85, "it mostly has the right size too"),
        (0.34, 0.04, "the surest box is not even roughly on an object"),
        (0.0, 0.0, "the surest box is not even roughly on an object"),
    ],
)
def test_corloc_says_where_the_surest_boxes_are(run, low, high, says):
    content = results()
    for iou, corloc in (("0.3", low), ("0.5", high)):
        content["table"][0]["scores"][iou]["corloc"] = corloc
    change(run, table=content["table"])
    assert says in words_of(to_html(run))


def test_outputs_with_the_names_of_the_classes_are_no_group(run):
    """Also where a class of the network does not occur in a small test split; an ImageNet network has other names."""
    content = results()
    del content["classifier"]["classes"]["cat"]
    for named in (True, False):
        change(run, classifier=content["classifier"], top5={**content["top5"], "named": named})
        text = words_of(to_html(run))
        assert ("a group of its outputs stands for dog" in text) is not named
        assert ("On image 000123 the most probable class" in text) is named


def test_a_network_without_cam_says_why(run):
    change(run, cam_vs_gradcam=None)
    text = words_of(to_html(run))
    assert "CAM is not defined for it" in text
    assert "CAM cannot be computed for it" in text


def test_a_run_without_failures_and_with_gaps_reads_well(run):
    content = results()
    content["classifier"]["classes"]["boat"]["ap"] = None
    change(run, failures={"counts": {}, "iou": 0.5}, classifier=content["classifier"])
    text = words_of(re.sub(r"<pre.*?</pre>", "", to_html(run), flags=re.DOTALL))
    assert "Every object was found at IoU 0.5." in text
    assert "0 of 0" not in text
    assert "commonest failure" not in text
    assert "None" not in text


@pytest.mark.parametrize("kind", ["missed", "head only", "merged", "context"])
def test_answers_have_a_decent_length_and_begin_with_the_commonest_failure(run, kind):
    change(run, failures={"counts": {"missed": 1, "head only": 1, "merged": 1, "context": 1, kind: 7}, "iou": 0.5})
    html = to_html(run).split('<section id="answers">')[1].split('<section id="conventions">')[0]
    answers = [words_of(part) for part in html.split("<h3 ")[1:]]
    assert len(answers) == 4
    for answer in answers:
        assert 200 <= len(answer.split()) <= 690, len(answer.split())
    assert f"Here 7 are {kind}, 1" in answers[3]
    assert answers[3].index(f"(against {kind})") == min(
        place.start() for place in re.finditer(r"\(against", answers[3])
    )


def test_a_small_test_set_is_called_small(run):
    data = results()["data"]
    assert "these numbers say little" not in words_of(to_html(run))
    data["splits"]["test"].update(objects=6, difficult=1)
    change(run, data=data)
    assert "With only 5 objects to find, these numbers say little" in words_of(to_html(run))
    assert "one object more or less moves recall by 20.0 points" in words_of(to_html(run))


def test_hostile_text_is_only_text(run):
    content = results()
    content["run"].update(data=HOSTILE, target="dog", architecture=HOSTILE, layer=HOSTILE)
    content["top5"].update(image=HOSTILE, true=[HOSTILE])
    content["data"]["skipped"] = [HOSTILE]
    content["cam_vs_gradcam"] = None
    change(run, **content)
    records = json.loads((run / "figures" / "figures.json").read_text(encoding="utf-8"))
    for record in records:
        record.update(caption=HOSTILE, alt=HOSTILE)
    (run / "figures" / "figures.json").write_text(json.dumps(records), encoding="utf-8")
    html = to_html(run)
    assert "<script" not in html
    assert "http://z.zz" not in " ".join(Page(html).all("href"))
    assert html.count('id="figure-random"') == 1
    assert words_of(html).count(HOSTILE) >= len(records) + 5


def test_a_step_that_has_changed_since_is_marked(run):
    assert "has changed since this run" not in to_html(run)
    content = results()
    content["provenance"]["code_sha256"]["step2_gradcam"] = "0" * 64
    change(run, provenance=content["provenance"])
    assert to_html(run).count("has changed since this run") == 1


# Bad folders


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda run: shutil.rmtree(run), "no 'results.json' in"),
        (lambda run: (run / "results.json").write_text("{", encoding="utf-8"), "is not valid JSON"),
        (lambda run: (run / "results.json").write_text("[]", encoding="utf-8"), "has the schema 'None'"),
        (lambda run: change(run, schema="gradcam-lab/results/9"), "has the schema 'gradcam-lab/results/9'"),
        (lambda run: change(run, table=[]), "lacks something"),
        (
            lambda run: (run / "figures" / "figures.json").write_text("[{}]", encoding="utf-8"),
            "lacks something that its report needs ('file')",
        ),
        (lambda run: change(run, run={}), "lacks something"),
        (lambda run: change(run, provenance={**results()["provenance"], "code_sha256": {}}), "lacks something"),
        (lambda run: (run / "figures" / "random.jpg").unlink(), "random.jpg' cannot be read"),
        (lambda run: (run / "figures" / "figures.json").unlink(), "no file"),
    ],
)
def test_a_bad_run_is_one_clear_sentence(run, spoil, message):
    spoil(run)
    with pytest.raises(LabError, match=re.escape(message)) as caught:
        render(run, pdf=False)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["../results.json", "../../secret.jpg", "/etc/passwd", "sub/a.jpg", "notes.txt"])
def test_a_figure_from_elsewhere_is_refused(run, name):
    record = {"file": name, "caption": "", "alt": ""}
    (run / "figures" / "figures.json").write_text(json.dumps([record]), encoding="utf-8")
    with pytest.raises(LabError, match=re.escape("no .jpg or .svg of that folder")):
        render(run, pdf=False)


def test_every_question_of_the_report_belongs_to_a_written_task():
    for task in {*QUESTIONS.values(), "2.8"}:
        (step,) = [name for name in STEP_NAMES if name.startswith(f"step{task[0]}_")]
        assert f"\n# ## {task} Written" in reference_text(step)
