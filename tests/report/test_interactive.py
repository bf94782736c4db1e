"""The report's script in a browser: its boxes and scores are the program's, and its controls do what they say."""

import base64
import hashlib
import re
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from gradcam_lab.errors import LabError
from gradcam_lab.localise.detector import Detections
from gradcam_lab.report.embedded import SCRIPT
from gradcam_lab.report.render import to_html
from tests.browser import ask, needs_chromium
from tests.report.interactive_run import InteractiveRun, write_run

THRESHOLDS = (0.05, 0.1, 0.2, 0.3, 0.35, 0.4, 0.5, 0.65, 0.8, 0.95)
MOST_BYTES = 15_000

MOVE = """const range = (id, value) => {
  const input = page.getElementById(id);
  input.value = value;
  input.dispatchEvent(new view.Event("input", { bubbles: true }));
};
const texts = (elements) => [...elements].map((element) => element.textContent);
const rows = (block) => [...block.querySelectorAll("[data-iou]")].map((row) => texts(row.querySelectorAll("td")));
const numbers = (box) => ["x", "y", "width", "height"].map((key) => Number(box.getAttribute(key)));
const boxes = (element, name = ".box:not(.truth)") => [...element.querySelectorAll(name)].map(numbers);
const photos = (block) => [...block.querySelectorAll("li")].map((one) =>
  [one.querySelector("[data-value=name]").textContent, boxes(one), texts(one.querySelectorAll(".score"))]);
const shown = (element) => element.getClientRects().length > 0;
const group = (name) => page.querySelector(`[data-group=${name}]`);
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory, original, toy, lessons) -> InteractiveRun:
    """A run whose report moves the boxes of all 24 images of test."""
    return write_run(tmp_path_factory.mktemp("moved") / "run", original, toy, lessons)


@pytest.fixture(scope="module")
def eleven(tmp_path_factory, original, toy, lessons) -> InteractiveRun:
    """Another, of another method and with the mean of eleven points."""
    return write_run(tmp_path_factory.mktemp("eleven") / "run", original, toy, lessons, "gradcam", "11point")


@pytest.fixture
def page(run) -> Path:
    """The first one's report."""
    return run.page


def percent(value: float) -> str:
    """A share as the page writes it."""
    return f"{100 * value:.1f}%"


def told(found: int, count: int) -> str:
    """A count of a count."""
    return f"{percent(found / count) if count else '–'} ({found} of {count})"


def expected_rows(run: InteractiveRun, names: list[str], detections: Detections) -> list[list[str]]:
    """What step 4 says of some images: precision, recall and AP at each IoU."""
    experiment, metrics = run.pictures.experiment, run.pictures.lessons.metrics
    truth = experiment.ground_truth([sample for sample in run.pictures.samples if sample.id in names])
    found = {name: detections[name] for name in truth}
    rows = []
    for iou, score in metrics.evaluate(found, truth, experiment.ious, method=experiment.ap).items():
        matches = metrics.match_all(found, truth, iou)
        right, claimed = int((matches.outcomes == 1).sum()), int((matches.outcomes >= 0).sum())
        rows.append([told(right, claimed), told(right, int(matches.objects.sum())), percent(score.ap)])
    return rows


@needs_chromium
@pytest.mark.parametrize("name", ["run", "eleven"])
def test_boxes_and_scores_are_the_programs_at_ten_thresholds_on_twenty_images(name, request):
    run: InteractiveRun = request.getfixturevalue(name)
    grid = run.content["threshold"]["grid"]
    script = f"""{MOVE} const answers = [];
    for (const place of {[grid.index(threshold) for threshold in THRESHOLDS]}) {{
      range("threshold-random", place);
      answers.push(["random", "failures"].map((name) => [rows(group(name)), photos(group(name))]));
    }}
    return answers;"""
    (answers,) = ask(run.page, script, [""])
    images = set()
    for threshold, found, groups in zip(THRESHOLDS, run.found(THRESHOLDS), answers, strict=True):
        for rows, photos in groups:
            names = [name for name, _, _ in photos]
            assert [row[:3] for row in rows] == expected_rows(run, names, found)
            assert [row[3] for row in rows] == [
                percent(values[grid.index(threshold)]) for values in run.content["threshold"]["test"]["ap"].values()
            ]
            for name, shown, scores in photos:
                corners = [[x + 1, y + 1, x + width, y + height] for x, y, width, height in shown]
                np.testing.assert_array_equal(sorted(corners), sorted(found[name][:, :4].tolist()))
                assert scores == [f"{score:.2f}" for score in found[name][:, 4]]
            images |= set(names)
    assert len(images) >= 20


def test_the_boxes_are_hard_enough(run):
    """These images would not show a wrong rule if none were difficult, no scores tied and all had one box."""
    truth = run.pictures.experiment.ground_truth(run.pictures.samples)
    assert any(one.difficult.any() for one in truth.values())
    found = run.found(THRESHOLDS)
    assert {0, 1, 2, 3} <= {len(rows) for detections in found for rows in detections.values()}
    scores = np.concatenate([rows[:, 4] for rows in found[3].values()])
    assert len(np.unique(scores)) < len(scores)
    outcomes = [run.pictures.lessons.metrics.match_all(one, truth, 0.3).outcomes for one in found]
    assert set(np.concatenate(outcomes)) == {1, 0, -1}


