"""The contact sheet in a browser: its boxes are step 3's, and its controls do what they say."""

import csv
import io
import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from gradcam_lab.report.contact_sheet import SheetPhoto, write_page
from gradcam_lab.report.embedded import turbo
from tests.browser import ask, needs_chromium
from tests.report.sheets import FACTS, THRESHOLD, boxes_of, bumps, drawing, found_class, photo

pytestmark = needs_chromium

THRESHOLDS = (0.05, 0.2, 0.31, 0.5, 0.77, 0.95)

BOXES = """return [...page.querySelectorAll(".card")].map((card) => [...card.querySelectorAll(".lines")]
    .reverse().map((group) => [...group.children]
    .map(({ dataset }) => [...dataset.box.split(" "), dataset.score].map(Number))));"""

CARDS = "[...page.querySelectorAll('.card')].filter((card) => !card.hidden).map((card) => card.dataset.name)"
SET = """const set = (name, value, kind = "change") => {
  const control = page.getElementById(name);
  if (control.type === "checkbox") control.checked = value; else control.value = value;
  control.dispatchEvent(new view.Event(kind, { bubbles: true }));
};"""


def hard_maps():
    """Maps and sizes of all sorts, by what is special about them."""
    random = np.random.default_rng(3)
    two = bumps((7, 7), [(1, 1, 1, 0.9), (5, 5, 0.8, 0.9)])
    noise = random.random((14, 14)).astype(np.float32)
    smooth = cv2.GaussianBlur(random.random((56, 56)).astype(np.float32), (0, 0), 5)
    return {
        "landscape": (two, (500, 375)),
        "portrait": (bumps((7, 7), [(3, 2, 1, 1.4), (3, 6, 0.5, 0.5)]), (375, 500)),
        "panorama": (bumps((7, 7), [(3, 1, 1, 0.8), (3, 5, 0.9, 0.8)]), (1000, 111)),
        "large": (bumps((14, 14), [(4, 4, 1, 2), (10, 9, 0.7, 2)]), (4000, 3000)),
        "tiny": (two, (33, 21)),
        "smaller than its map": (noise, (9, 6)),
        "one pixel": (two, (1, 1)),
        "many islands": (noise, (640, 427)),
        "fine and smooth": (smooth - 0.9 * smooth.min(), (481, 367)),
        "signed": (noise - 0.5, (300, 200)),
        "steps": (np.rint(noise * 4) / 4, (321, 123)),
        "higher than wide": (random.random((9, 4)).astype(np.float32), (200, 300)),
        "constant": (np.full((7, 7), 0.3, np.float32), (90, 60)),
        "one cell": (np.ones((1, 1), np.float32), (50, 40)),
        "corner to corner": (np.kron(np.eye(2), np.ones((6, 6))), (12, 12)),
        "corner to other corner": (np.kron(np.eye(2)[::-1], np.ones((6, 6))), (12, 12)),
        "box in box": (rings(40), (40, 40)),
        "plateau at a threshold": (np.where(np.eye(7)[3] > 0, 1, np.full((7, 7), 0.95)), (63, 49)),
        "hot between the pixels": (np.pad([[1.0]], ((0, 28), (0, 28))), (6, 6)),
        "no evidence": (np.zeros((7, 7), np.float32), (60, 60)),
        "negative": (-noise, (60, 60)),
        "large numbers": (two * np.float32(1e20), (123, 77)),
        "small numbers": (two * np.float32(1e-20), (123, 77)),
    }


def rings(size):
    """A ring, and an island in it whose box overlaps with the ring's by more than a half."""
    heat = np.ones((size, size))
    heat[2:-2, 2:-2] = 0
    heat[4:-4, 4:-4] = 0.9
    return heat


