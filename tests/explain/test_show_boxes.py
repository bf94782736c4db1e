"""Random images with their boxes: of a run, or of saved files."""

import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from gradcam_lab.data.box_files.json_boxes import read_detections
from gradcam_lab.errors import LabError
from gradcam_lab.explain import draw_boxes, show_boxes
from gradcam_lab.localise.detector import Detector
from gradcam_lab.localise.maps import read_maps
from gradcam_lab.report.figures.photos import WIDTH, panel_of
from gradcam_lab.report.figures.style import OURS, TRUTH, style, text_width
from tests.commands import lab
from tests.invented_run import change_results
from tests.saved_files import written


class TestShow:
    def test_one_picture_an_image_and_a_sheet(self, invented_run, tmp_path):
        files = show_boxes.show_run(invented_run, random=3, seed=1, out=tmp_path / "out")
        assert [path.name for path in files] == sorted(path.name for path in (tmp_path / "out").iterdir())
        assert len(files) == 4
        assert files[-1].name == "contact-sheet.jpg"
        assert all(Image.open(path).size[0] == 1600 for path in files)

    def test_the_seed_decides_the_images(self, invented_run, tmp_path):
        names = [
            [path.name for path in show_boxes.show_run(invented_run, random=2, seed=seed, out=tmp_path / f"{place}")]
            for place, seed in enumerate((1, 1, 2))
        ]
        assert names[0] == names[1] != names[2]

    def test_no_more_than_there_are_and_each_once(self):
        images = [f"{number}" for number in range(7)]
        assert sorted(show_boxes.random_choice(images, 99, 3)) == images
        assert show_boxes.random_choice(images, 4, 3) == show_boxes.random_choice(images, 4, 3)
        assert len({tuple(show_boxes.random_choice(images, 3, seed)) for seed in range(20)}) > 10

    @pytest.fixture
    def saved(self, tmp_path):
        """A grey photo with an object on the left and a detection on the right."""
        folder = tmp_path / "Fotos"
        folder.mkdir()
        _, encoded = cv2.imencode(".png", np.full((100, 200, 3), 128, np.uint8))
        (folder / "grau.png").write_bytes(encoded.tobytes())
        truth = written(tmp_path / "G.json", {"grau": [[20, 20, 80, 80]]})
        found = written(tmp_path / "D.json", {"grau": [[120, 20, 180, 80, 0.75], [1, 1, 9, 9, 0.01]]})
        return found, truth, folder

    def test_the_boxes_lie_where_they_should_in_their_colours(self, saved, tmp_path):
        picture, sheet = show_boxes.show_saved(*saved, out=tmp_path / "shown")
        assert picture == tmp_path / "shown" / "01-grau.jpg"
        assert sheet.is_file()
        with Image.open(picture) as image:
            pixels = np.asarray(image.convert("RGB")).astype(int)
        top = pixels.shape[0] - 800  # the photo is 1600 x 800 below its title
        for x, colour in ((20, TRUTH), (120, OURS)):
            wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
            column = pixels[top + 8 * 50, 8 * (x - 1) - 12 : 8 * (x - 1) + 12]
            assert np.abs(column - wanted).sum(axis=1).min() < 60
            inside = pixels[top + 8 * 50, 8 * (x + 30)]
            assert np.abs(inside - 128).max() < 12

    def test_faint_boxes_are_counted_in_the_title(self):
        rows = np.array([[1, 1, 2, 2, 0.9], [1, 1, 2, 2, 0.01], [1, 1, 2, 2, 0.02]])
        none = np.zeros((0, 4)), np.zeros(0, bool)
        assert panel_of("a", np.zeros((9, 9, 3), np.uint8), none, rows).title == "a, 2 left out"
        assert panel_of("a", np.zeros((9, 9, 3), np.uint8), none, rows[:1]).title == "a"

    def test_images_are_found_inside_their_folder_only(self, saved):
        found, truth, folder = saved
        (folder.parent / "out.png").write_bytes((folder / "grau.png").read_bytes())
        assert show_boxes.find_photo(folder, "grau") == show_boxes.find_photo(folder, "grau.png") == folder / "grau.png"
        for name in ("../out", "../out.png", str(folder.parent / "out.png"), "other"):
            with pytest.raises(LabError, match="There is no image"):
                show_boxes.find_photo(folder, name)
        with pytest.raises(LabError, match="There is no folder of images"):
            show_boxes.show_saved(found, truth, folder / "none")

    @pytest.mark.parametrize(
        ("image", "name"),
        [("../../etc/pass wd", "pass_wd"), ("a:b|c", "a_b_c"), ("Käse", "Käse"), ("..", ".."), ("", "image")],
    )
    def test_names_of_files_are_harmless(self, image, name):
        assert draw_boxes.file_name(image) == name

    def test_a_run_whose_data_change_results(self, invented_copy, toy, tmp_path):
        change_results(invented_copy, "run", "data_root", value=str(shutil.copytree(toy, tmp_path / "toy")))
        names = tmp_path / "toy" / "ImageSets" / "Main" / "test.txt"
        names.write_text("\n".join(names.read_text(encoding="utf-8").split()[1:]), encoding="utf-8")
        with pytest.raises(LabError, match="is not what it was in this run"):
            show_boxes.show_run(invented_copy)

    def test_a_run_whose_images_have_another_size(self, invented_copy):
        with np.load(invented_copy / "heatmaps.npz") as saved:
            arrays = dict(saved)
        arrays["sizes"][-1] += 1
        np.savez(invented_copy / "heatmaps.npz", **arrays)
        with pytest.raises(LabError, match="is not what it was in this run"):
            show_boxes.show_run(invented_copy)


