"""Whose code ran: a student's files in the pipeline, in a process of their own, and in the report."""

import io
import json
import re
import shutil
import sys
from contextlib import redirect_stdout
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from gradcam_lab import console
from gradcam_lab.course.authoring import cut
from gradcam_lab.data.box_files.json_boxes import read_detections
from gradcam_lab.errors import LabError
from gradcam_lab.files import read_json, sha256
from gradcam_lab.lesson_modules import NAMES, load_lessons
from gradcam_lab.localise.detector import Detector
from gradcam_lab.localise.maps import read_maps
from gradcam_lab.pipeline import run as pipeline
from gradcam_lab.pipeline import supervise as child
from gradcam_lab.pipeline.rendering import Rendering
from gradcam_lab.pipeline.run_all import compute, run_all
from gradcam_lab.pipeline.run_all import render as render_stages
from gradcam_lab.pipeline.settings import Settings
from gradcam_lab.pipeline.students_work import StepCode, StudentsWork
from gradcam_lab.pipeline.supervise import Doing, explain, supervise
from gradcam_lab.report import render
from gradcam_lab.report.results import schema
from gradcam_lab.report.text import listing
from tests.report.pages import text_of

REFERENCE = {name: listing.reference(name) for name in NAMES}
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
    return StudentsWork({name: theirs(name, STUB[name]) for name in NAMES} | {c.step: c for c in chosen}, dict(answers))


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
def settings(toy, weights):
    """Settings for a quick run of a course."""

    def make(out, course, **more):
        return Settings(data=str(toy), weights=str(weights), out=out, limit=12, course=course, quick=True, **more)

    return make


@pytest.fixture(scope="module")
def first(settings, tmp_path_factory):
    """The folder of a mixed run, and what its parent process said."""
    out, said = tmp_path_factory.mktemp("runs") / "Lösung 1", io.StringIO()
    with redirect_stdout(said):
        run_all(settings(out, MIXED), pdf=False)
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