@pytest.fixture(scope="module")
def hard(tmp_path_factory, lessons):
    """A sheet of these maps, and what the browser shows at each of `THRESHOLDS`, by the name of the map."""
    page = tmp_path_factory.mktemp("hard") / "index.html"
    photos = [
        SheetPhoto(name, np.zeros((4, 4, 3), np.uint8), size, (found_class(lessons, "dog", cam, size, 0.7),))
        for name, (cam, size) in hard_maps().items()
    ]
    write_page(page, photos, FACTS)
    answers = ask(page, BOXES, [f"#threshold={threshold}" for threshold in THRESHOLDS])
    return [{one.name: np.array(boxes[0]) for one, boxes in zip(photos, shown, strict=True)} for shown in answers]


@pytest.mark.parametrize("place", range(len(THRESHOLDS)), ids=map(str, THRESHOLDS))
@pytest.mark.parametrize("name", hard_maps())
def test_the_boxes_are_those_of_step_3_within_a_pixel(hard, lessons, name, place):
    cam, size = hard_maps()[name]
    expected = boxes_of(lessons, cam, size, 0.7, THRESHOLDS[place])
    found = hard[place][name].reshape(-1, 5)
    assert len(found) == len(expected)
    for box in expected:
        nearest = found[np.abs(found[:, :4] - box[:4]).max(axis=1).argmin()]
        assert np.abs(nearest[:4] - box[:4]).max() <= 1
        assert nearest[4] == pytest.approx(box[4], abs=1e-3)


def test_some_of_them_are_hard(lessons):
    """These maps would not show a wrong rule if each had one box at every threshold."""
    counts = [
        len(boxes_of(lessons, cam, size, 1, threshold))
        for cam, size in hard_maps().values()
        for threshold in THRESHOLDS
    ]
    assert {0, 1, 2} < set(counts)
    assert max(counts) > 8


@pytest.fixture(scope="module")
def page(tmp_path_factory, lessons):
    """A sheet of four photos in an order that is no other: dogs, and in two of them a cat as well."""
    photos = []
    for name, seed, cat in (("10.jpg", 3, 0.4), ("b.jpg", 1, None), ("9.jpg", 2, 0.75), ("a.jpg", 0, None)):
        one = photo(lessons, name=name, seed=seed)
        if cat:
            cam = bumps((7, 7), [(3, 3, 1, 1)])
            one = replace(one, classes=(*one.classes, found_class(lessons, "cat", cam, one.size, cat)))
        photos.append(one)
    path = tmp_path_factory.mktemp("page") / "index.html"
    write_page(path, photos, FACTS)
    return path, photos


def test_at_its_own_threshold_it_shows_the_given_boxes(page):
    path, photos = page
    odd = path.with_name("odd.html")
    moved = [replace(one, classes=tuple(replace(kind, boxes=kind.boxes + 5) for kind in one.classes)) for one in photos]
    write_page(odd, moved, FACTS)
    there_and_back = SET + "set('threshold', 0.8, 'input'); await sleep(500); page.getElementById('reset').click();"
    for shown in ask(odd, there_and_back + BOXES, [""]):
        for one, classes in zip(moved, shown, strict=True):
            for kind, boxes in zip(one.classes, classes, strict=True):
                np.testing.assert_allclose(np.array(boxes), kind.boxes, rtol=1e-5)


def test_filter_order_and_count(page):
    path, _ = page
    count = "page.getElementById('shown').textContent"
    (answer,) = ask(
        path,
        SET
        + f"""const seen = [[{CARDS}, {count}]];
        for (const order of ["name", "surest", "unsure", "given"]) {{ set("order", order); seen.push({CARDS}); }}
        set("class", "cat"); set("order", "surest"); seen.push([{CARDS}, {count}]);
        seen.push([...page.querySelectorAll("#class option")].map((option) => option.textContent));
        seen.push(view.location.hash);
        return seen;""",
        [""],
    )
    given = ["10.jpg", "b.jpg", "9.jpg", "a.jpg"]
    assert answer == [
        [given, "4 of 4 photos, 10 boxes"],
        ["9.jpg", "10.jpg", "a.jpg", "b.jpg"],
        ["a.jpg", "b.jpg", "9.jpg", "10.jpg"],
        ["10.jpg", "9.jpg", "b.jpg", "a.jpg"],
        given,
        [["9.jpg", "10.jpg"], "2 of 4 photos, 2 boxes"],
        ["all (4)", "cat (2)", "dog (4)"],
        "#class=cat&order=surest",
    ]