class TestThreshold:
    """Boxes that are cut at a threshold of the user's, and the heatmap under them."""

    @pytest.fixture
    def drawn(self, monkeypatch):
        """What was handed on to be drawn."""
        seen: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

        def remember(*args: Any, **more: Any) -> list[Path]:
            seen.append((args, more))
            return []

        monkeypatch.setattr(show_boxes, "draw", remember)
        return seen

    def test_pictures_of_other_boxes_or_other_images_go_elsewhere(self, invented_run, toy, drawn, tmp_path):
        twin = Path(shutil.copytree(invented_run, tmp_path / "twin"))
        for more in ({}, {"seed": 2}, {"heatmap": True}, {"split": "val"}, {"threshold": 0.02}):
            show_boxes.show_run(invented_run, random=2, **more)
        for folder in (invented_run, twin):
            boxes = (folder / "detections.json", folder / "ground_truth.json")
            for seed in (1, 2):
                show_boxes.show_saved(*boxes, toy / "JPEGImages", random=2, seed=seed)
        folders = [arguments[0] for arguments, _ in drawn]
        assert len(set(folders)) == len(folders) == 9
        show_boxes.show_run(invented_run, random=2)
        assert drawn[-1][0][0] == folders[0]
        assert all(folder.parent == Path("shown") and folder.name[:11] == "detections-" for folder in folders[5:])

    @pytest.mark.parametrize("split", ["val", "test"])
    def test_boxes_are_cut_at_it_from_the_saved_heatmaps(self, invented_run, lessons, drawn, split):
        show_boxes.show_run(invented_run, random=5, split=split, threshold=0.02)
        (folder, paths, truth, found), more = drawn[0]
        expected = Detector(lessons)(read_maps(invented_run / "heatmaps.npz").of(split), 0.02)
        assert len(paths) == len(found) == 5
        for image, boxes in found.items():
            np.testing.assert_array_equal(boxes, expected[image])
        assert folder == invented_run / f"shown_{split}_0.02"
        assert (more["name"], more["cut"], more["under"]) == ("dog", "at threshold 0.02", None)
        assert set(paths) <= set(truth)

    def test_without_one_another_split_is_cut_at_the_runs_and_test_has_the_runs_boxes(self, invented_run, drawn):
        show_boxes.show_run(invented_run, split="val")
        show_boxes.show_run(invented_run)
        (of_val, more), (of_test, plain) = drawn
        assert (of_val[0].name, more["cut"]) == ("shown_val_0.3", "at threshold 0.3")
        assert (of_test[0].name, plain["cut"]) == ("shown", "")
        assert of_test[3].keys() == read_detections(invented_run / "detections.json").keys()

    def test_the_legend_names_the_threshold_and_fits_on_the_page(self):
        assert "detected at threshold 0.02 (" in draw_boxes.legend_of("at threshold 0.02")
        assert "detected (" in draw_boxes.legend_of()
        with style():
            assert text_width(draw_boxes.legend_of("at threshold 0.0333333"), 9, "bold") < WIDTH

    def test_the_heatmap_lies_under_the_boxes_on_request(self, invented_run, drawn):
        show_boxes.show_run(invented_run, random=1, heatmap=True)
        (args, more) = drawn[0]
        (image,) = args[1]
        maps = read_maps(invented_run / "heatmaps.npz").of("test")
        cam = maps.maps[maps.ids.tolist().index(image)]
        grey = np.full((140, 210, 3), 128, np.uint8)
        picture = more["under"](image, grey).astype(int)
        hottest, coldest = (np.array(np.unravel_index(place, cam.shape)) for place in (cam.argmax(), cam.argmin()))
        red, _, blue = picture[tuple(hottest * (20, 30) + (10, 15))]
        assert red > blue + 40
        red, _, blue = picture[tuple(coldest * (20, 30) + (10, 15))]
        assert blue > red

    def test_a_method_that_cuts_nothing_refuses_a_threshold(self, invented_copy):
        change_results(invented_copy, "run", "method", "name", value="otsu")
        with pytest.raises(LabError, match="Otsu's threshold', which cuts no map at a threshold of yours"):
            show_boxes.show_run(invented_copy, threshold=0.02)

    @pytest.mark.parametrize(
        ("option", "owner"),
        [
            (("--images", "x"), "--detections"),
            (("--ground-truth", "x"), "--detections"),
            (("--target", "dog"), "--detections"),
            (("--image", "x.jpg"), "--model"),
            (("--index", 0), "--model"),
            (("--class", "dog"), "--model"),
            (("--data", "toyvoc"), "--model"),
            (("--data-root", "x"), "--model"),
        ],
    )
    @pytest.mark.parametrize("source", [(), ("--run", "x"), ("--model", "x"), ("--detections", "x")])
    def test_options_of_another_source_are_refused(self, source, option, owner):
        done = lab("show", *source, *option)
        assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
        assert (f"{option[0]} goes with {owner} alone: " in done.err) == (owner not in source)
        assert "toyvoc'" not in done.err

    @pytest.mark.parametrize("option", [("--threshold", 0.1), ("--heatmap",)])
    @pytest.mark.parametrize("source", ["--model", "--detections"])
    def test_other_sources_refuse_both(self, source, option):
        done = lab("show", source, "x", *option)
        assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
        assert f"{option[0]} goes with --run alone: " in done.err