def contents(folder):
    return {path: (sha256(path), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


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

    def test_outside_a_workspace_there_are_no_points_to_speak_of(self):
        assert str(StepCode("step1_cam", None, None, 0, 0, (), None)) == "step1_cam: the reference"
        assert str(StepCode("step1_cam", "", None, 0, 0, (), None)) == "step1_cam: your code"

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
        assert found["implementation"] == dict.fromkeys(NAMES, "reference") | mine
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
        expected |= {f"yours/{n}.py": STUB[n] for n in NAMES[3:]} | {f"stubs/{n}.py": STUB[n] for n in NAMES}
        assert {name: path.read_text(encoding="utf-8") for name, path in code.items()} == expected

    def test_without_a_course_it_is_the_reference_and_nothing_is_kept(self, lessons):
        assert set(lessons.implementation.values()) == {"reference"}
        assert lessons.boxes.__name__ == "gradcam_lab.lessons.step3_boxes"
        assert list(StepCode("step1_cam", None, None, 0, 0, (), None).texts()) == [
            ("step1_cam.py", REFERENCE["step1_cam"])
        ]

    def test_the_command_says_what_was_asked_for(self, finished):
        assert "--impl" not in read_json(finished / "results.json")["provenance"]["command"]


class TestAgain:
    def ran(self, capsys, settings):
        """Run everything, here and not in a child, which would have to import torch; return the stages that ran."""
        compute(settings)
        render_stages(Rendering(settings.folder, pdf=False))
        said = dict(line.split()[:2] for line in capsys.readouterr().out.splitlines() if line.startswith("  "))
        assert len(said) == 10
        return [stage for stage, word in said.items() if word != "unchanged"]

    def test_a_second_run_changes_nothing_and_a_changed_file_reruns_what_depends_on_it(self, copy, settings, capsys):
        before = contents(copy)
        assert self.ran(capsys, settings(copy, MIXED)) == []
        assert contents(copy) == before

        changed = replace(MIXED.chosen["step1_cam"], source=COMMENTED + "\n# more\n")
        course = replace(MIXED, chosen={**MIXED.chosen, "step1_cam": changed})
        assert self.ran(capsys, settings(copy, course)) == ["cam", "results", "figures", "report"]

    def test_a_plain_run_afterwards_takes_the_students_texts_away(self, copy, settings):
        (copy / "code" / "notes.txt").write_text("not ours", encoding="utf-8")
        compute(settings(copy, None))
        assert [path.name for path in (copy / "code").rglob("*") if path.is_file()] == ["notes.txt"]
        found = read_json(copy / "results.json")
        assert (found["course"], found["answers"]) == (None, {})


class TestNoAnswerIsShown:
    def secrets(self, *lessons):
        """Every line of a solution that is nowhere in a stub or in what the student wrote."""
        known = {line.strip() for text in (*STUB.values(), COMMENTED, SHIFTED, HALF) for line in text.splitlines()}
        for step in lessons:
            lines = REFERENCE[step].splitlines()
            for region in cut.regions(REFERENCE[step]):
                for line in lines[region.first : region.last - 1]:
                    if not any(line.strip() in other for other in known):
                        yield line.strip()

    def test_in_no_file_of_the_run(self, finished, page):
        secrets = list(self.secrets("step2_gradcam", "step4_metrics"))
        assert len(secrets) > 50
        texts = {p: p.read_text("utf-8") for p in finished.rglob("*") if p.suffix in (".py", ".json", ".html", ".log")}
        texts[Path("the page as it is read")] = text_of(page)
        for path, text in texts.items():
            assert [line for line in secrets if line in text] == [], path

    def test_nor_the_labs_answers_to_questions_that_are_not_answered(self, page):
        assert "Question" not in words_of(page).split("Contents")[1][:200]
        text = words_of(page)
        assert "Two questions" in text
        assert "Each step of the detection rests on this assumption" in text  # 3.6 was answered
        assert "Imagine a friend who points at photographs" not in text  # 4.6
        assert "After its last feature map" not in text  # 2.6
        assert "undo the forgetting" not in text

    def test_with_nothing_answered_there_is_no_such_section(self, copy):
        content = read_json(copy / "results.json")
        content["answers"] = {}
        content["course"]["step3_boxes"]["passed"].remove("3.6")
        (copy / "results.json").write_text(json.dumps(content), encoding="utf-8")
        page = render.to_html(copy)
        assert '<section id="answers">' not in page
        assert '<section id="written">' not in page

    def test_every_question_of_the_report_belongs_to_a_written_task(self):
        for task in {*render.QUESTIONS.values(), "2.6"}:
            (step,) = [text for name, text in REFERENCE.items() if name.startswith(f"step{task[0]}_")]
            assert f"\n# ## {task} Written" in step

    def test_a_traceback_quotes_the_students_file_alone(self, lessons, tmp_path):
        file = tmp_path / "step4_metrics.py"
        file.write_text("def iou(a, b):\n    raise ValueError('no')  # my own line\n", encoding="utf-8")
        own: dict[str, Any] = {}
        exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), own)
        try:
            lessons.boxes.nms(np.zeros((1, 4)), np.zeros(1), 0.5, own["iou"])
        except ValueError as error:
            text = child.traceback_of(error, {"step4_metrics": file})
        assert "step3_boxes.py" in text
        assert "overlaps = iou" not in text
        assert "# my own line" in text


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
        shown = block(render.to_html(copy), "Your code, 10/10 points")
        assert shown.count("has not passed the checks yet") == 1
        assert "Task 3.4 has not passed the checks yet." in shown

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
        assert re.sub(made, "", render.to_html(copy)) == re.sub(made, "", page)

    def test_a_text_that_is_missing_is_one_sentence(self, copy):
        (copy / "code" / "stubs" / "step2_gradcam.py").unlink()
        with pytest.raises(LabError, match=r"step2_gradcam.py' cannot be read, .*make the run again"):
            render.to_html(copy)

    def test_a_text_that_was_changed_is_marked(self, copy):
        path = copy / "code" / "step3_boxes.py"
        path.write_text(SHIFTED + "\n", encoding="utf-8")
        assert render.to_html(copy).count("has changed since this run") == 1

    def test_a_run_older_than_the_course_can_be_rendered(self, copy):
        content = read_json(copy / "results.json")
        content["implementation"] = dict.fromkeys(NAMES, "reference")
        del content["course"], content["answers"]
        (copy / "results.json").write_text(json.dumps(content), encoding="utf-8")
        page = render.to_html(copy)
        assert page.count('<p class="badge">Reference code</p>') == 4
        assert "Four questions" in page


