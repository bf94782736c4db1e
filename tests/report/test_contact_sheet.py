"""The contact sheet as a file: what is in it, how it grows, and what it makes of awkward names."""

import base64
import hashlib
import os
import re
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gradcam_lab.report.contact_sheet import ContactSheet, SheetClass, SheetPhoto, write_page
from tests.report.page_text import words_of
from tests.report.sheets import FACTS, THRESHOLD, bumps, drawing, found_class, photo

PETS = Path(__file__).parents[3] / "shared" / "data" / "pets-mini"
MEGABYTES = 1_000_000


def written(path, photos, **options):
    write_page(path, photos, FACTS, **options)
    return path.read_text(encoding="utf-8")


def boxes_in(html):
    """The boxes that the page shows without its script."""
    shown = re.sub(r"<template.*?</template>", "", html, flags=re.DOTALL)
    return [[float(number) for number in box.split()] for box in re.findall(r'data-box="([^"]*)"', shown)]


class TestSize:
    def test_100_drawings_with_two_classes_of_14_x_14_are_5_megabytes_at_most(self, tmp_path, lessons):
        images = [drawing(seed, (640, 480)) for seed in range(4)]
        cams = [bumps((14, 14), [(3, 3, 1, 2), (10, 11, 0.8, 1)]), bumps((14, 14), [(8, 4, 1, 3)])]
        classes = tuple(found_class(lessons, f"class {n}", cam, (640, 480), 0.5) for n, cam in enumerate(cams))
        photos = (SheetPhoto(f"{n}.jpg", images[n % 4], (640, 480), classes) for n in range(100))
        written(tmp_path / "index.html", photos)
        assert 2.5 * MEGABYTES < (tmp_path / "index.html").stat().st_size <= 5 * MEGABYTES

    @pytest.mark.skipif(not PETS.is_dir(), reason="pets-mini is not there")
    def test_so_are_100_photos(self, tmp_path, lessons):
        def photos():
            for path in sorted(PETS.rglob("JPEGImages/*.jpg"))[:100]:
                image = np.asarray(Image.open(path).convert("RGB"))
                size = (image.shape[1], image.shape[0])
                cam = bumps((56, 56), [(20, 30, 1, 9)])
                yield SheetPhoto(path.name, image, size, (found_class(lessons, "cat", cam, size, 0.5),), path)

        written(tmp_path / "index.html", photos())
        assert (tmp_path / "index.html").stat().st_size <= 5 * MEGABYTES


