"""The sections that not every run has (methods, masks, faithfulness), and whose boxes the report shows."""

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gradcam_lab.course.authoring import cut
from gradcam_lab.errors import LabError
from gradcam_lab.report.figures.pictures import pipeline
from gradcam_lab.report.render import to_html
from gradcam_lab.report.text.listing import reference
from tests import synthetic_run
from tests.report.page_text import words_of
from tests.synthetic_run import METHODS, STEPS, YOUNG, methods, older, results, without

CHOSEN = METHODS["pair+watershed"][0]
SECTIONS = dict(zip(YOUNG, ("methods", "segmentation", "faithfulness"), strict=True))


def rendered(folder: Path, content: dict[str, Any]) -> str:
    """The page of some results, without any picture."""
    (folder / "figures").mkdir(exist_ok=True)
    (folder / "figures" / "figures.json").write_text("[]", encoding="utf-8")
    (folder / "results.json").write_text(json.dumps(content), encoding="utf-8")
    return to_html(folder)


@pytest.fixture
def page(tmp_path):
    """Render results."""
    return partial(rendered, tmp_path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> str:
    """The page of a run that has every part."""
    return rendered(tmp_path_factory.mktemp("whole"), results())


def section(html: str, name: str) -> str:
    """The words of one section."""
    return words_of(html.split(f'<section id="{name}">')[1].split("</section>")[0])


def rows(html: str, name: str) -> dict[str, str]:
    """The rows of a section's tables: the words of their first cell -> the row's HTML."""
    inside = html.split(f'<section id="{name}">')[1].split("</section>")[0]
    found = re.findall(r'<tr[^>]*><th scope="row">.*?</tr>', inside, re.DOTALL)
    return {words_of(row.split("</th>")[0]): row for row in found}


# --- which average precision ---


def test_a_run_of_11_point_ap_says_so_wherever_ap_is_explained(page, whole):
    content = results()
    content["run"]["parameters"]["ap"] = "11point"
    eleven = page(content)
    for name, area_words, eleven_words in (
        ("summary", "reach an average precision of", "reach an 11-point average precision of"),
        ("metrics", "AP is the area under the interpolated curve", "AP is the mean height of the interpolated curve"),
        ("metrics", "AP is the area below all points of the curve.", "AP is the mean of eleven points of the curve"),
        ("metrics", "The same AP judges the classifier,", "the area under its curve, not the mean of eleven points"),
        ("methods", ": AP on test with 95%", ": 11-point AP on test with 95%"),
        ("conventions", "all-point area", "the mean of the interpolated precision at 11 levels of recall"),
    ):
        of_area, of_eleven = section(whole, name), section(eleven, name)
        assert (area_words in of_area, eleven_words in of_area) == (True, False), area_words
        assert (area_words in of_eleven, eleven_words in of_eleven) == (False, True), eleven_words


# --- whose boxes ---


def test_the_method_is_named_wherever_its_boxes_are(whole):
    summary = section(whole, "summary")
    assert f"the boxes of {CHOSEN} reach an average precision of 72.0, 57.6 and 39.6" in summary
    assert (
        "Val chose this method, a variation on the Grad-CAM of the lessons, which alone reaches 58.0, 46.4 and 31.9"
        in summary
    )
    assert "Our method is ahead of it at IoU 0.3 (72.0 against 52.0" in summary
    assert f"<dd>{CHOSEN}, chosen by val</dd>" in whole
    assert list(rows(whole, "metrics"))[:2] == [CHOSEN, "Grad-CAM"]
    assert "two C boxes, our method is 20.0 points ahead" in section(whole, "metrics")
    assert f"Our method is {CHOSEN}; the row of plain Grad-CAM stands below it." in section(whole, "metrics")
    assert f"The method of this run, {CHOSEN}, changes the map" in section(whole, "boxes")
    assert "our method made 400 claims" in section(whole, "answers")
    assert f"the method of this run, {CHOSEN}, changes the map" in section(whole, "answers")
    assert rows(whole, "provenance")["boxes by"].count("pair+watershed") == 1


def test_a_run_of_plain_grad_cam_speaks_of_grad_cam(page):
    html = page(synthetic_run.plain())
    text = words_of(html)
    assert "Grad-CAM’s boxes reach an average precision of 58.0" in text
    assert "Grad-CAM is ahead of it at IoU 0.3 (58.0 against 52.0" in text
    assert "Grad-CAM made 400 claims" in text
    assert (
        "of the rows that cost less than 3 times as much, none has a mean AP on val that is higher in percent" in text
    )
    assert "Val kept plain Grad-CAM all the same." in text
    for wrong in ("our method", "Our method", "method of this run", "variation on the Grad-CAM"):
        assert wrong not in text


def test_a_method_that_was_asked_for_is_not_said_to_be_chosen(page):
    title = METHODS["scales"][0]
    html = page(without(method={"name": "scales", "title": title, "asked": "scales"}))
    assert f"<dd>{title}, as asked for</dd>" in html
    assert "This method was asked for, a variation" in section(html, "summary")
    assert f"This run was asked for {title}, and the boxes of the other sections are made by it" in section(
        html, "methods"
    )
    table = rows(html, "methods")
    assert table[title].startswith('<tr class="ours">')
    assert table[f"{CHOSEN} val’s choice"].startswith("<tr>")


def test_a_method_with_a_threshold_for_each_image_has_none_to_choose(page, whole):
    content = without(method={"name": "otsu", "title": METHODS["otsu"][0], "asked": "otsu", "find": "otsu"})
    one = {"ap": {iou: [0.5] for iou in ("0.3", "0.4", "0.5")}, "mean_ap": [0.5]}
    content["threshold"] = {
        **{"grid": [1.0], "chosen": 1.0, "val": one, "test": one},
        "oracle": {"threshold": 1.0, "mean_ap": 0.5},
    }
    text = words_of(page(content))
    assert "this method finds one for each image by itself" in text
    assert "so each map finds its own." in text
    assert "Some things I would not do: choose the method on test" in text
    for word in ("highest around", "val chose it: 0.35", "A low threshold makes"):
        assert word not in text
        assert word in words_of(whole)


def test_a_curve_that_is_level_still_has_a_threshold(page):
    content = results()
    for split in ("val", "test"):
        content["threshold"][split]["mean_ap"] = [0.5] * 19
    text = words_of(page(content))
    assert "this method finds one for each image by itself" not in text
    assert "highest around 0.35" in text


def test_boxes_around_refined_masks_are_not_said_to_come_from_a_cut(page, whole):
    content = without(method={"name": "refined", "title": METHODS["mask"][0], "asked": "refined", "find": "refined"})
    content["threshold"]["chosen"] = content["threshold"]["grid"][0] = 0.005
    text = words_of(page(content))
    assert "highest around 0.005: each value is judged together with those beside it" in text
    assert "for which val chose what surely is background: 0.005." in text
    assert "A low value leaves nearly everything to the colours" in text
    for word in ("the one number that must be learned", "A low threshold makes", "The curve has a summit"):
        assert word not in text
        assert word in words_of(whole)


def test_kinds_of_failure_that_are_as_frequent_share_the_blame(page, whole):
    content = results()
    content["failures"]["counts"]["context"] = 31
    text = words_of(page(content))
    assert "one of the most frequent kinds of failure is head only" in text
    assert "the cheapest step against one of the commonest failures" in text
    assert "So it is the even lighting that fails most" not in text
    assert "or a watershed has parted one object in two, which counts as the same." in words_of(whole)
    without_watershed = words_of(page(synthetic_run.plain()))
    assert "So it is the even lighting that fails most: the network is content with the most telling part." in (
        without_watershed
    )


# --- methods ---


def test_the_comparison_says_what_val_chose_and_what_it_gains(whole):
    text = section(whole, "methods")
    for quoted in (
        "Here 8 ways from a heatmap to boxes",
        f"Val chose {CHOSEN}: of the rows that cost less than 3 times plain Grad-CAM, it has the highest mean AP on "
        "val, 71.0 against 62.0",
        "Compared with plain Grad-CAM on test it is 14.0 points ahead at IoU 0.3 (intervals apart), 11.2 points "
        "ahead at IoU 0.4 (intervals apart) and 7.7 points ahead at IoU 0.5 (intervals overlapping), at "
        "1.8 times the time",
        "At IoU 0.5, LayerCAM, Grad-CAM++ and Grad-CAM, Otsu’s threshold do not get as far",
        "CAM scores exactly what it scores.",
        "Grad-CAM, 4 scales, half of them flipped, takes 7.4 times the time; against plain Grad-CAM that buys +8.8 "
        "points of AP at IoU 0.5, and what val chose buys +7.7.",
        "On test, Grad-CAM, 4 scales, half of them flipped is the best, averaged over the IoUs. Whoever scores 8 rows",
    ):
        assert quoted in text
    assert "asked for" not in text


def test_only_the_same_scores_at_every_iou_are_the_same(page):
    content = results()
    _, plain, _, layercam, *_ = found = content["methods"]["rows"]
    for score in found[0]["scores"].values():
        score["ap"] -= 0.0003  # CAM: less than the table shows
    layercam["scores"]["0.3"] = plain["scores"]["0.3"]
    text = section(page(content), "methods")
    assert "At IoU 0.5, LayerCAM, Grad-CAM++ and Grad-CAM, Otsu’s threshold do not get as far" in text
    assert "CAM scores exactly what it scores." in text


def test_the_table_has_every_method_and_the_better_centre_box(whole):
    table = rows(whole, "methods")
    titles = [title for title, *_ in METHODS.values()]
    assert [name.removesuffix(" val’s choice") for name in table] == [*titles, "C: scored centre box, s=0.5"]
    assert [name for name, row in table.items() if 'class="ours"' in row] == [f"{CHOSEN} val’s choice"]
    cells = re.findall(r'<td class="number">(.*?)</td>', table["Grad-CAM, Otsu’s threshold"])
    assert cells == [
        *("its own", "50.0"),
        *("47.0<small>42.0–52.0</small>", "37.6<small>32.6–42.6</small>", "25.9<small>20.8–30.9</small>"),
        "−6.0<small>−9.0 to −3.0</small>",
        *("17", "1.1"),
    ]


def test_a_comparison_without_leads_has_no_column_for_them(page):
    """Runs of older versions have none."""
    content = results()
    for row in content["methods"]["rows"]:
        del row["leads"]
    cells = re.findall(r'<td class="number">(.*?)</td>', rows(page(content), "methods")["Grad-CAM, Otsu’s threshold"])
    assert len(cells) == 7


def test_a_choice_that_is_the_best_of_test_is_not_chosen_for_that(page):
    content = results()
    content["methods"]["rows"] = [row for row in content["methods"]["rows"] if row["name"] != "scales"]
    text = section(page(content), "methods")
    assert "The row that val chose is also the best of test" in text
    assert "The most expensive row, Grad-CAM, box of the refined mask, takes 1.9 times the time" in text


def test_a_comparison_in_which_all_gain_says_so(page):
    content = results()
    content["methods"]["rows"] = [
        row for row in content["methods"]["rows"] if row["name"] in ("gradcam", "pair+watershed")
    ]
    text = section(page(content), "methods")
    assert "At IoU 0.5 no row falls behind plain Grad-CAM on test." in text
    assert "exactly" not in text
    assert "most expensive" not in text


def test_what_to_improve_quotes_the_comparison_and_proposes_nothing_of_it(page, whole):
    text = section(whole, "answers").split("What would you improve")[1]
    assert f"of plain Grad-CAM: Grad-CAM, 4 scales, half of them flipped +8.8; {CHOSEN} +7.7; Grad-CAM, box of" in text
    assert f"LayerCAM −0.6; Grad-CAM++ −3.8; Grad-CAM, Otsu’s threshold −6.0. Val chose {CHOSEN}, at 1.8 times" in text
    assert "times the time. Not tried yet, beginning with the remedy" in text
    for tried in ("watershed, or", "several scales", "larger input", "finer cells", "from each local maximum"):
        assert tried not in text
    method = {"name": "all", "title": "All", "asked": "all", "find": "watershed", "views": 2, "shared": True}
    done = section(page(without("methods", method=method)), "answers").split("What would you improve")[1]
    for proposed in ("as in a watershed, or", "several scales", "larger input", "a layer before the last"):
        assert proposed not in done
    plain = {**synthetic_run.plain(), "methods": None}
    before = section(page(plain), "answers").split("What would you improve")[1]
    for proposed in ("as in a watershed, or", "several scales", "A larger input", "finer cells"):
        assert proposed in before
    assert "remedies were tried" not in before


@pytest.mark.parametrize("kind", ["missed", "head only", "merged", "context"])
def test_an_answer_that_quotes_sixteen_rows_is_still_an_answer(page, kind):
    content = {**results(), "failures": {"counts": {"missed": 1, "merged": 1, kind: 7}, "iou": 0.5}}
    more = [{**row, "title": f"Grad-CAM, flip, earlier layer {i}"} for i in range(8) for row in methods()["rows"][2:3]]
    content["methods"]["rows"] += [{**row, "name": f"more{i}"} for i, row in enumerate(more)]
    answer = section(page(content), "answers").split("What would you improve with more time?")[1]
    assert 200 <= len(answer.split()) <= 740


# --- CAM beside Grad-CAM, the diagram, and what a map costs ---


def changed_rows(**rows: dict[str, Any] | None) -> dict[str, Any]:
    """Results in which some ways to compute the maps have other numbers, or (None) were not measured."""
    content = results()
    content["throughput"]["rows"] = [
        {**row, **(rows.get(row["way"]) or {})}
        for row in content["throughput"]["rows"]
        if rows.get(row["way"], {}) is not None
    ]
    return content


def improvements(html: str) -> str:
    """The answer on what to improve."""
    return section(html, "answers").split("What would you improve with more time?")[1]


def test_cam_and_grad_cam_stand_side_by_side_with_what_was_measured(page, whole):
    def cells(html: str) -> dict[str, str]:
        table = html.split('<section id="answers">')[1].split("CAM and Grad-CAM side by side.")[1].split("</table>")[0]
        found = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', table)
        return {name: words_of(row.replace("</td>", " | ")) for name, row in found}

    measured, time = "where both are defined", "time in this run, from the input to boxes"
    assert list(cells(whole)) == [
        *("network", "weight of a channel", "passes", "what it explains", "at which layer", "sign", "how exact"),
        *(measured, time),
    ]
    assert "Measured here over 16 images: 1.9e-07 of the map’s maximum apart at most" in cells(whole)[measured]
    assert cells(whole)[time] == "16 ms an image, about the same time as Grad-CAM | 16 ms an image |"
    content = results()
    content["methods"]["rows"][0].update(cost=0.7, milliseconds=10.9)
    assert cells(page(content))[time].startswith("11 ms an image, 0.70 of the time of Grad-CAM |")
    assert time not in cells(page(without("methods")))
    content["methods"]["rows"].pop(0)  # as of a network for which CAM is not defined
    assert time not in cells(page(content))
    undefined = page({**results(), "cam_vs_gradcam": None})
    assert "Not measured here: CAM is not defined for resnet (ToyNet)" in cells(undefined)[measured]
    nothing = {"images": 16, "max_relative_difference": None, "mean_cosine": None}
    assert "Not measured here: no map had any" in cells(page({**results(), "cam_vs_gradcam": nothing}))[measured]


def test_the_table_of_ways_has_a_row_for_each_that_was_measured(page, whole):
    table = rows(whole, "gradcam")
    assert list(table) == [
        *("float32, a batch, 1 thread", "float32, one image after the other, 1 thread", "float32, a batch, 2 threads"),
        *("bf16, a batch, 1 thread", "int8 up to the target layer, a batch, 1 thread"),
    ]
    cells = re.findall(r'<td class="number">(.*?)</td>', table["int8 up to the target layer, a batch, 1 thread"])
    assert cells == ["1.1", "0.23", "0.994", "0.913"]
    none = rows(page(changed_rows(int8={"cosine": None, "box_iou": None})), "gradcam")
    assert none["int8 up to the target layer, a batch, 1 thread"].count(">–<") == 2
    for content in (without("throughput"), older(results())):
        assert "What a map costs" not in words_of(page(content))


def test_what_batches_and_threads_save_is_said_either_way(page, whole):
    text = improvements(whole)
    assert (
        "one image after the other takes 1.24 times the time of a batch. 2 threads take 0.58 of the time of one. "
        in text
    )
    assert "It found no GPU, so that is not measured." in text
    assert "an image of test has 1.0 boxes, on average" in text
    slow = improvements(page(changed_rows(**{"one by one": {"cost": 0.9}, "threads": {"cost": 2.76}})))
    assert "one image after the other takes 0.90 of the time of a batch." in slow
    assert "2 threads take 2.76 times the time of one: the batch is small, or the machine was busy." in slow
    alone = page(changed_rows(threads=None))
    assert "It had one thread, so several are not measured." in improvements(alone)
    assert "The run had one thread, so several are not measured." in section(alone, "gradcam")
    assert "several are not measured" not in words_of(whole)


def test_a_gpu_is_measured_where_there_is_one(page, whole):
    assert "No GPU was found, so a GPU is not measured." in section(whole, "gradcam")
    content = results()
    row = {"way": "gpu", "milliseconds": 0.1, "cost": 0.02, "cosine": 1.0, "box_iou": 1.0}
    content["throughput"]["rows"].append(row)
    content["throughput"]["gpu"] = "NVIDIA [X]"
    html = page(content)
    assert "The GPU (NVIDIA [X]) takes 0.02 of the time of one thread." in improvements(html)
    assert "float32, a batch, on the GPU" in rows(html, "gradcam")
    assert "GPU is not measured" not in words_of(html)
    assert "found no GPU" not in words_of(html)


def test_what_fewer_bits_save_and_change_is_said_either_way(page, whole):
    text = improvements(whole)
    assert (
        "int8 takes 0.23 of the time of float32 and 0.26 of the memory for weights; its maps have a mean cosine of "
        "0.994 with those of float32, the surest boxes a mean IoU of 0.913. bf16 takes 0.60 of the time of float32; "
        "its maps are the same to three digits."
    ) in text
    told = section(whole, "gradcam")
    assert (
        "In bf16 the maps are the same to the digits of the table. In int8 the maps have a mean cosine of 0.994 with "
        "those of the first row, and the surest boxes overlap theirs with a mean IoU of 0.913."
    ) in told
    assert "The weights take 0.26 of their size." in told
    other = page(
        changed_rows(
            int8={"cost": 1.3, "cosine": 1.0, "box_iou": 1.0}, bf16={"cost": 1.5, "cosine": 0.98, "box_iou": None}
        )
    )
    text = improvements(other)
    assert "int8 takes 1.30 times the time of float32 and 0.26 of the memory for weights; its maps are the same" in text
    assert "bf16 takes 1.50 times the time of float32; its maps have a mean cosine of 0.980 with those of" in text
    assert (
        "In bf16 the maps have a mean cosine of 0.980 with those of the first row. In int8 the maps are the same"
        in (section(other, "gradcam"))
    )
    dark = page(changed_rows(int8={"cosine": None, "box_iou": None}))
    assert "for weights; there was no map with evidence to compare." in improvements(dark)
    assert "No map has any evidence, so none can be compared." in section(dark, "gradcam")


def test_a_network_that_cannot_be_quantised_is_a_sentence(page, whole):
    content = changed_rows(int8=None)
    content["throughput"].update(int8_bytes=None, int8_problem="PyTorch 9 says: no [such] *kernel*")
    html = page(content)
    assert "int8 could not be measured with this network. bf16 takes" in improvements(html)
    assert (
        "int8 could not be measured: this network cannot be quantised up to layer4 here (PyTorch 9 says: no [such] "
        "*kernel*). In bf16"
    ) in section(html, "gradcam")
    assert "could not be measured" not in words_of(whole)


def test_a_run_that_measured_no_times_says_how_to_have_them(page, whole):
    told = "A new run without --quick measures what int8 and bf16 save, and what they change."
    for content in (without("throughput"), older(results())):
        text = improvements(page(content))
        assert told in text
        assert "In this run" not in text
    assert told not in improvements(whole)


def test_ideas_of_the_exercises_that_are_not_built_are_named(page, whole):
    text = improvements(whole)
    assert "Localisation as a Markov decision process (Caicedo and Lazebnik, 2015): a deep Q-network" in text
    assert "Occlusion: cover one place after the other" in text
    rest = "Several scales (+8.8 points) and a threshold of the image’s own (−6.0) are in the comparison above."
    assert rest in text
    assert "Several scales" not in improvements(page(without("methods")))
    content = results()
    content["methods"]["rows"] = [row for row in content["methods"]["rows"] if row["name"] != "otsu"]
    assert "Several scales" not in improvements(page(content))


def test_the_answer_on_the_detection_points_to_the_diagram_where_there_is_one(page, whole, tmp_path):
    assert "drawn as a diagram" not in whole
    (tmp_path / "figures").mkdir()
    content: Any = results()
    entry = pipeline(tmp_path / "figures", content)
    (tmp_path / "results.json").write_text(json.dumps(results()), encoding="utf-8")
    (tmp_path / "figures" / "figures.json").write_text(json.dumps([entry]), encoding="utf-8")
    html = to_html(tmp_path)
    assert '<a href="#figure-pipeline">drawn as a diagram</a>' in html
    assert 'id="figure-pipeline"' in html.split('<section id="boxes">')[1].split("</section>")[0]


# --- masks ---


def test_the_masks_have_a_row_for_each_class(whole):
    table = rows(whole, "segmentation")
    assert list(table) == ["background", *synthetic_run.CLASSES, "mean", "ms an image"]
    assert [name for name, row in table.items() if 'class="ours"' in row] == ["dog"]
    assert "58.0<small>54.0–62.0</small>" in table["dog"]
    assert "60.0<small>57.0–63.0</small>" in table["mean"]
    text = section(whole, "segmentation")
    for quoted in (
        "what reaches 0.7 of its maximum is taken for foreground, and what stays below 0.02",
        "the refined mask is 10.0 points better than the map cut at one threshold (intervals apart), and 20.0 "
        "points better than the better centre box (intervals apart)",
        "For dog it is 10.0 points better than the cut map.",
        "It gains on 5 of the 7 classes, and loses on boat.",
        "Val (here 118 of its images, the seeds on smaller copies of them) chose 0.30 for the cut map. Test would have "
        "preferred 0.35, with 50.0: an oracle",
        "The refined mask lies above the whole curve of test",
    ):
        assert quoted in text
    assert "Task 5.2 refine" in text
    assert "a mean IoU of 60.0; cut at one threshold they reach 50.0" in section(whole, "summary")


def test_refining_that_loses_says_so(page):
    content = results()
    found = content["segmentation"]["rows"]
    found[2], found[3] = {**found[3], "method": "thresholded map"}, {**found[2], "method": "refined mask"}
    content["segmentation"]["curve"]["test"]["mean_iou"] = [0.6] * 6 + [0.55] * 13
    content["segmentation"]["classes"].remove("boat")
    content["run"]["target"] = content["truth"]["target"] = "person"
    text = section(page(content), "segmentation")
    assert "the refined mask is 10.0 points worse than the map cut" in text
    assert "For person it is 10.0 points worse than the cut map." in text
    assert "It loses on every class that it changes." in text
    assert "a well chosen threshold could do as much" in text


def test_a_target_without_masks_has_no_row(page):
    content = results()
    content["segmentation"]["classes"].remove("dog")
    assert "For dog it is" not in section(page(content), "segmentation")


# --- faithfulness ---


def test_the_tests_say_what_was_passed_and_what_not(whole):
    text = section(whole, "faithfulness")
    assert (
        "Grad-CAM passed the pointing game, deletion, the test of random weights, the two-class test (dog on the "
        "others) and the two-class test (the others on dog). It failed insertion: the difference from the centre map "
        "is +0.01 (−0.04 to +0.06), which should lie wholly above 0. To pass proves nothing"
    ) in text
    table = rows(whole, "faithfulness")
    assert "<strong>no</strong>" in table["insertion, area under the curve"]
    assert sum("<td>yes</td>" in row for row in table.values()) == 5
    assert "93.0<small>88.0–98.0</small>" in table["pointing game"]
    assert "0.10<small>0.05 to 0.15</small>" in table["all weights random, rank correlation"]
    assert "−0.05 to 0.05" in table["all weights random, rank correlation"]
    assert "heat of dog on the others (its area: 20.0)" in table
    assert "in 1 of 2 pairs: cat on dog." in text
    assert "Of 6 tests of whether the heatmap tells the truth, Grad-CAM passed 5." in section(whole, "summary")
    assert "Task 6.2 replacement_curve" in text


def test_the_oracle_is_called_one(page, whole):
    assert "90.0<small>85.0–95.0</small>" in rows(whole, "faithfulness")["Grad-CAM"]
    assert "An oracle: the best threshold of test" in section(whole, "faithfulness")
    assert "an oracle: the threshold that is best on test itself" in rows_of_conventions(whole)["MaxBoxAccV2"]
    content = results()
    del content["truth"]["max_box_acc"]
    html = page(content)
    assert "MaxBoxAccV2" not in words_of(html)


def rows_of_conventions(html: str) -> dict[str, str]:
    inside = html.split('<section id="conventions">')[1].split("</section>")[0]
    return {
        words_of(a): words_of(b) for a, b in re.findall(r"<tr>\s*<td>(.*?)</td>\s*<td>(.*?)</td>", inside, re.DOTALL)
    }


def test_conventions_speak_of_the_parts_that_ran(page, whole):
    full = rows_of_conventions(whole)
    bare = rows_of_conventions(page(without(*YOUNG)))
    assert set(full) - set(bare) == {"time", "masks", "pointing game", "MaxBoxAccV2"}
    assert "15 pixels from the box" in full["pointing game"]
    assert "the background among its classes; pixels that VOC marks as void are not counted" in full["masks"]


def test_a_map_that_fails_everything_passes_nothing(page):
    content = results()
    truth = content["truth"]
    bad = {"value": 0.5, "low": 0.4, "high": 0.6}
    tests = [truth["randomisation"], *(truth["replacement"][way] for way in ("deletion", "insertion"))]
    tests += [truth["pointing"], truth["two_classes"]["target_on_others"], truth["two_classes"]["others_on_target"]]
    for test in tests:
        test["passed"] = False
        negative = test in (truth["pointing"], truth["replacement"]["insertion"])
        gain = {key: -value for key, value in bad.items()} if negative else bad
        test["gains"] = dict.fromkeys(test["gains"], gain)
    text = section(page(content), "faithfulness")
    assert (
        "Grad-CAM passed none of these tests. It failed the pointing game: the difference from the centre map is −50.0"
        in text
    )
    assert (
        "It failed the test of random weights: with all weights random its map is still more like the real one than a "
        "centre map is, by +0.50 (+0.40 to +0.60), and than a random map is, by +0.50"
    ) in text
    assert "and the difference from the area is +50.0 (+40.0 to +60.0), which should lie wholly below 0." in text
    assert "passed none" in section(page(content), "summary")


def test_an_interval_on_both_sides_of_0_is_no_success(page):
    content = results()
    deletion = content["truth"]["replacement"]["deletion"]
    deletion["passed"] = False
    deletion["gains"]["random map"] = {"value": -0.01, "low": -0.06, "high": 0.04}
    text = section(page(content), "faithfulness")
    assert "It failed deletion: the difference from the random map is −0.01 (−0.06 to +0.04), which should" in text


def test_what_was_not_asked_is_neither_passed_nor_failed(page):
    content = results()
    nothing = {"value": None, "low": None, "high": None}
    both = content["truth"]["two_classes"]
    both["pairs"] = []
    for key in ("target_on_others", "others_on_target"):
        both[key].update(images=0, passed=False)
        both[key]["rows"] = dict.fromkeys(both[key]["rows"], nothing)
        both[key]["gains"] = dict.fromkeys(both[key]["gains"], nothing)
    content["truth"]["randomisation"].update(images=0, passed=False, curve=[nothing] * 6)
    html = page(content)
    text = section(html, "faithfulness")
    assert (
        "For want of images it was not put to the test of random weights, the two-class test (dog on the others)"
        in text
    )
    assert "It failed the two-class" not in text
    assert "pairs of classes" not in text
    assert "Of 3 tests" in section(html, "summary")
    row = rows(html, "faithfulness")["heat of dog on the others"]
    assert row.count("–") == 4


def test_pairs_that_leak_nowhere_are_said_to(page):
    content = results()
    content["truth"]["two_classes"]["pairs"].pop(0)
    assert "In no pair of classes does a map lie demonstrably more on the other class" in section(
        page(content), "faithfulness"
    )


# --- parts that are left out ---


@pytest.mark.parametrize("part", YOUNG)
def test_a_part_that_did_not_run_has_no_section_and_no_listing(page, part):
    html = page(without(part))
    assert f'<section id="{SECTIONS[part]}">' not in html
    assert f'href="#{SECTIONS[part]}"' not in html
    for other in set(YOUNG) - {part}:
        assert f'<section id="{SECTIONS[other]}">' in html
    for task, owner in (("Task 5.2", "segmentation"), ("Task 6.2", "truth")):
        assert (task in words_of(html)) == (owner != part)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            without(*YOUNG, quick=True),
            "This quick run left out the comparison of methods, the masks and the tests of the heatmap: run it without "
            "--quick to have them.",
        ),
        (without("segmentation"), "Val or test has no mask with a labelled pixel, so there is no section on them."),
        (without("methods", "truth"), "This run left out the comparison of methods and the tests of the heatmap."),
        (
            older(results()),
            "This run was made before the report spoke of the comparison of methods, the masks and the tests of the "
            "heatmap: make it again to have them.",
        ),
    ],
    ids=["quick", "no masks", "others", "older"],
)
def test_the_summary_says_what_was_left_out(page, content, sentence, whole):
    assert sentence in section(page(content), "summary")
    for word in ("left out", "no section", "make it again"):
        assert word not in section(whole, "summary")