class TestListing:
    STUB = (
        'class A:\n    def f(self):\n        """Do it."""\n        raise NotImplementedError("task 9.1: f")\n\n\n'
        'def g():\n    raise NotImplementedError("task 9.2: g")\n'
    )

    def shown(self, text, passed=("9.1", "9.2"), ran=True):
        return listing.mixed(text, listing.stubs(self.STUB), set(passed), ran=ran)

    def test_stubs_name_their_tasks(self):
        assert [(item.tasks, item.name) for item in listing.stubs(self.STUB)] == [(("9.1",), "A.f"), (("9.2",), "g")]

    def test_any_text_is_shown_line_by_line(self):
        text = (
            "class A:\r\tdef f(self):\r\n\t\tx = 'a\x0cb\u2028c'\r\n# left\r\n"
            f"\t\ty = '''\nä{'z' * 5000}\n'''\r\n\t\treturn x\r\n"
        )
        item = self.shown(text)[0]
        assert item.code.split("\n") == [
            "def f(self):",
            "    x = 'a\x0cb\u2028c'",
            "# left",
            "    y = '''",
            f"ä{'z' * 5000}",
            "'''",
            "    return x",
            "",
        ]
        assert item.html.count('class="line"') == 7
        assert "\t" not in item.html

    @pytest.mark.parametrize(
        "text", ["def g(:", "def g():\n    return '\0'", "(" * 5000, "x = " + "-" * 100_000 + "1", "", None, "f = 3\n"]
    )
    def test_a_text_without_the_function_shows_none_of_the_answer(self, text):
        late, early = self.shown(text, ran=False), self.shown(text, passed=(), ran=False)
        assert [item.code for item in late + early] == [item.code for item in listing.stubs(self.STUB)] * 2
        assert all("yours to write" in item.note for item in early)
        assert not any(item.yours for item in late + early)

    def test_a_docstring_is_cut_only_where_nothing_is_lost(self):
        cut_, whole = '    """One.\n\n    Two.\n    """\n', "    '''One.\n\n    Two.'''; x = 1\n"
        assert self.shown(f"def g():\n{cut_}    return 1\n")[1].code == 'def g():\n    """One."""\n    return 1\n'
        assert "Two.'''; x = 1" in self.shown(f"def g():\n{whole}    return 1\n")[1].code

    def test_of_two_definitions_the_last_counts(self):
        assert "return 2" in self.shown("def g():\n    return 1\n\n\ndef g():\n    return 2\n")[1].code


FILES = {"step2_gradcam": FOLDER / "step2_gradcam.py", "step3_boxes": FOLDER / "step3_boxes.py"}
DOING = Doing("boxes", ("step3_boxes",))


def raised(step, source, call):
    """What a student's file raises: when it is loaded, or when a function of it is called."""
    try:
        call(load_lessons(StudentsWork({step: mine(step, source)}).students))
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


