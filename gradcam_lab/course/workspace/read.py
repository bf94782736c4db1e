"""`gradcam-lab read`: lessons and pages for the browser; in a workspace with the student's own code, and no answer."""

from difflib import get_close_matches
from pathlib import Path
from textwrap import dedent, indent

from gradcam_lab.console import open_file, say
from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import Step, all_steps, find_step, lesson_folder
from gradcam_lab.course.judging.look import can_be_drawn
from gradcam_lab.course.judging.verdicts import Status, StepResult
from gradcam_lab.course.workspace.workspace import Workspace
from gradcam_lab.errors import LabError
from gradcam_lab.excerpts import parse
from gradcam_lab.report.pages import lesson_page, markdown_page
from gradcam_lab.report.pages.records import Course, LessonText, MarkdownText, TaskCard
from gradcam_lab.report.pages.shell import write_page
from gradcam_lab.report.pages.site import write_site


def read(word: str | None, *, out: Path, every: bool = False, show: bool = True) -> None:
    """Write a page, or all of them, and print its path last; without either, list what there is to read.

    Args:
        word: number or name of a step, number of a task, at which the lesson is opened, or name of a page.
        out: the folder of the pages.
        every: write the whole website.
        show: open the page in the browser.

    Raises:
        LabError: there is no such step or page, a file is there that is none of ours, or something cannot be written.
    """
    if every and word is not None:
        raise LabError(f"--all writes every page: leave out '{word}', or --all.")
    course = _course()
    if every:
        path = write_site(out, course, _repository())
    elif word is not None:
        path = _write_one(word, out, course)
    else:
        _list(course)
        return
    if show:
        open_file(path, f"#task-{word}" if word and _lesson_of(word, course) else "")
    say(str(path))


def _course() -> Course:
    """All that there is to read, as the workspace around the current folder has it."""
    workspace = Workspace.find()
    if workspace:
        workspace = Workspace.require()  # one of an older gradcam-lab has to be upgraded first
    lessons = tuple(_lesson(step, workspace) for step in all_steps())
    return Course(lessons, markdown_page.read_pages(lesson_folder() / "pages"), workspace=workspace is not None)


def _repository() -> Path | None:
    """The repository, where the course is read from its checkout."""
    folder = lesson_folder().parent
    return folder if (folder / "pyproject.toml").is_file() else None


def _lesson(step: Step, workspace: Workspace | None) -> LessonText:
    """A lesson as its page may show it."""
    result = workspace.result(step) if workspace else None
    hints = workspace.state().get("hints", {}) if workspace else {}
    status = {task.id: task.status.value for task in result.tasks} if result else {}
    cards = tuple(
        TaskCard(
            task.id,
            task.title,
            task.points,
            task.minutes,
            task.units,
            status.get(task.id, ""),
            workspace.hints(task)[: hints.get(task.id, 0)] if workspace else task.hints,
            len(workspace.hints(task) if workspace else task.hints),
            can_be_drawn(step, task) and not task.written,
        )
        for task in step.tasks
    )
    source, own = _own_source(step, workspace, result) if workspace and result else (step.source, set())
    return LessonText(
        step.number,
        step.name,
        step.title,
        source,
        cards,
        step.notation,
        frozenset(own),
        result.points if result else None,
    )


def _own_source(step: Step, workspace: Workspace, result: StepResult) -> tuple[str, set[str]]:
    """The stub with the student's functions of the tasks that have passed, and the names of these functions."""
    passed = {task.id for task in result.tasks if task.status is Status.passed}
    mine = workspace.source(step)[0]
    shown, own = cut.stub(step.source), set[str]()
    for unit in (unit for task in step.tasks if task.id in passed for unit in task.units):
        text = cut.unit_text(mine, unit)
        if text is not None:  # a class may be indented otherwise than in the stub
            changed = cut.replace_unit(shown, unit, indent(dedent(text), "    " * unit.count(".")))
            if _is_python(changed):
                shown = changed
                own.add(unit)
    return shown, own


def _is_python(text: str) -> bool:
    try:
        parse(text)
    except SyntaxError:
        return False
    return True


def _write_one(word: str, out: Path, course: Course) -> Path:
    text = _find(word, course)
    path = out / text.file

    def there(file: str) -> bool:
        return file == text.file or (out / file).is_file()

    if isinstance(text, LessonText):
        html = lesson_page.to_html(text, course, there)
    else:
        html = markdown_page.to_html(text, course, there)
    write_page(path, html)
    return path


def _find(word: str, course: Course) -> LessonText | MarkdownText:
    """The lesson or page of this number or name.

    Raises:
        LabError: there is none.
    """
    step = find_step(word)
    if step:
        return next(lesson for lesson in course.lessons if lesson.name == step.name)
    if lesson := _lesson_of(word, course):
        return lesson
    name = word.removesuffix(".md")
    for page in course.pages:
        if page.name == name:
            return page
    names = [page.name for page in course.pages]
    near = get_close_matches(name, names, n=1)
    proposed = f"did you mean {near[0]}?" if near else "'gradcam-lab read' lists the steps and pages."
    raise LabError(f"There is no step or page '{word}': {proposed}")


def _lesson_of(task: str, course: Course) -> LessonText | None:
    """Return the lesson of the task of this number; None where there is no such task."""
    return next((lesson for lesson in course.lessons if task in [card.id for card in lesson.tasks]), None)


def _list(course: Course) -> None:
    """Print what there is to read."""
    texts: list[LessonText | MarkdownText] = [*course.lessons, *course.pages]
    width = max(len(text.command) for text in texts)
    for text in texts:
        say(f"{text.command:<{width}}  {text.title.replace('`', '')}")
    say(f"{'gradcam-lab read --all':<{width}}  all of them, the Python interface and the tables as a website")
