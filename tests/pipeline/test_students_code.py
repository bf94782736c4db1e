"""Whole runs with a student's files: whose code ran, what runs again, and what the report shows of it."""

import io
import json
import re
import shutil
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from gradcam_lab.course.authoring import cut
from gradcam_lab.data.box_files.json_boxes import read_detections
from gradcam_lab.errors import LabError
from gradcam_lab.files import read_json, sha256
from gradcam_lab.lesson_modules import STEP_NAMES, load_lessons, reference_text
from gradcam_lab.localise.detector import Detector
from gradcam_lab.localise.maps import read_maps
from gradcam_lab.own_modules import OwnModule, install
from gradcam_lab.pipeline.engine import Engine
from gradcam_lab.pipeline.graph import MEASURING, STAGES
from gradcam_lab.pipeline.rendering import Rendering
from gradcam_lab.pipeline.run import Run
from gradcam_lab.pipeline.run_all import compute, render, run_all
from gradcam_lab.pipeline.students_errors import Doing, explain
from gradcam_lab.pipeline.students_work import StepCode, StudentsWork
from gradcam_lab.report.render import to_html
from gradcam_lab.report.results import schema
from gradcam_lab.report.text import listing
from tests.commands import contents
from tests.report.page_text import text_of

REFERENCE = {name: reference_text(name) for name in STEP_NAMES}
STUB = {name: cut.stub(text) for name, text in REFERENCE.items()}
FOLDER = Path("My Übung") / "of mine"
SHIFT = 3


def without_markers(text):
    return re.sub(r"^ *### (BEGIN|END) SOLUTION.*\n", "", text, flags=re.MULTILINE)


def solved(step, *changes):
    """A student's file: the reference's text without its markers, and with some lines changed."""
    text = without_markers(REFERENCE[step])
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    return text


def mine(step, source, points=9, passed=()):
    """A step whose file runs."""
    return StepCode(step, source, FOLDER / f"{step}.py", points, 10, passed, STUB[step])


def theirs(step, own=None, points=0, passed=()):
    """A step of which the reference runs."""
    return StepCode(step, None, FOLDER / f"{step}.py", points, 10, passed, STUB[step], own)


def workspace(*chosen, answers=()):
    """A course in which the reference runs wherever nothing else is chosen."""
    return StudentsWork(
        {name: theirs(name, STUB[name]) for name in STEP_NAMES} | {c.step: c for c in chosen}, dict(answers)
    )


SHIFTED = solved(
    "step3_boxes", ("np.column_stack([boxes, scores])[kept]", f"np.column_stack([boxes + {SHIFT}, scores])[kept]")
)
COMMENTED = solved(
    "step1_cam", ("    top = probabilities.topk(k)\n", "    top = probabilities.topk(k)  # <Größe> & co\n")
)
HALF = STUB["step2_gradcam"].replace(
    'raise NotImplementedError("task 2.1: channel_weights")', "return gradients.mean((2, 3))  # by hand"
)
ANSWER = """# On *boxes*

<script>alert("1")</script> and $a^2$, {{ 7 * 7 }}

::figure random

![a picture](http://pictures.example/a.png) [click](javascript:alert(1)) <img src=x onerror=alert(1)>
"""
MIXED = workspace(
    mine("step1_cam", COMMENTED, points=8, passed=("1.1", "1.2", "1.3", "1.4")),
    theirs("step2_gradcam", HALF, points=1, passed=("2.1",)),
    mine("step3_boxes", SHIFTED, points=10, passed=("3.1", "3.2", "3.3", "3.4", "3.5", "3.6")),
    answers={"3.6": ("How *sure* are you?", ANSWER)},
)


@pytest.fixture(scope="module")
def quick(settings):
    """Settings for a quick run of a course."""

    def make(out, course, **more):
        return settings(out, course=course, quick=True, **more)

    return make


@pytest.fixture(scope="module")
def first(quick, tmp_path_factory):
    """The folder of a mixed run, and what its parent process said."""
    out, said = tmp_path_factory.mktemp("runs") / "Lösung 1", io.StringIO()
    with redirect_stdout(said):
        run_all(quick(out, MIXED), pdf=False)
    return out, said.getvalue()