class TestSentences:
    @pytest.fixture
    def log(self, tmp_path):
        return tmp_path / "out" / "error.log"

    def test_an_exception_of_the_student_names_its_line(self, log):
        source = "\n\ndef detect():\n    return [][3]\n"
        error = raised("step3_boxes", source, lambda lessons: lessons.boxes.detect())
        assert explain(error, DOING, FILES, log) == (
            "Your step3_boxes.py, line 4, in detect: IndexError: list index out of range; run 'gradcam-lab check 3'."
        )
        assert "IndexError" in log.read_text(encoding="utf-8")

    def test_below_it_may_be_a_library(self, log):
        source = "import json\n\ndef detect():\n    return json.loads('{')\n"
        error = raised("step3_boxes", source, lambda lessons: lessons.boxes.detect())
        assert explain(error, DOING, FILES, log).startswith("Your step3_boxes.py, line 4, in detect: JSONDecodeError:")

    def test_a_task_that_is_not_written(self, log):
        error = raised("step2_gradcam", STUB["step2_gradcam"], lambda lessons: lessons.gradcam.channel_weights(None))
        assert explain(error, Doing("heatmaps", ("step2_gradcam",)), FILES, log) == (
            "Your step2_gradcam.py stops at task 2.1, which is not written yet: write it, or use --impl auto."
        )
        assert not log.exists()

    @pytest.mark.parametrize(
        ("source", "sentence"),
        [
            ("x = 1\nif x\n", "Your step3_boxes.py, line 2: SyntaxError: expected ':'; run 'gradcam-lab check 3'."),
            ("raise SystemExit(0)\n", "Your step3_boxes.py, line 1: SystemExit: 0; run 'gradcam-lab check 3'."),
            ("raise KeyboardInterrupt\n", "Your step3_boxes.py, line 1: KeyboardInterrupt; run 'gradcam-lab check 3'."),
            (
                "class E(Exception):\n    __str__ = None\n\n\nraise E('a')\n",
                "Your step3_boxes.py, line 5: E; run 'gradcam-lab check 3'.",
            ),
        ],
    )
    def test_a_file_that_cannot_be_loaded(self, log, source, sentence):
        assert explain(raised("step3_boxes", source, None), DOING, FILES, log) == sentence

    def test_an_exception_of_the_lab_names_the_stage_and_the_files(self, log):
        text = explain(ValueError("bad shape\nand more."), DOING, FILES, log)
        assert text == (
            f"Stage 'boxes' failed with your step3_boxes.py: ValueError: bad shape; the traceback is in '{log}'. "
            "Run 'gradcam-lab check 3', or use --impl reference."
        )
        assert "step2_gradcam.py or step3_boxes.py: ValueError" in explain(
            ValueError(), Doing("results", ()), FILES, log
        )

    def test_an_error_of_the_lab_for_the_user_stays_as_it_is(self, log):
        assert explain(LabError("Mend 'a'."), DOING, FILES, log) == "Mend 'a'."
        assert not log.exists()

    def test_a_map_of_nan_is_the_labs_own_sentence(self, settings, tmp_path):
        nan = solved(
            "step2_gradcam", ("return gradients.mean(dim=(2, 3))", "return gradients.mean(dim=(2, 3)) * np.nan")
        )
        nan = nan.replace("import torch\n", "import numpy as np\nimport torch\n", 1)
        with pytest.raises(LabError, match="is not finite"):
            compute(settings(tmp_path / "out", workspace(mine("step2_gradcam", nan))))


DEEDS = """
import os, signal, time
from pathlib import Path
from gradcam_lab import console
from gradcam_lab.errors import LabError
from gradcam_lab.pipeline import supervise as child

BOXES = ("step3_boxes",)

def leave(path):
    child.enter("boxes", BOXES)
    os._exit(0)

def crash(path):
    child.enter("scores", ("step2_gradcam", "step3_boxes"))
    os.kill(os.getpid(), signal.SIGSEGV)

def refuse(path):
    child.enter("boxes", BOXES)
    raise LabError("Mend 'a' [b].")

def work_long(path):
    child.enter("boxes", BOXES)
    with console.progress("long", 5) as advance:
        for _ in range(5):
            time.sleep(0.3)
            advance()
    for _ in range(5):
        time.sleep(0.3)
        console.say("said by the child")
    child.enter("report")
    time.sleep(1.5)
    Path(path).write_text("all of it")

def interrupt(path):
    child.enter("boxes", BOXES)
    try:
        os.kill(os.getppid(), signal.SIGINT)
        time.sleep(30)
    finally:
        time.sleep(1.5)
        Path(path).write_text("saved")

def pretend(path):
    child.enter("boxes", BOXES)
    raise KeyboardInterrupt

def threads(path):
    import threading
    child.enter("boxes", BOXES)
    threading.Thread(target=time.sleep, args=(60,)).start()

def loop(path):
    child.enter("boxes", BOXES)
    Path(path).write_text(str(os.getpid()))
    while True:
        pass
"""


