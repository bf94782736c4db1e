"""A lesson as a page: two columns, cards, formulas, links, and nothing that is loaded from elsewhere."""

from dataclasses import replace

import pytest

from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.errors import LabError
from gradcam_lab.report.pages.lesson_page import to_html
from gradcam_lab.report.pages.prose import References, render
from gradcam_lab.report.pages.records import Course, LessonText
from tests.report.pages.made import SOURCE, Page, course, lesson


def alone(file):
    return False


def together(file):
    return True


@pytest.fixture
def plan(tmp_path):
    return course(tmp_path)


def page_of(one, plan, there=alone):
    return Page(to_html(one, plan, there))


def test_a_page_is_whole_and_loads_nothing(plan):
    page = page_of(plan.lessons[0], plan)
    assert page.loaded
    assert all(address.startswith("data:image/") for address in page.loaded)


def test_prose_and_docstrings_are_rendered_and_raw_html_is_text(plan):
    html = to_html(plan.lessons[0], plan, alone)
    page = Page(html)
    assert "Two of <b>them</b>," in page.text
    assert "a number <i>." in page.text
    assert 'alt="A^k"' in html
    assert "Args:" not in page.text
    assert '"""' not in page.text
    assert "def first(a: int) -> int:    return a" in page.text  # each line is a block
    assert ">>> first(1)" in page.text


def test_the_notation_stands_below_the_opening(plan):
    page = page_of(plan.lessons[0], plan)
    assert "here in the paper shape a (N,)" in page.words
    assert page.words.index("here in the paper") < page.words.rindex("1.1 First")
    assert "notation" in page.anchors
    assert "in the paper" not in page_of(replace(plan.lessons[0], notation=()), plan).words


def test_papers_that_docstrings_quote_are_linked(plan):
    assert page_of(plan.lessons[0], plan).links.count("https://arxiv.org/abs/1512.04150") == 2


def test_cards_stand_at_their_functions_and_questions(plan):
    words = page_of(plan.lessons[0], plan).words
    assert "Task 1.1 Do & look 1 point about 10 minutes gradcam-lab check 1.1 gradcam-lab look 1.1 Hints Look." in words
    assert "Use a. first Do it." in words
    assert "Why? Task 1.2 Written: why 2 points about 20 minutes gradcam-lab check 1.2 Hints Think." in words
    assert "2 tasks 3 points about 30 minutes" in words
    assert "gradcam-lab hint" not in words


def test_in_a_workspace_only_hints_that_were_taken_are_shown(plan):
    coded, written = plan.lessons[0].tasks
    tasks = (replace(coded, status="failed", hints=coded.hints[:1]), replace(written, status="not started", hints=()))
    words = page_of(replace(plan.lessons[0], tasks=tasks, earned=0), replace(plan, workspace=True)).words
    assert "failed gradcam-lab check 1.1 gradcam-lab look 1.1 Hints that you have seen Look." in words
    assert "Stuck? gradcam-lab hint 1.1 (1 of 2 seen)" in words
    assert "not started gradcam-lab check 1.2 Stuck? gradcam-lab hint 1.2 (0 of 1 seen)" in words
    assert "Use a." not in words
    assert "0 of 3 points" in words


def test_the_students_functions_are_marked(plan):
    assert "Your code" not in page_of(plan.lessons[0], plan).text
    assert page_of(replace(plan.lessons[0], own=frozenset({"first"})), plan).text.count("Your code") == 1


def test_links_lead_to_the_pages_that_lie_beside_it(plan):
    links = page_of(plan.lessons[1], plan, together).links
    assert {"more.html#two", "step1_one.html", "index.html"} <= set(links)
    assert not [link for link in links if "LICENSE" in link]
    alone_links = page_of(plan.lessons[1], plan).links
    assert all(link.startswith(("#", "https://")) for link in alone_links)


def test_the_lessons_before_and_after_are_linked_or_named_with_their_command(plan):
    first, second = plan.lessons
    assert "Next Step 2: A lesson gradcam-lab read 2" in page_of(first, plan).words
    assert "Previous" not in page_of(first, plan).words
    assert "Previous Step 1: A lesson gradcam-lab read 1" in page_of(second, plan).words
    assert "Next" not in page_of(second, plan).words
    assert "step2_two.html" in page_of(first, plan, together).links


def test_a_figure_that_is_not_there_is_an_error(plan):
    source = SOURCE.format(1).replace("# ## 1.1 First\n", "# ## 1.1 First\n#\n# ![Two](figure:nothing_of_this_name)\n")
    with pytest.raises(LabError, match=r"no file gradcam_lab/report/figures/lessons/nothing_of_this_name\.py"):
        page_of(lesson(1, "step1_one", source), plan)


@pytest.mark.parametrize("step", all_steps(), ids=lambda step: step.name)
def test_the_formulas_of_a_lesson_are_drawn(step):
    """What mathtext does not know would be shown as LaTeX."""
    notation = "\n\n".join(" ".join(row) for row in step.notation)
    text = "\n".join(line.strip().removeprefix("#").removeprefix(" ") for line in step.source.splitlines())
    html = str(render(f"{text}\n\n{notation}", References(lambda _: None, lambda _: None)).html)
    assert html.count('class="math') > 5
    assert '<span class="math inline"><code>' not in html
    assert '<div class="math block">\n<code>' not in html


def test_every_lesson_has_a_notation():
    assert all(len(step.notation) >= 3 for step in all_steps())


def test_a_lesson_without_a_docstring_has_a_page(plan):
    one = LessonText(3, "step3_three", "Step 3", "def first(a):\n    return a\n", plan.lessons[0].tasks[:1])
    assert "Task 1.1" in page_of(one, Course((one,), ())).words