@pytest.fixture(scope="module")
def finished(first):
    return first[0]


@pytest.fixture(scope="module")
def page(finished):
    return (finished / "report.html").read_text(encoding="utf-8")


@pytest.fixture
def copy(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "run")


def words_of(html):
    return " ".join(text_of(re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL)).split())


def block(html, badge):
    """One step's listings, by the badge above them."""
    (found,) = [part for part in re.split(r'<div class="listings">', html)[1:] if f">{badge}</p>" in part]
    return found.split("</section>")[0]


class TestWhoseCodeRan:
    def test_the_first_lines_say_it(self, first):
        assert first[1].splitlines()[:4] == [
            "step1_cam: your code (8/10 points)",
            "step2_gradcam: the reference (1/10 points of yours)",
            "step3_boxes: your code (10/10 points)",
            "step4_metrics: the reference (0/10 points of yours)",
        ]

    def test_the_boxes_are_the_students(self, finished, lessons):
        maps = read_maps(finished / "heatmaps.npz").of("test")
        expected = Detector(lessons)(maps, read_json(finished / "threshold.json")["chosen"])
        found = read_detections(finished / "detections.json")
        assert sum(map(len, found.values())) > 5
        for image, boxes in expected.items():
            boxes[:, :4] += SHIFT
            np.testing.assert_allclose(found[image], boxes)

    def test_the_results_say_it_and_keep_to_their_schema(self, finished):
        found = read_json(finished / "results.json")
        validator = jsonschema.Draft202012Validator(schema())
        validator.validate(found)
        mine = dict.fromkeys(("step1_cam", "step3_boxes"), "mine")
        assert found["implementation"] == dict.fromkeys(STEP_NAMES, "reference") | mine
        assert found["course"]["step2_gradcam"] == {"points": 1, "possible": 10, "passed": ["2.1"], "stub": True}
        assert found["answers"] == {"3.6": {"question": "How *sure* are you?", "answer": ANSWER}}
        assert found["provenance"]["code_sha256"]["step3_boxes"] == sha256(finished / "code" / "step3_boxes.py")
        assert found["provenance"]["code_sha256"]["step2_gradcam"] == load_lessons().sha256["step2_gradcam"]
        for spoil in (
            lambda r: r["implementation"].update(step1_cam="yours"),
            lambda r: r["course"]["step1_cam"].pop("stub"),
            lambda r: r["answers"].update({"3.x": {"question": "", "answer": ""}}),
        ):
            spoilt = json.loads(json.dumps(found))
            spoil(spoilt)
            assert not validator.is_valid(spoilt)

    def test_the_texts_that_ran_are_kept(self, finished):
        code = {p.relative_to(finished / "code").as_posix(): p for p in (finished / "code").rglob("*.py")}
        expected = {"step1_cam.py": COMMENTED, "step3_boxes.py": SHIFTED, "yours/step2_gradcam.py": HALF}
        expected |= {f"yours/{n}.py": STUB[n] for n in STEP_NAMES[3:]} | {f"stubs/{n}.py": STUB[n] for n in STEP_NAMES}
        assert {name: path.read_text(encoding="utf-8") for name, path in code.items()} == expected

    def test_without_a_course_it_is_the_reference(self, lessons):
        assert set(lessons.implementation.values()) == {"reference"}
        assert lessons.boxes.__name__ == "gradcam_lab.lessons.step3_boxes"

    def test_the_command_says_what_was_asked_for(self, finished):
        assert "--impl" not in read_json(finished / "results.json")["provenance"]["command"]


class TestReference:
    def test_what_its_steps_give_is_what_a_run_of_the_reference_gives(self, finished, quick, tmp_path):
        compute(quick(tmp_path, None))
        alone = read_json(tmp_path / "results.json")
        assert alone["reference"] is None
        row, beside = alone["table"][0], read_json(finished / "results.json")["reference"]
        assert beside == {"boxes": row["boxes"], "scores": row["scores"]}