def test_a_run_from_before_there_were_these_parts_reads_as_it_did(page):
    html = page(older(results()))
    text = words_of(html)
    assert rows(html, "provenance")["boxes by"].count("gradcam") == 1
    assert "Grad-CAM’s boxes reach an average precision of 58.0" in text
    assert "our method" not in text
    assert "chosen by val" not in text


def test_sections_are_numbered_in_order(whole):
    found = re.findall(r'<section id="(\w+)">\s*<h2>(?:<span class="number">(\d+)</span>)?', whole)
    names = [name for name, _ in found]
    assert names == [
        *("summary", "cam", "gradcam", "boxes", "metrics", "methods", "segmentation", "faithfulness"),
        *("results", "answers", "conventions", "provenance"),
    ]
    assert [number for _, number in found] == ["", *map(str, range(1, len(names)))]


# --- a student's workspace ---

ANSWERS = {
    "5.5": ("Where the border comes from", "neither sum knows better"),
    "6.5": ("What the tests prove, and what not", "a picture with holes is unlike"),
}


def in_workspace(folder: Path, passed: dict[str, list[str]]) -> dict[str, Any]:
    """Results of a run in a workspace, with the stubs that the report shows."""
    (folder / "code" / "stubs").mkdir(parents=True)
    for step in STEPS:
        (folder / "code" / "stubs" / f"{step}.py").write_text(cut.stub(reference(step)), encoding="utf-8")
    entry = {"points": 0, "possible": 9, "stub": True}
    return {**results(), "course": {step: {**entry, "passed": passed.get(step, [])} for step in STEPS}}