class TestStaticSheet:
    def test_it_has_the_boxes_that_it_was_given(self, tmp_path, lessons):
        photos = [photo(lessons, seed=seed) for seed in range(3)]
        given = [box[:4] for one in photos for kind in one.classes for box in kind.boxes.tolist()]
        assert len(given) == 6
        assert boxes_in(written(tmp_path / "index.html", photos)) == given

    def test_a_box_covers_its_pixels(self, tmp_path):
        boxes = np.array([[1, 1, 10, 5, 0.5]])
        one = SheetPhoto("a", np.zeros((5, 10, 3), np.uint8), (10, 5), (SheetClass("dog", 1, np.ones((2, 2)), boxes),))
        html = written(tmp_path / "index.html", [one])
        assert 'viewBox="0 0 10 5"' in html
        assert 'class="box" x="0" y="0" width="10" height="5"' in html

    def test_it_says_where_the_boxes_came_from_and_hides_what_needs_a_script(self, tmp_path, lessons):
        html = written(tmp_path / "index.html", [photo(lessons)])
        words = words_of(re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL))
        for text in (FACTS.network, FACTS.layer, FACTS.method, "0.35 of each map’s maximum, as the test says"):
            assert text in words
        assert "Without JavaScript this page shows the boxes at the threshold 0.35." in words
        assert re.search(r'<form class="controls"[^>]* hidden>', html)

    def test_it_does_not_speak_of_a_threshold_that_there_is_not(self, tmp_path, lessons):
        write_page(
            tmp_path / "index.html", [photo(lessons)], replace(FACTS, threshold=None, threshold_source="each map's own")
        )
        words = words_of((tmp_path / "index.html").read_text(encoding="utf-8"))
        assert "Thresholdeach map's own" in words
        assert "Without JavaScript" not in words
        assert "At the threshold" not in words

    def test_nothing_is_loaded_and_only_its_own_script_may_run(self, tmp_path, lessons):
        html = written(tmp_path / "index.html", [photo(lessons)])
        assert not re.findall(r'(?:src|href)="(?!data:)[^"]*"', html)
        (script,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
        (allowed,) = re.findall(r"script-src 'sha256-([^']*)'", html)
        assert base64.b64decode(allowed) == hashlib.sha256(script.encode()).digest()
        assert "default-src 'none'" in html

    def test_a_map_without_evidence_and_a_photo_without_a_class(self, tmp_path):
        image = np.zeros((20, 30, 3), np.uint8)
        dark = SheetClass("dog", 0.1, np.zeros((7, 7), np.float32), np.zeros((0, 5)))
        html = written(
            tmp_path / "index.html", [SheetPhoto("a", image, (30, 20), (dark,)), SheetPhoto("b", image, (30, 20), ())]
        )
        assert 'data-grid=""' in html
        assert "0 boxes" in words_of(html)
        assert "no class" in words_of(html)

    def test_a_map_that_is_not_finite_is_an_error(self, tmp_path):
        bad = SheetClass("dog", 0.1, np.array([[1, np.nan]]), np.zeros((0, 5)))
        with pytest.raises(ValueError, match="NaN"):
            written(tmp_path / "index.html", [SheetPhoto("a", np.zeros((2, 2, 3), np.uint8), (2, 2), (bad,))])
        assert not list(tmp_path.iterdir())

    def test_no_photos(self, tmp_path):
        html = written(tmp_path / "index.html", [])
        assert "There are no photos." in words_of(html)
        assert "Boxes in 0 photos" in words_of(html)
        assert "<form" not in html


class TestNames:
    def test_html_in_names_is_text(self, tmp_path, lessons):
        evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
        one = photo(lessons, name=evil)
        one = replace(one, classes=tuple(replace(kind, name=evil) for kind in one.classes))
        write_page(tmp_path / "index.html", [one], replace(FACTS, network=evil, layer=evil, threshold_source=evil))
        html = (tmp_path / "index.html").read_text(encoding="utf-8")
        assert html.count("<script>") == 1
        assert "<img src=x" not in html
        assert "&lt;script&gt;alert(1)" in html

    @pytest.mark.parametrize(
        ("name", "address"),
        [
            ("Größe & 犬 #1?.jpg", "../photos/Gr%C3%B6%C3%9Fe%20%26%20%E7%8A%AC%20%231%3F.jpg"),
            ("100%.jpg", "../photos/100%25.jpg"),
        ],
    )
    def test_a_name_links_to_the_photo(self, tmp_path, lessons, name, address):
        one = replace(photo(lessons, name=name), path=tmp_path / "photos" / name)
        html = written(tmp_path / "out" / "index.html", [one])
        assert f'<a href="{address}">' in html
        assert name in words_of(html)

    def test_the_folder_stands_above_the_name(self, tmp_path, lessons):
        html = written(tmp_path / "index.html", [photo(lessons, name="my/photos/dog.jpg")])
        assert '<h2><span class="folder">my/photos/</span>dog.jpg</h2>' in html

    def test_a_file_called_like_a_script_is_a_file(self, tmp_path, lessons, monkeypatch):
        monkeypatch.chdir(tmp_path)
        html = written(Path("index.html"), [replace(photo(lessons), path=Path("javascript:alert(1)"))])
        assert '<a href="javascript%3Aalert%281%29">' in html

    @pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
    def test_a_name_that_is_not_unicode(self, tmp_path, lessons):
        path = Path(os.fsdecode(bytes(tmp_path / "b") + b"\xe4h.jpg"))
        html = written(tmp_path / "index.html", [replace(photo(lessons), name=path.name, path=path)])
        assert '<a href="b%E4h.jpg">b?h.jpg</a>' in html

    def test_links_are_those_of_the_folder_where_the_page_will_lie(self, tmp_path, lessons):
        one = replace(photo(lessons), path=tmp_path / "photos" / "dog.jpg")
        with ContactSheet(tmp_path / "deep" / "down" / "index.html", FACTS, lies_in=tmp_path / "out") as sheet:
            sheet.add(one)
        assert '<a href="../photos/dog.jpg">' in sheet.page(1).read_text(encoding="utf-8")


class TestPages:
    def names(self, folder):
        return sorted(path.name for path in folder.iterdir())

    def test_many_photos_are_on_several_pages_that_link_to_each_other(self, tmp_path, lessons):
        photos = [photo(lessons, name=f"{seed}.jpg", seed=seed) for seed in range(5)]
        assert write_page(tmp_path / "index.html", photos, FACTS, per_page=2) == 3
        assert self.names(tmp_path) == ["index-2.html", "index-3.html", "index.html"]
        first, second, third = ((tmp_path / f"index{mark}.html").read_text("utf-8") for mark in ("", "-2", "-3"))
        assert re.findall(r'href="(index[^"]*)"', first) == ["index-2.html"] * 2
        assert re.findall(r'href="(index[^"]*)"', second) == ["index.html", "index.html", "index-3.html"] * 2
        assert re.findall(r'href="(index[^"]*)"', third) == ["index.html", "index-2.html"] * 2
        assert [len(re.findall("<article", page)) for page in (first, second, third)] == [2, 2, 1]
        assert "Boxes in photos 3 to 4" in words_of(second)
        assert 'id="photo-3"' in second

    def test_as_many_as_fit_on_one_page_make_one(self, tmp_path, lessons):
        assert write_page(tmp_path / "index.html", [photo(lessons)] * 2, FACTS, per_page=2) == 1
        assert self.names(tmp_path) == ["index.html"]

    def test_pages_of_a_longer_sheet_go_and_other_files_stay(self, tmp_path, lessons):
        (tmp_path / "index-5.html").write_text("not ours", encoding="utf-8")
        write_page(tmp_path / "index.html", [photo(lessons)] * 4, FACTS, per_page=1)
        write_page(tmp_path / "index.html", [photo(lessons)], FACTS)
        assert self.names(tmp_path) == ["index-5.html", "index.html"]

    def test_photos_are_read_one_by_one_and_not_kept(self, tmp_path, lessons):
        images: list[weakref.ref[np.ndarray]] = []

        def read():
            assert not images or images[-1]() is None, "the image before is still in the memory"
            image = np.zeros((900, 1200, 3), np.uint8)
            images.append(weakref.ref(image))
            return image

        write_page(tmp_path / "index.html", (replace(photo(lessons), image=read) for _ in range(5)), FACTS, per_page=2)
        assert len(images) == 5

    def test_an_exception_leaves_the_page_that_was_there(self, tmp_path, lessons):
        before = written(tmp_path / "index.html", [photo(lessons)])

        def photos():
            yield photo(lessons, seed=1)
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            write_page(tmp_path / "index.html", photos(), FACTS)
        assert (tmp_path / "index.html").read_text(encoding="utf-8") == before

    def test_what_could_not_be_used_is_listed(self, tmp_path, lessons):
        with ContactSheet(tmp_path / "index.html", FACTS) as sheet:
            sheet.add(photo(lessons))
            for number in range(102):
                sheet.skip(f"{number}.jpg", "is <empty>")
        words = words_of((tmp_path / "index.html").read_text(encoding="utf-8"))
        assert "102 photos could not be used" in words
        assert "99.jpg: is <empty>" in words
        assert "100.jpg" not in words
        assert "and 2 more" in words

    def test_the_same_photos_make_the_same_bytes(self, tmp_path, lessons):
        assert written(tmp_path / "a.html", [photo(lessons)]) == written(tmp_path / "b.html", [photo(lessons)])


def test_the_threshold_of_the_page_is_that_of_the_facts(tmp_path, lessons):
    html = written(tmp_path / "index.html", [photo(lessons)])
    assert f'<body data-threshold="{THRESHOLD}" data-min-area="30" data-max-overlap="0.5"' in html


def test_boxes_that_the_network_hardly_believes_in_are_hidden_until_they_are_asked_for(lessons, tmp_path):
    cam, size = bumps((7, 7), [(3, 3, 1, 1)]), (120, 90)
    classes = (found_class(lessons, "dog", cam, size, 0.9), found_class(lessons, "cat", cam, size, 0.04))
    html = written(tmp_path / "index.html", [SheetPhoto("a.jpg", drawing(0, size), size, classes)])
    shown = re.sub(r"<template.*?</template>", "", html, flags=re.DOTALL)
    assert re.findall(r'class="(box[^"]*)"[^>]*data-score="([^"]*)"', shown) == [("box faint", "0.04"), ("box", "0.9")]
    assert "body:not(:has(#faint:checked)) .faint { display: none; }" in html
    assert "Scores below 0.05" in html