class TestAgain:
    def ran(self, capsys, settings):
        """Run everything, here and not in a child, which would have to import torch; return the stages that ran."""
        compute(settings)
        render(Rendering(settings.folder, pdf=False))
        said = dict(line.split()[:2] for line in capsys.readouterr().out.splitlines() if line.startswith("  "))
        assert len(said) == 11
        return [stage for stage, word in said.items() if word != "unchanged"]

    def test_a_second_run_changes_nothing_and_a_changed_file_reruns_what_depends_on_it(self, copy, quick, capsys):
        before = contents(copy)
        assert self.ran(capsys, quick(copy, MIXED)) == []
        assert contents(copy) == before

        changed = replace(MIXED.chosen["step1_cam"], source=COMMENTED + "\n# more\n")
        course = replace(MIXED, chosen={**MIXED.chosen, "step1_cam": changed})
        assert self.ran(capsys, quick(copy, course)) == ["cam", "results", "figures", "report"]

    def test_own_modules_run_and_count(self, copy, quick, capsys):
        def course(text):
            modules = {"numbers_of_mine": OwnModule(text, str(FOLDER / "numbers_of_mine.py"))}
            source = COMMENTED.replace("import cv2\n", "import cv2\nimport numbers_of_mine\n")
            source = source.replace("topk(k)  #", "topk(k * numbers_of_mine.ONE)  #")
            chosen = replace(MIXED.chosen["step1_cam"], source=source, modules=modules)
            return replace(MIXED, chosen={**MIXED.chosen, "step1_cam": chosen})

        stages = ["cam", "results", "figures", "report"]
        assert self.ran(capsys, quick(copy, course("ONE = 1\n"))) == stages
        assert (copy / "code" / "modules" / "numbers_of_mine.py").read_text(encoding="utf-8") == "ONE = 1\n"
        assert self.ran(capsys, quick(copy, course("ONE = 1\n"))) == []
        assert self.ran(capsys, quick(copy, course("ONE = 2 - 1\n"))) == stages
        install({})

    def test_a_plain_run_afterwards_takes_the_students_texts_away(self, copy, quick):
        (copy / "code" / "notes.txt").write_text("not ours", encoding="utf-8")
        compute(quick(copy, None))
        assert [path.name for path in (copy / "code").rglob("*") if path.is_file()] == ["notes.txt"]
        found = read_json(copy / "results.json")
        assert (found["course"], found["answers"]) == (None, {})


def secrets(*lessons):
    """Every line of a solution that is nowhere in a stub or in what the student wrote."""
    known = {line.strip() for text in (*STUB.values(), COMMENTED, SHIFTED, HALF) for line in text.splitlines()}
    for step in lessons:
        lines = REFERENCE[step].splitlines()
        for region in cut.regions(REFERENCE[step]):
            for line in lines[region.first : region.last - 1]:
                if not any(line.strip() in other for other in known):
                    yield line.strip()


class TestNoAnswerIsShown:
    def test_in_no_file_of_the_run(self, finished, page):
        lines = list(secrets("step2_gradcam", "step4_metrics"))
        assert len(lines) > 50
        texts = {p: p.read_text("utf-8") for p in finished.rglob("*") if p.suffix in (".py", ".json", ".html", ".log")}
        texts[Path("the page as it is read")] = text_of(page)
        for path, text in texts.items():
            assert [line for line in lines if line in text] == [], path

    def test_nor_the_labs_answers_to_questions_that_are_not_answered(self, page):
        assert "Question" not in words_of(page).split("Contents")[1][:200]
        text = words_of(page)
        assert "Two questions" in text
        assert "rests on this assumption and adds one of its own" in text  # 3.6 was answered
        assert "Imagine a friend who points at photographs" not in text  # 4.6
        assert "After its last feature map" not in text  # 2.8
        assert "undo the forgetting" not in text

    def test_with_nothing_answered_there_is_no_such_section(self, copy):
        content = read_json(copy / "results.json")
        content["answers"] = {}
        content["course"]["step3_boxes"]["passed"].remove("3.6")
        (copy / "results.json").write_text(json.dumps(content), encoding="utf-8")
        page = to_html(copy)
        assert '<section id="answers">' not in page
        assert '<section id="written">' not in page


