"""A teacher's course: what course.toml may say, what becomes of the lessons, and what is refused in one sentence."""

from dataclasses import replace

import pytest

from gradcam_lab.course.authoring import cut, manifest
from gradcam_lab.course.authoring.consistent import require_consistent
from gradcam_lab.course.authoring.course import following, read_course
from gradcam_lab.course.authoring.manifest import all_steps, find_step, find_task, package_steps
from gradcam_lab.errors import LabError
from tests.commands import lab, refused
from tests.courses import OWN, SMALL, write_course


class TestWhatIsChanged:
    @pytest.fixture
    def course(self, tmp_path):
        return read_course(write_course(tmp_path / "c"))

    def test_steps_come_in_the_order_of_the_list_and_the_others_are_left_out(self, course):
        assert [step.name for step in course.steps] == ["step7_peaks", "step1_cam"]
        assert course.title == "Winter term"
        assert [step.own for step in course.steps] == [True, False]

    def test_without_a_list_there_are_all_of_the_package_and_those_of_the_folder(self, tmp_path):
        steps = read_course(write_course(tmp_path / "c", "")).steps
        assert [step.name for step in steps] == [*(step.name for step in package_steps()), "step7_peaks"]
        assert [(step.source, step.tasks, step.checks) for step in steps[:6]] == [
            (step.source, step.tasks, step.checks) for step in package_steps()
        ]

    def test_points_are_shared_among_the_checks(self, course):
        step = course.steps[1]
        assert step.task("1.4").points == 5
        assert sum(check.points for check in step.checks_of("1.4")) == 5
        assert all(check.points >= 1 for check in step.checks_of("1.4"))
        assert "| 1.4 | " in step.source
        row = next(line for line in step.source.splitlines() if line.startswith("| 1.4 |"))
        assert row.endswith("| 5 |")

    def test_a_hint_a_title_and_texts_are_those_of_the_teacher(self, course):
        step = course.steps[1]
        before = find_task("1.4")[1]
        assert step.task("1.4").hints == ("Look at the smallest number first.", *before.hints)
        assert step.title == "Step 1: Maps"
        assert step.source.startswith('r"""# Step 1: Maps\n\nWe meet on Tuesday.\n')
        assert "# ## 1.4 Between 0 and 1\n#\n# Mind a map that is 0 everywhere.\n#\n" in step.source

    def test_a_dropped_written_task_is_not_asked(self, course):
        step = course.steps[1]
        assert [task.id for task in step.tasks] == ["1.1", "1.2", "1.3", "1.4"]
        assert "1.5" not in step.source
        assert "# ## Optional" in step.source

    def test_the_code_of_a_dropped_task_is_given_and_nothing_judges_it(self, tmp_path):
        step = read_course(write_course(tmp_path / "c", 'steps = ["step2_gradcam"]\ndrop = ["2.9"]')).steps[0]
        (unit,) = find_task("2.9")[1].units
        stub = cut.stub(step.source)
        assert "NotImplementedError" not in (cut.unit_text(stub, unit) or "")
        assert stub.count("NotImplementedError") == len(cut.regions(step.source))
        assert {check.task for check in step.checks} == {"2", *(task.id for task in step.coded)}
        assert not any(wrong.task == "2.9" for wrong in step.wrong_answers)

    def test_the_rubric_of_a_written_task_is_worth_what_the_task_is(self, tmp_path):
        text = '[task."3.6"]\npoints = 3\ntext = "Why?"'
        step = read_course(write_course(tmp_path / "c", text)).steps[2]
        assert sum(criterion.points for criterion in step.task("3.6").rubric) == 3
        assert "# ## 3.6 Written (3 points)\n#\n# Why?\n#\n# ## Optional" in step.source

    def test_a_changed_file_is_another_course(self, tmp_path):
        folder = write_course(tmp_path / "c")
        assert len(read_course(folder).steps) == 2
        write_course(folder, 'steps = ["step7_peaks"]')
        assert len(read_course(folder).steps) == 1

    def test_it_is_followed_within_the_block_and_no_longer(self, tmp_path):
        with following(write_course(tmp_path / "c")):
            assert [step.number for step in all_steps()] == [7, 1]
            assert find_step("7")
            with following(None):
                assert all_steps() == package_steps()
        assert all_steps() == package_steps()
        assert find_step("7") is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("title = 3", "'title' of a course has to be a text"),
        ("points = 3", "says 'points' of a course"),
        ('[task."1.1"]\nworth = 3', "says 'worth' of task 1.1"),
        ('[task."1.1"]\nhints = "look"', "'hints' of task 1.1 has to be a list"),
        ('[task."1.1"]\nhints = [1]', "has to be a list of texts"),
        ('[task."1.1"]\npoints = 0', "task 1.1 is worth 0 points"),
        ('[task."1.1"]\npoints = -1', "task 1.1 is worth -1 points"),
        ('[task."1.1"]\npoints = 1.5', "has to be a whole number"),
        ('[task."3.6"]\nrubric = ["good"]', "the rubric of task 3.6 has to be rows"),
        ('[task."3.6"]\nrubric = [{text = "a", points = 1}, {text = "b", points = 2}]', "3 points, and the task 2"),
        ('[task."9.9"]\npoints = 1', "names the task '9.9', which there is not"),
        ('drop = ["9.9"]', "names the task '9.9', which there is not"),
        ('drop = ["1.1"]\n[task."1.1"]\npoints = 2', "drops task 1.1 and changes it"),
        ('drop = ["7.1"]', "drops every task of 'step7_peaks'"),
        ('drop = ["2.1"]', "needs 2.1, which this course has not"),
        ('[task."1.1"]\nneeds = ["8.8"]', "task 1.1 needs 8.8, which this course has not"),
        ('steps = ["step9_none"]', "names the step 'step9_none', which there is not"),
        ('steps = ["step1_cam", "step1_cam"]', "lists the step 'step1_cam' twice"),
        ("steps = []", "lists no step"),
        ("[step]\nstep1_cam = 3", "step step1_cam has to be a table"),
        ('[step.step1_cam]\ntext = \'a """ b\'', "three quotes"),
        ("steps = [", "is no TOML"),
        ('[task."7.1"]\npoints = 1', "task 7.1 has 2 checks, each worth a point at least"),
    ],
)
def test_what_course_toml_may_not_say_is_refused_in_one_sentence(text, words, tmp_path):
    folder = write_course(tmp_path / "c", text)
    with pytest.raises(LabError) as caught:
        read_course(folder)
    assert words in str(caught.value)
    assert str(folder / "course.toml") in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("end", "old", "new", "words"),
    [
        ("toml", "points = 2", "points = 3", "the checks of task 7.1 are worth 2 points together, and the task 3"),
        ("toml", "points = 2", "points = 0", "task 7.1 is worth 0 points"),
        ("toml", "points = 2", "", "is not in order"),
        ("toml", '[task."7.1"]', '[task."1.1"]', "step7_peaks.toml"),
        ("test", '@check("7.1", points=1)', '@check("7.2", points=1)', "which is no coded task"),
        ("test", '@check("7")', '@check("7", points=1)', "exactly one chain"),
        ("py", "### END SOLUTION 7.1", "", "solution 7.1 never ends"),
        ("py", "SOLUTION 7.1", "SOLUTION 7.2", "no '### BEGIN SOLUTION 7.1'"),
    ],
)
def test_an_own_step_that_contradicts_itself_is_refused_by_start_and_grade(end, old, new, words, tmp_path):
    name = {"py": "step7_peaks.py", "toml": "step7_peaks.toml", "test": "test_step7_peaks.py"}[end]
    assert old in OWN[name]
    folder = write_course(tmp_path / "c", 'steps = ["step7_peaks"]', **{end: OWN[name].replace(old, new)})
    (tmp_path / "submissions").mkdir()
    refused(lab("start", tmp_path / "lab", "--course", folder), str(folder), words)
    refused(lab("grade", tmp_path / "submissions", "--course", folder), str(folder), words)
    assert not (tmp_path / "lab").exists()