def test_the_answers_to_written_tasks_wait_for_the_students_own(page, tmp_path):
    content = in_workspace(tmp_path, {})
    text = words_of(page(content))
    for phrases in ANSWERS.values():
        assert not any(phrase in text for phrase in phrases)
    assert "cv2.setRNGSeed(0)" not in text
    assert "Task 5.2 is yours to write" in text
    for task, phrases in ANSWERS.items():
        content["answers"] = {task: {"question": "Why?", "answer": "Because."}}
        text = words_of(page(content))
        assert all(phrase in text for phrase in phrases)
        assert not any(phrase in text for other in set(ANSWERS) - {task} for phrase in ANSWERS[other])


def test_a_workspace_that_does_not_know_a_step_shows_none_of_it(page, tmp_path):
    content = in_workspace(tmp_path, {})
    del content["course"]["step5_segmentation"]
    with pytest.raises(LabError, match="lacks something"):
        page(content)
    assert "setRNGSeed" not in page({**content, "segmentation": None})


# --- text that anyone may have written ---


def test_names_of_methods_and_classes_are_only_text(page):
    hostile = "<script>x</script> **a** [b](http://z.zz) $c$"
    content = results()
    for row in content["methods"]["rows"]:
        row["title"] = hostile
    content["run"]["method"]["title"] = hostile
    content["table"][0]["name"] = hostile
    segmentation = content["segmentation"]
    segmentation["classes"][1] = hostile
    for row in segmentation["rows"]:
        row["classes"][hostile] = row["classes"].pop("boat")
    content["truth"]["target"] = hostile
    content["truth"]["two_classes"]["pairs"][0]["on"] = hostile
    html = page(content)
    assert "<script" not in html
    assert "http://z.zz" not in re.findall(r'href="([^"]*)"', html)
    assert f"loses on {hostile}" in words_of(html)