class TestReport:
    def test_badges(self, page):
        badges = re.findall(r'<p class="badge( yours)?">(.*?)</p>', page)
        assert badges == [
            (" yours", "Your code, 8/10 points"),
            ("", "Reference code; you have 1/10 points"),
            (" yours", "Your code, 10/10 points"),
            ("", "Reference code; you have 0/10 points"),
        ]

    def test_the_students_file_is_shown_where_it_ran(self, page):
        assert "# <Größe> & co" in text_of(block(page, "Your code, 8/10 points"))
        assert f"np.column_stack([boxes + {SHIFT}, scores])[kept]" in text_of(block(page, "Your code, 10/10 points"))

    def test_where_the_reference_ran_what_passed_is_the_students_and_the_rest_is_a_stub(self, page):
        shown = block(page, "Reference code; you have 1/10 points").split('<div class="listing">')[1:]
        texts = [text_of(part) for part in shown]
        assert "return gradients.mean((2, 3))  # by hand" in texts[0]
        assert "your code" in texts[0]
        assert "yours to write" not in texts[0]
        assert "Task 2.2 is yours to write: the reference ran in its place." in texts[1]
        assert 'raise NotImplementedError("task 2.2: weighted_map")' in texts[1]
        assert all("yours to write" in text for text in texts[1:])

    def test_with_impl_mine_the_report_says_what_has_not_passed(self, copy):
        content = read_json(copy / "results.json")
        content["course"]["step3_boxes"]["passed"].remove("3.4")
        (copy / "results.json").write_text(json.dumps(content), encoding="utf-8")
        shown = block(to_html(copy), "Your code, 10/10 points")
        assert shown.count("has not passed the checks yet") == 1
        assert "Task 3.4 has not passed the checks yet." in shown

    def test_the_students_scores_stand_beside_the_references(self, copy, page):
        assert "Yours beside the reference’s" in words_of(page)
        content = read_json(copy / "results.json")
        yours, theirs = content["table"][0]["scores"], content["reference"]["scores"]
        for place, (one, other) in enumerate(zip(yours.values(), theirs.values(), strict=True)):
            one |= {"ap": 0.7 + place / 100, "recall": 0.8 + place / 100}
            other |= {"ap": 0.5, "recall": 0.6}
        (copy / "results.json").write_text(json.dumps(content), encoding="utf-8")
        html = to_html(copy)
        (table,) = [part for part in html.split("<table")[1:] if "with your step 3" in part]
        cells = [re.findall(r'<td class="number">([-+\d.]+)', row) for row in table.split("<tr")[3:]]
        assert cells[0][1:] == ["70.0", "71.0", "72.0", "80.0", "81.0", "82.0"]  # the number of boxes is the first
        assert cells[1][1:] == ["50.0"] * 3 + ["60.0"] * 3
        assert cells[2] == ["+20.0", "+21.0", "+22.0"]

    def test_where_the_numbers_are_the_references_it_says_so(self, copy):
        content = read_json(copy / "results.json")
        content["table"][0] |= content["reference"]
        (copy / "results.json").write_text(json.dumps(content), encoding="utf-8")
        assert "Every number is the same" in to_html(copy)

    def test_answers_are_text(self, page):
        (section,) = re.findall(r'<section id="written">.*?</section>', page, re.DOTALL)
        text = words_of(section)
        assert '<script>alert("1")</script>'.replace('"1"', "“1”") in text
        assert "{{ 7 * 7 }}" in text
        assert "::figure random" in text
        assert "[a picture]" in text
        assert "How sure are you?" in text
        assert {tag for tag, _ in re.findall(r"<(\w+)([^>]*)", section)} <= {
            *("section", "h2", "h3", "h5", "span", "div", "p", "blockquote", "em", "img", "code")
        }
        assert re.findall(r'<img (?!class="math")', section) == []
        assert section.count("<img") == 1

    def test_the_folder_alone_is_enough(self, copy, page, monkeypatch):
        monkeypatch.setattr(listing, "reference", lambda step: pytest.fail("the package's file was read"))
        made = r'(<meta name="dcterms.*?>)|(<p class="made">.*?</p>)'
        assert re.sub(made, "", to_html(copy)) == re.sub(made, "", page)

    def test_a_text_that_is_missing_is_one_sentence(self, copy):
        (copy / "code" / "stubs" / "step2_gradcam.py").unlink()
        with pytest.raises(LabError, match=r"step2_gradcam.py' cannot be read, .*make the run again"):
            to_html(copy)

    def test_a_text_that_was_changed_is_marked(self, copy):
        path = copy / "code" / "step3_boxes.py"
        path.write_text(SHIFTED + "\n", encoding="utf-8")
        assert to_html(copy).count("has changed since this run") == 1

    def test_a_run_older_than_the_course_can_be_rendered(self, copy):
        content = read_json(copy / "results.json")
        content["implementation"] = dict.fromkeys(STEP_NAMES, "reference")
        del content["course"], content["answers"]
        (copy / "results.json").write_text(json.dumps(content), encoding="utf-8")
        page = to_html(copy)
        assert page.count('<p class="badge">Reference code</p>') == 4
        assert "Four questions" in page


