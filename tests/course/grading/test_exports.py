"""The exports: CSV, Gradescope, JUnit and pages."""

import csv
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.grading import exports
from gradcam_lab.course.grading.grades import (
    Grade,
    Grading,
    coded_possible,
    coded_tasks,
    file_name,
    possible,
    written_possible,
    written_tasks,
)
from gradcam_lab.course.judging.judge import Limits
from gradcam_lab.course.judging.verdicts import Status, Verdict
from tests.course.grading.submitted import (
    NASTY,
)


class TestCsv:
    @pytest.fixture(scope="class")
    @classmethod
    def rows(cls, a_class, tmp_path_factory):
        path = tmp_path_factory.mktemp("csv") / "grades.csv"
        exports.Exports(csv=path).write(a_class)
        assert path.read_bytes().startswith(b"\xef\xbb\xbfstudent,")
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return list(csv.DictReader(stream))

    def test_names_and_problems_are_no_formulas(self, rows):
        assert [row["student"] for row in rows] == [NASTY, "'=1+1", "Jürgen 李", "'@zip"]
        assert rows[-1]["problem"] == "'=The zip cannot be opened."
        assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())

    def test_columns_add_up(self, rows, a_class):
        for row, grade in zip(rows[:3], a_class.grades, strict=False):
            tasks = {task.id: int(row[f"task {task.id}"]) for _, task in coded_tasks()}
            for step in all_steps():
                assert sum(tasks[task.id] for task in step.coded) == int(row[f"step {step.number}"])
            assert sum(tasks.values()) == int(row["code"]) == int(row["total"]) == grade.points
            assert row["code possible"] == str(coded_possible())
            assert row["written possible"] == str(written_possible())
            assert row["possible"] == str(possible())
            assert row["seed"] == "99"

    def test_written_tasks_are_answered_or_empty(self, rows):
        first, *others = [f"task {task.id}" for task in written_tasks()]
        assert (rows[0][first], rows[0]["answers to read"]) == ("answered", "1")
        assert {rows[0][column] for column in others} | {rows[1][first]} == {""}

    def test_a_problem_leaves_the_tasks_empty(self, rows):
        assert rows[-1]["total"] == "0"
        assert rows[-1]["task 1.1"] == rows[-1]["step 1"] == ""
        assert None not in rows[-1]
        assert None not in rows[-1].values()


class TestGradescope:
    def test_one_student_is_the_file_itself(self, a_class, tmp_path):
        path = tmp_path / "results.json"
        exports.Exports(gradescope=path).write(replace(a_class, grades=a_class.grades[1:2]))
        result = json.loads(path.read_text(encoding="utf-8"))
        assert set(result) == {"score", "tests", "output", "extra_data"}
        assert result["score"] == sum(test["score"] for test in result["tests"]) == a_class.grades[1].points
        assert sum(test["max_score"] for test in result["tests"]) == coded_possible()
        assert [test["name"].split()[0] for test in result["tests"]] == [task.id for _, task in coded_tasks()]
        tests = {test["name"].split()[0]: test for test in result["tests"]}
        assert tests["2.1"]["status"] == "failed"
        assert "likely: a likely reason" in tests["2.1"]["output"]
        assert (tests["2.2"]["status"], tests["2.2"]["output"]) == ("passed", "")
        assert result["extra_data"]["seed"] == 99
        assert "--seed 99" in result["output"]

    def test_several_are_an_object_by_student(self, a_class, tmp_path):
        path = tmp_path / "results.json"
        exports.Exports(gradescope=path).write(a_class)
        results = json.loads(path.read_text(encoding="utf-8"))
        assert {name: result["score"] for name, result in results.items()} == {
            grade.name: grade.points for grade in a_class.grades
        }
        assert results["@zip"]["output"].startswith("=The zip")
        assert {test["status"] for test in results["@zip"]["tests"]} == {"failed"}
        assert results[NASTY]["extra_data"]["written"][written_tasks()[0].id] == "answered"


class TestJunit:
    @pytest.fixture(scope="class")
    @classmethod
    def suites(cls, a_class, tmp_path_factory):
        path = tmp_path_factory.mktemp("junit") / "junit.xml"
        exports.Exports(junit=path).write(a_class)
        return {suite.get("name"): suite for suite in ET.parse(path).getroot()}

    def test_a_suite_for_each_student_and_a_case_for_each_check(self, suites, a_class):
        assert list(suites) == [grade.name for grade in a_class.grades]
        names = [(step.name, check.name) for step in all_steps() for check in step.checks]
        cases = suites[NASTY].findall("testcase")
        assert [(case.get("classname"), case.get("name")) for case in cases] == names
        assert suites[NASTY].get("tests") == str(len(names))
        assert suites[NASTY].get("failures") == suites[NASTY].get("errors") == "0"

    def test_a_failure_has_its_message_without_control_characters(self, suites):
        failed = [case for case in suites["=1+1"].findall("testcase") if case.find("failure") is not None]
        assert {case.get("name") for case in failed} == {check.name for check in all_steps()[1].checks_of("2.1")}
        assert failed[0].find("failure").get("message") == "a likely reason"
        assert "got: half a pair \ufffd, a bell \ufffd" in failed[0].find("failure").text
        assert suites["=1+1"].get("failures") == str(len(failed))

    def test_a_problem_is_an_error(self, suites):
        (case,) = suites["@zip"].findall("testcase")
        assert case.find("error").get("message") == "=The zip cannot be opened."
        assert suites["@zip"].get("errors") == "1"

    def test_a_check_that_did_not_run_is_skipped(self, a_class, tmp_path):
        grade = a_class.grades[0]
        less = replace(
            grade, verdicts={**grade.verdicts, all_steps()[0].name: grade.verdicts[all_steps()[0].name][:-1]}
        )
        exports.Exports(junit=tmp_path / "junit.xml").write(replace(a_class, grades=(less,)))
        (suite,) = ET.parse(tmp_path / "junit.xml").getroot()
        assert suite.get("skipped") == "1"

    def test_the_seed_stands_in_it(self, suites):
        values = {p.get("name"): p.get("value") for p in suites[NASTY].iter("property")}
        assert values["seed"] == "99"
        assert values["points"] == str(coded_possible())