def test_two_steps_of_one_number_are_refused(tmp_path):
    folder = write_course(tmp_path / "c", "")
    for path in list(folder.glob("*step7_peaks*")):
        path.rename(folder / path.name.replace("step7", "step6"))
    with pytest.raises(LabError, match=r"step6_peaks and step6_faithfulness are both step 6"):
        read_course(folder)


def test_a_file_that_a_step_lacks_is_named(tmp_path):
    folder = write_course(tmp_path / "c")
    (folder / "test_step7_peaks.py").unlink()
    refused(lab("verify", "--course", folder), "test_step7_peaks.py", "cannot be read")
    refused(lab("start", tmp_path / "lab", "--course", tmp_path), "gradcam-lab course")


def test_a_lesson_in_the_place_of_ours_offers_what_run_all_needs(tmp_path):
    folder = tmp_path / "c"
    assert lab("course", folder, "--copy", "3").code == 0
    file = folder / "step3_boxes.py"
    assert read_course(folder).steps[2].own
    file.write_text(file.read_text(encoding="utf-8").replace("def detect(", "def find("), encoding="utf-8")
    with pytest.raises(LabError, match=r"has no 'detect', which run-all needs"):
        read_course(folder)


def test_the_package_too_is_refused_where_its_points_contradict_each_other(tmp_path):
    step = package_steps()[0]
    broken = replace(step, tasks=(replace(step.tasks[0], points=7), *step.tasks[1:]))
    require_consistent(package_steps())
    with pytest.raises(LabError, match=r"step1_cam\.toml': the checks of task 1\.1 are worth 1 points"):
        require_consistent((broken,))


class TestNew:
    def test_what_is_written_is_the_course_as_it_is(self, tmp_path):
        folder = tmp_path / "c"
        done = lab("course", folder)
        assert done.code == 0
        change = f"Next: change {folder / 'course.toml'}, then gradcam-lab verify --course {folder}"
        assert done.out.splitlines()[-1] == change
        assert read_course(folder).steps == package_steps()

    def test_each_comment_is_an_example_that_can_be_used(self, tmp_path):
        folder = tmp_path / "c"
        lab("course", folder)
        file = folder / "course.toml"
        lines = file.read_text(encoding="utf-8").splitlines()
        used = [line.removeprefix("# ") if set(line) & set("=[]{}") else line for line in lines]
        assert used != lines
        file.write_text("\n".join(used), encoding="utf-8")
        course = read_course(folder)
        assert {"1.5", "2.9"} & {task.id for step in course.steps for task in step.tasks} == set()

    def test_nothing_is_overwritten(self, tmp_path):
        folder = write_course(tmp_path / "c")
        refused(lab("course", folder), "is there already")
        assert (folder / "course.toml").read_text(encoding="utf-8") == SMALL
        assert lab("course", folder, "--copy", "1").code == 0
        refused(lab("course", folder, "--copy", "1"), "is there already")
        refused(lab("course", folder, "--copy", "8"), "no step '8'")


def test_the_steps_of_another_course_are_no_surprise_after_an_error(tmp_path):
    refused(lab("verify", "--course", write_course(tmp_path / "c", "steps = [")), "is no TOML")
    assert all_steps() == manifest.package_steps()