def test_dragging_moves_the_boxes_and_a_click_picks_a_class(page, lessons):
    path, photos = page
    script = (
        SET
        + """
        set("threshold", 0.7, "input"); await sleep(500);
        const drawn = [...page.querySelectorAll(".card")]
          .map((card) => [card.dataset.threshold, card.querySelectorAll(".box").length]);
        const card = page.querySelector(".card"), pick = [...card.querySelectorAll("button.name")].at(-1);
        const visible = () => [...card.querySelectorAll(".box")].filter((box) => box.getClientRects().length).length;
        const before = visible(); pick.click();
        const value = page.getElementById("value").textContent;
            return [drawn, value, before, visible(), pick.getAttribute("aria-pressed")];"""
    )
    ((drawn, value, before, after, pressed),) = ask(path, script, [""])
    counts = [
        sum(len(boxes_of(lessons, kind.cam, one.size, kind.probability, 0.7)) for kind in one.classes) for one in photos
    ]
    assert drawn == [["0.7", count] for count in counts]
    assert value == "0.7"
    assert (before, after, pressed) == (counts[0], 1, "true")


def test_what_is_copied_are_the_boxes_of_the_moment(page, lessons):
    path, photos = page
    script = """const texts = [], clipboard = { writeText: async (text) => texts.push(text) };
        Object.defineProperty(view.navigator, "clipboard", { value: clipboard });
        for (const kind of ["json", "csv"]) { page.getElementById(kind).click(); await sleep(100); }
        return texts;"""
    ((as_json, as_csv),) = ask(path, script, ["#threshold=0.7&class=dog"])
    copied, lines = json.loads(as_json), list(csv.DictReader(io.StringIO(as_csv)))
    assert copied["threshold"] == 0.7
    assert [one["file"] for one in copied["photos"]] == [one.name for one in photos]
    for one, shown in zip(photos, copied["photos"], strict=True):
        expected = boxes_of(lessons, one.classes[0].cam, one.size, one.classes[0].probability, 0.7)
        (kind,) = shown["classes"]
        assert (shown["size"], kind["name"], kind["probability"]) == ([120, 90], "dog", one.classes[0].probability)
        np.testing.assert_allclose(kind["boxes"], expected, atol=1e-4)
        rows = [line for line in lines if line["file"] == one.name]
        values = [[float(row[key]) for key in ("xmin", "ymin", "xmax", "ymax", "score")] for row in rows]
        np.testing.assert_allclose(values, expected, atol=1e-4)


def test_without_a_clipboard_the_text_is_shown(page):
    path, _ = page
    script = """Object.defineProperty(view.navigator, "clipboard", { value: undefined });
        page.getElementById("csv").click(); await sleep(100);
        const area = page.querySelector("dialog[open] textarea");
        return [area.value.split("\\n")[0], area.selectionEnd - area.selectionStart === area.value.length];"""
    assert ask(path, script, [""]) == [["file,width,height,class,probability,xmin,ymin,xmax,ymax,score", True]]


def test_the_heatmap_has_the_colours_of_step_1(page, lessons):
    path, photos = page
    script = """page.querySelector(".card").scrollIntoView();  // what is out of view is not drawn
        await sleep(500);
        const canvas = page.querySelector(".card canvas"), { width, height } = canvas;
        const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
        return [width, height, view.getComputedStyle(canvas).opacity, [...data]];"""
    ((width, height, opacity, data),) = ask(path, script, ["#heatmap=1"])
    heat = lessons.cam.normalize_map(lessons.boxes.upsample(photos[0].classes[0].cam, (height, width)))
    expected = lessons.cam.overlay(np.zeros((height, width, 3), np.uint8), heat, alpha=1)
    shown = np.array(data).reshape(height, width, 4)
    assert (width, height, opacity) == (120, 90, "0.5")
    assert (shown[..., 3] == 255).all()
    next_colour = np.abs(np.diff(turbo().astype(int), axis=0)).max()
    assert np.abs(shown[..., :3] - expected.astype(int)).max() <= next_colour