class Page(HTMLParser):
    """Tags, links and text of a page."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.links, self.text = set(), [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data):
        self.text += data


class TestPages:
    @pytest.fixture(scope="class")
    @classmethod
    def folder(cls, a_class, tmp_path_factory):
        folder = tmp_path_factory.mktemp("pages") / "class 1"
        exports.Exports(html=folder).write(a_class)
        return folder

    @pytest.fixture(scope="class")
    @classmethod
    def pages(cls, folder):
        return {path.name: Page(path.read_text(encoding="utf-8")) for path in folder.iterdir()}

    def page(self, pages, name):
        return pages[f"{file_name(name)}.html"]

    def test_the_index_leads_to_every_student_and_every_page_back(self, pages, a_class):
        assert len(pages) == 1 + len(a_class.grades)
        assert pages["index.html"].links == [f"{file_name(grade.name)}.html" for grade in a_class.grades]
        assert all(page.links == ["index.html"] for name, page in pages.items() if name != "index.html")

    def test_no_script_and_nothing_from_elsewhere(self, pages, folder):
        for page in pages.values():
            assert not page.tags & {"script", "img", "b" if page is not pages["index.html"] else "img", "link"}
        assert all("http://" not in path.read_text("utf-8") for path in folder.iterdir())
        assert NASTY in pages["index.html"].text
        assert f"<b>{NASTY}</b>" in self.page(pages, NASTY).text

    def test_points_reasons_and_problems_are_there(self, pages, a_class):
        assert f"{a_class.grades[1].points} of {coded_possible()} points" in self.page(pages, "=1+1").text
        assert "a likely reason" in self.page(pages, "=1+1").text
        assert "half a pair \ufffd, a bell \ufffd" in self.page(pages, "=1+1").text.split("printed")[1]
        assert "a likely reason" not in self.page(pages, NASTY).text
        assert "=The zip cannot be opened." in self.page(pages, "@zip").text
        assert "=The zip cannot be opened." in pages["index.html"].text

    def test_the_index_says_which_task_fails_most(self, pages, folder):
        text = " ".join(pages["index.html"].text.split())
        assert "Task 2.1" in text
        assert "fails most often: 2 of 3 students" in text
        widths = re.findall(r'style="width: ([\d.]+)%"', (folder / "index.html").read_text("utf-8"))
        counts = Grading(1, Limits(), ()).counts()
        expected = {"2.1": 100 / 3, "2.2": 200 / 3}
        assert [float(width) for width in widths] == [
            pytest.approx(expected.get(count.id, 100), abs=0.06) for count in counts
        ]

    def test_every_page_says_the_seed_and_what_it_guards_against(self, a_class, pages):
        for page in pages.values():
            assert a_class.guard() in page.text
            assert "--seed 99" in page.text

    def test_what_cost_a_whole_step_stands_on_both_pages(self, a_class, tmp_path):
        def lost(check):
            return Verdict(check.name, check.task, check.points, Status.error, "a file", "there is <no> file", "")

        grade = a_class.grades[0]
        step = all_steps()[0]
        verdicts = {**grade.verdicts, step.name: [lost(check) for check in step.checks]}
        exports.Exports(html=tmp_path).write(replace(a_class, grades=(replace(grade, verdicts=verdicts),)))
        pages = [Page(path.read_text("utf-8")) for path in tmp_path.iterdir()]
        assert ["there is <no> file" in page.text for page in pages] == [True, True]

    def test_a_class_that_nobody_could_be_judged_of_has_a_page(self, tmp_path):
        exports.Exports(html=tmp_path).write(Grading(1, Limits(), (Grade("anna", problem="Empty."),)))
        assert "Empty." in Page((tmp_path / "index.html").read_text("utf-8")).text

    def test_file_names_are_safe_and_unique(self):
        students = ["anna", "Anna", "ANNA", "../x", "con", "李", "王", "", "a" * 300, "Jürgen", "Jurgen", "index"]
        names = [file_name(student).lower() for student in students]
        assert len(set(names)) == len(students)
        assert all(re.fullmatch(r"[a-z0-9-]{10,51}", name) for name in names)
        assert not {"index", "con"} & set(names)