class TestChild:
    @pytest.fixture
    def do(self, tmp_path, monkeypatch):
        """Do one of the deeds in a child, from a folder that holds a file with a library's name."""
        (tmp_path / "deeds").mkdir()
        (tmp_path / "deeds" / "some_deeds.py").write_text(DEEDS, encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path / "deeds")
        monkeypatch.delitem(sys.modules, "some_deeds", raising=False)
        (tmp_path / "random.py").write_text("raise SystemExit('a stray was imported')\n", encoding="utf-8")
        (tmp_path / "struct.py").write_text("raise SystemExit('a stray was imported')\n", encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        deeds = import_module("some_deeds")

        def run(deed, stall=30.0):
            supervise(
                getattr(deeds, deed), str(tmp_path / "done"), files=FILES, stall=stall, log=tmp_path / "error.log"
            )
            return tmp_path / "done"

        return run

    def test_a_loop_is_ended(self, do, tmp_path):
        with pytest.raises(LabError) as caught:
            do("loop", stall=1.0)
        assert str(caught.value) == (
            "Stage 'boxes' made no progress for 1 s while your step3_boxes.py ran: an endless loop? "
            "Run 'gradcam-lab check 3', or use --impl reference."
        )
        import psutil

        assert not psutil.pid_exists(int((tmp_path / "done").read_text()))

    def test_every_tick_and_line_is_a_sign_of_life_and_the_labs_own_work_has_no_limit(self, do, capfd):
        assert do("work_long", stall=1.0).read_text() == "all of it"
        assert capfd.readouterr().out == "said by the child\n" * 5

    def test_a_child_that_leaves(self, do):
        with pytest.raises(LabError) as caught:
            do("leave")
        assert str(caught.value) == (
            "Your step3_boxes.py ended the whole program in stage 'boxes' (exit code 0): os._exit, or a library that "
            "gave up? Run 'gradcam-lab check 3', or use --impl reference."
        )

    @pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
    def test_a_child_that_crashes(self, do):
        with pytest.raises(LabError) as caught:
            do("crash")
        assert "crashed in stage 'scores' while your step2_gradcam.py or step3_boxes.py ran (SIGSEGV)" in str(
            caught.value
        )
        assert "Run 'gradcam-lab check 2 3'" in str(caught.value)

    def test_the_labs_sentence_crosses_unchanged(self, do):
        with pytest.raises(LabError, match=re.escape("Mend 'a' [b].") + "$"):
            do("refuse")

    def test_only_ctrl_c_is_an_interruption(self, do):
        with pytest.raises(LabError, match=r"^Stage 'boxes' failed with your step3_boxes\.py: KeyboardInterrupt;"):
            do("pretend")

    def test_threads_that_stay_behind_keep_nobody(self, do):
        do("threads")

    @pytest.mark.skipif(sys.platform == "win32", reason="a console sends Ctrl-C to both by itself")
    def test_ctrl_c_leaves_time_to_save(self, do, tmp_path):
        with pytest.raises(KeyboardInterrupt):
            do("interrupt")
        assert (tmp_path / "done").read_text() == "saved"

    def test_in_a_process_that_nobody_watches_nothing_happens(self):
        child.enter("boxes", ("step3_boxes",))
        console.heartbeat()

    def test_an_endless_loop_in_the_pipeline(self, copy, settings):
        loop = solved("step3_boxes", ("    overlaps = iou(boxes, boxes)\n", "    while True:\n        pass\n"))
        course = workspace(mine("step3_boxes", loop))
        with pytest.raises(
            LabError, match=r"Stage 'threshold' made no progress for 2 s while your step3_boxes\.py ran"
        ):
            run_all(settings(copy, course, stall=2.0), pdf=False)
        assert set(read_json(copy / "stages.json")) >= {"data", "heatmaps", "cam"}

    def test_rubbish_that_the_lab_stumbles_over(self, copy, settings, monkeypatch):
        rubbish = solved("step3_boxes", ("return np.column_stack([boxes, scores])[kept]", "return None"))
        course = workspace(mine("step3_boxes", rubbish))
        begun = []
        monkeypatch.setattr(pipeline, "enter", lambda stage, lessons=(): begun.append(Doing(stage, tuple(lessons))))
        with pytest.raises(AttributeError) as caught:
            compute(settings(copy, course))
        text = explain(
            caught.value, begun[-1], {step: code.file for step, code in course.students.items()}, copy / "error.log"
        )
        assert text.startswith("Stage 'threshold' failed with your step3_boxes.py: AttributeError: 'NoneType' object")
        log = (copy / "error.log").read_text(encoding="utf-8")
        assert "step4_metrics.py" in log
        assert [line for line in TestNoAnswerIsShown().secrets("step4_metrics") if line in log] == []