@needs_chromium
def test_the_curve_is_cut_at_a_confidence(run):
    script = f"""{MOVE} return [0, 0.2, 0.45, 1].map((confidence) => {{
      range("confidence", confidence);
      const block = page.getElementById("confidence").closest(".interactive");
      return [rows(block), page.getElementById("line-0.3").getAttribute("d")];
    }});"""
    (answers,) = ask(run.page, script, [""])
    experiment, metrics = run.pictures.experiment, run.pictures.lessons.metrics
    truth = experiment.ground_truth(run.pictures.samples)
    for confidence, (rows, line) in zip((0, 0.2, 0.45, 1), answers, strict=True):
        kept = {name: found[found[:, 4] >= confidence] for name, found in run.pictures.detections.items()}
        scores = metrics.evaluate(kept, truth, experiment.ious, method=experiment.ap)
        assert [row[2] for row in rows] == [percent(score.ap) for score in scores.values()]
        assert line.count(" ") == len(scores[0.3].curve.recall)
        for row, score in zip(rows, scores.values(), strict=True):
            if len(score.curve.precision):
                assert row[0].startswith(percent(score.curve.precision[-1]))
                assert row[1].startswith(percent(score.recall))


@needs_chromium
def test_a_photo_is_enlarged_by_the_keyboard_and_its_layers_are_switched(page):
    script = (
        MOVE
        + """const button = group("failures").querySelectorAll("button.plate")[2];
        const dialog = page.getElementById("large"), layers = () => [...dialog.querySelectorAll("canvas")].map(shown);
        button.focus(); button.click();
        const inside = dialog.contains(page.activeElement);
        const label = page.getElementById(dialog.getAttribute("aria-labelledby"));
        const first = [dialog.open, label.textContent !== "", layers()];
        for (const box of dialog.querySelectorAll("input[type=checkbox]")) box.click();
        const second = [layers(), [...dialog.querySelectorAll(".box, .score")].some(shown)];
        const before = JSON.stringify(boxes(dialog)), same = before === JSON.stringify(boxes(button));
        range("threshold-large", 1);
        const after = JSON.stringify(boxes(dialog));
        const moved = after === JSON.stringify(boxes(button)) && after !== before;
        const says = [...page.querySelectorAll("[name=threshold]")].map((one) => one.getAttribute("aria-valuetext"));
        const shutting = new Promise((resolve) => dialog.addEventListener("close", resolve));
        dialog.querySelector("form[method=dialog] button").click(); await shutting;
        return [inside, first, second, same, moved, says, dialog.open, page.activeElement === button];"""
    )
    ((inside, first, second, same, moved, says, still_open, focused),) = ask(page, script, [""])
    assert inside
    assert first == [True, True, [True, False]]
    assert second == [[False, True], False]
    assert same
    assert moved
    assert says == ["0.1"] * 3
    assert (still_open, focused) == (False, True)


@needs_chromium
def test_the_mask_is_what_reaches_the_threshold(run):
    script = (
        MOVE
        + """group("random").querySelectorAll("button.plate")[4].click(); await sleep(50);
        const canvas = page.querySelectorAll("#large canvas")[1], { width, height } = canvas;
        const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
        const dark = [...data].filter((_, at) => at % 4 === 3);
        return [page.getElementById("large-name").textContent, width, height, dark];"""
    )
    ((name, width, height, dark),) = ask(run.page, script, [""])
    pictures = run.pictures
    sample = next(sample for sample in pictures.samples if sample.id == name)
    heatmap = pictures.lessons.boxes.upsample(pictures.heatmap(sample), (height, width))
    mask = pictures.lessons.boxes.threshold_mask(heatmap, pictures.threshold)
    assert 0.05 < mask.mean() < 0.95
    assert (width, height) == sample.size
    assert ((np.array(dark).reshape(height, width) == 0) != mask).mean() < 0.001


@needs_chromium
def test_without_javascript_the_page_is_as_it_was(page):
    script = MOVE + "return [...page.querySelectorAll('.interactive, dialog, #interactive')].map(shown);"
    (answers,) = ask(page, script, [""], scripting=False)
    assert len(answers) == 5
    assert not any(answers)


@needs_chromium
def test_names_are_text(tmp_path, original, toy, lessons):
    run = write_run(tmp_path / "run", original, toy, lessons)
    path = run.folder / "figures" / "interactive.json"
    evil = '</script><script>document.title = 1</script><img src=x onerror="document.title=1">'
    path.write_text(path.read_text(encoding="utf-8").replace(run.pictures.samples[0].id, evil.replace('"', '\\"')))
    script = (
        MOVE
        + """const names = [...page.querySelectorAll(".photos [data-value=name]")];
    const name = names.find((one) => one.textContent.includes("<"));
    name.closest("li").querySelector("button").click();
    return [page.title, name.textContent, page.getElementById("large-name").textContent];"""
    )
    ((title, name, enlarged),) = ask(run.page, script, [""])
    assert title.startswith("Where does the network look?")
    assert name == enlarged == evil


def test_only_its_own_script_may_run_and_it_is_small(page):
    html = page.read_text(encoding="utf-8")
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', html)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy == f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    assert script == resources.files("gradcam_lab.templates").joinpath(SCRIPT).read_text(encoding="utf-8")
    assert len(script.encode()) <= MOST_BYTES
    assert html.count("<script") == 2
    assert len(html) < 6_000_000


def test_a_run_of_before_has_no_script(original):
    html = to_html(original)
    assert "<script" not in html
    assert "script-src" not in html
    assert 'class="interactive"' not in html


def test_damaged_data_are_named(tmp_path, original, toy, lessons):
    run = write_run(tmp_path / "run", original, toy, lessons)
    path = run.folder / "figures" / "interactive.json"
    for text, problem in (("{", "is not valid JSON"), ("{}", "lacks something"), ("[]", "lacks something")):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(LabError, match=problem):
            to_html(run.folder)