@pytest.mark.parametrize("facts", [replace(FACTS, islands=False), replace(FACTS, threshold=None)])
def test_boxes_that_are_no_islands_of_a_threshold_stay_where_they_are(page, facts):
    path, photos = page
    odd = path.with_name("other.html")
    write_page(odd, photos, facts)
    script = (
        SET
        + "set('order', 'name');"
        + BOXES.replace("return", "const boxes =")
        + f"""
        return [page.getElementById("threshold"), boxes, {CARDS}];"""
    )
    ((slider, boxes, names),) = ask(odd, script, ["#threshold=0.9&heatmap=1"])
    assert slider is None
    assert names == ["9.jpg", "10.jpg", "a.jpg", "b.jpg"]
    by_name = {one.name: one for one in photos}
    for name, classes in zip(names, boxes, strict=True):
        for kind, found in zip(by_name[name].classes, classes, strict=True):
            np.testing.assert_allclose(np.array(found), kind.boxes, rtol=1e-5)


def test_html_in_names_is_text(tmp_path, lessons):
    evil = '"><script>document.title = 1</script><img src=x onerror="document.title=1">, \n=1'
    one = photo(lessons, name=evil)
    one = replace(one, classes=(replace(one.classes[0], name=evil), one.classes[0]))
    write_page(tmp_path / "index.html", [one], FACTS)
    script = """page.querySelector("details").open = true; await sleep(300);
        const texts = (name) => [...page.querySelectorAll(name)].map((element) => element.textContent);
        Object.defineProperty(view.navigator, "clipboard", { value: undefined });
        page.getElementById("csv").click(); await sleep(100);
        return [page.title, page.images.length, texts(".card h2"), texts("button.name")[0],
          texts(".coordinates tbody th")[0], page.querySelector("dialog textarea").value];"""
    ((title, images, names, button, row, text),) = ask(tmp_path / "index.html", script, ["#threshold=0.6"])
    assert (title, images) == ("Boxes in 1 photo · gradcam-lab", 1)
    assert (names, button, row) == ([evil], evil, evil)
    lines = list(csv.DictReader(io.StringIO(text)))
    assert {line["file"] for line in lines} == {evil}
    assert {line["class"] for line in lines} == {evil, "dog"}


def test_without_javascript_it_is_a_static_sheet(page):
    path, photos = page
    script = (
        BOXES.replace("return", "const boxes =")
        + """
        const shown = (name) => page.querySelector(name).getClientRects().length;
        return [boxes, shown(".controls"), page.querySelector("noscript p")?.textContent, shown(".box")];"""
    )
    ((boxes, controls, said, visible),) = ask(path, script, [""], scripting=False)
    assert sum(len(kind) for card in boxes for kind in card) == sum(
        len(kind.boxes) for one in photos for kind in one.classes
    )
    assert controls == 0
    assert said == f"Without JavaScript this page shows the boxes at the threshold {THRESHOLD}."
    assert visible == 1


def test_a_sheet_without_photos_runs_without_an_error(tmp_path):
    write_page(tmp_path / "index.html", [], FACTS)
    script = "return [page.querySelector('main').textContent.trim(), page.documentElement.classList.length];"
    assert ask(tmp_path / "index.html", script, [""]) == [["There are no photos.", 0]]


def test_a_page_is_small_for_its_photos(tmp_path, lessons):
    """A photo of any size is shown by its thumbnail, whose sides keep their ratio."""
    size = (1600, 100)
    one = SheetPhoto(
        "wide", drawing(0, size), size, (found_class(lessons, "dog", bumps((7, 7), [(3, 3, 1, 1)]), size, 1),)
    )
    write_page(tmp_path / "index.html", [one], FACTS)
    script = """const image = page.images[0]; await image.decode(); const frame = image.getBoundingClientRect();
        return [image.naturalWidth, image.naturalHeight, frame.width / frame.height];"""
    ((width, height, ratio),) = ask(tmp_path / "index.html", script, [""])
    assert (width, height) == (400, 25)
    assert ratio == pytest.approx(16, rel=0.05)