class Noting(Run):
    """A run that notes which stage begins."""

    def __init__(self, settings):
        super().__init__(settings)
        self.begun = []

    def before(self, stage, runs):
        self.begun.append(Doing(stage.name, tuple(stage.lessons_of(self))))


class TestTrouble:
    """Files that run, and with which a stage cannot end well."""

    def test_an_endless_loop_in_the_pipeline(self, copy, quick):
        loop = solved("step3_boxes", ("    overlaps = iou(boxes, boxes)\n", "    while True:\n        pass\n"))
        course = workspace(mine("step3_boxes", loop))
        with pytest.raises(
            LabError, match=r"Stage 'threshold' made no progress for 2 s while your step3_boxes\.py ran"
        ):
            run_all(quick(copy, course, stall=2.0), pdf=False)
        assert set(read_json(copy / "stages.json")) >= {"data", "heatmaps", "cam"}

    def test_a_map_of_nan_is_the_labs_own_sentence(self, quick, tmp_path):
        nan = solved(
            "step2_gradcam", ("return gradients.mean(dim=(2, 3))", "return gradients.mean(dim=(2, 3)) * np.nan")
        )
        nan = nan.replace("import torch\n", "import numpy as np\nimport torch\n", 1)
        with pytest.raises(LabError, match="is not finite"):
            compute(quick(tmp_path / "out", workspace(mine("step2_gradcam", nan))))

    def test_rubbish_that_the_lab_stumbles_over(self, copy, quick):
        """Here and not in a child, which would have to import torch."""
        rubbish = solved("step3_boxes", ("return np.column_stack([boxes, scores])[kept]", "return None"))
        settings = quick(copy, workspace(mine("step3_boxes", rubbish)))
        run = Noting(settings)
        with pytest.raises(AttributeError) as caught:
            Engine(run, STAGES).execute(MEASURING)
        text = explain(caught.value, run.begun[-1], settings.students, copy / "error.log")
        assert text.startswith("Stage 'threshold' failed with your step3_boxes.py: AttributeError: 'NoneType' object")
        log = (copy / "error.log").read_text(encoding="utf-8")
        assert "step4_metrics.py" in log
        assert [line for line in secrets("step4_metrics") if line in log] == []

    def test_torchrun_is_refused_before_anything_is_written(self, quick, tmp_path, monkeypatch):
        monkeypatch.setenv("WORLD_SIZE", "2")
        with pytest.raises(LabError, match=r"^torchrun does not run a student's code: use --impl reference"):
            run_all(quick(tmp_path / "out", MIXED))
        assert not (tmp_path / "out").exists()