@pytest.mark.parametrize(("share", "proposed"), [(0.5, False), (0, True)])
def test_hiding_patches_is_not_proposed_where_the_training_did_it(page, share, proposed):
    content = results()
    content["classifier"]["recipe"]["hidden_images"] = share
    words = words_of(page(content))
    assert ("or hide random patches in training" in words) is proposed
    assert ("Random patches were hidden already" in words) is not proposed


def test_differences_on_the_same_images_have_a_table_of_their_own(page):
    content = results()
    text = words_of(page(content))
    assert "in points, with the 95% interval of the difference" in text
    assert "+8.2+3.1 to +12.9" in text
    assert "+1.2−2.1 to +4.4" in text
    assert "the difference at IoU 0.5 has the interval −2.1 to +4.4" in text
    assert "Train again." in text
    before = words_of(page(older(content)))
    assert "only the interval of their difference would tell" in before
    assert "Measure the difference." in before
    assert "Train again." not in before


# --- alignment ---


class TestAlignment:
    def test_a_shift_is_told_with_what_helps_and_what_it_gives(self, whole):
        text = section(whole, "faithfulness")
        assert "Over 32 images of val, in pixels of the input of 224" in text
        assert "of 224 pixels 9.5 too far right and 8.0 too far down, as a mirror shows" in text
        assert "pictures and the tests of this section show them moved back, and --size 225 leaves 1.5" in text
        assert "Grad-CAM: 80.0% as the network gave it, 90.0% once moved back" in text
        assert "70.0 there in the maps as they are and of 69.0 in the moved ones. The boxes of this report" in text
        assert "are found in the maps as they are." in text
        assert "6.00<small>5.00 to 7.00</small>" in rows(whole, "faithfulness")[METHODS["pair+watershed"][0]]

    def test_a_network_without_one_is_left_as_it_is(self, page):
        content = results()
        for side in ("right", "down"):
            content["alignment"]["gradcam"][side].update(value=0.4, low=-0.2, high=1.0, cells=0.03, large=False)
        content["alignment"].update(method=None, sizes=[], boxes=None)
        text = section(page(content), "faithfulness")
        assert "so the maps lie where the network means them, and are left as they are" in text
        assert "once moved back" not in text

    def test_where_it_is_left_in_the_flag_is_named(self, page):
        content = results()
        content["alignment"]["mode"] = "off"
        assert "--align auto moves them back in pictures" in section(page(content), "faithfulness")

    def test_older_runs_were_not_asked(self, page):
        content = results()
        del content["alignment"]
        assert "mirror" not in section(page(content), "faithfulness").split("The code that ran")[0]
