"""`gradcam-lab` alone and `gradcam-lab status`: points and the next thing to do, without running anything."""

from pathlib import Path

from gradcam_lab.course.workspace import check, screen
from gradcam_lab.course.workspace.upgrade import is_newer
from gradcam_lab.course.workspace.workspace import STATE_FOLDER, UPGRADE_DUE, Workspace

OUTSIDE = """\
You are not inside a workspace.
  gradcam-lab start my-lab  begins the course: a folder with a Python file for each step
  gradcam-lab run-all       makes the report with the reference code
  gradcam-lab --help        lists all commands
"""

EXAM = "This is an exam: hints end before the code, and no answer is shown."


def where() -> None:
    """Print in a few lines the points of each step, and the one thing to do next."""
    workspace = Workspace.find()
    screen.show(_inside(workspace) if workspace else _outside(Path.cwd()))


def status(json: bool = False) -> None:
    """Show all tasks as they were when they were last checked.

    Args:
        json: print JSON and nothing else.

    Raises:
        LabError: not in a workspace.
    """
    workspace = Workspace.require()
    views = screen.views(workspace)
    next_thing = screen.next_line(views)
    if json:
        print(check.as_json(workspace, views, next_thing))
    else:
        tables = [line for view in views for line in (*screen.table(view), "")]
        screen.show([*tables, _total(views), *([EXAM] if workspace.exam else []), *workspace.notes(), next_thing])


def _inside(workspace: Workspace) -> list[str]:
    if workspace.has_old_names():
        return [f"Workspace '{workspace.root.name}'.", UPGRADE_DUE, "Next: gradcam-lab upgrade"]
    workspace.rebuild()
    views = screen.views(workspace)
    news = ["A newer course is installed: gradcam-lab upgrade brings it in, and your text stays."]
    return [
        f"Workspace '{workspace.root.name}'.",
        *([EXAM] if workspace.exam else []),
        *map(screen.points, views),
        _total(views),
        *(news if is_newer(workspace) else []),
        *workspace.notes(),
        screen.next_line(views),
    ]


def _total(views: list[screen.StepView]) -> str:
    earned, possible = (sum(getattr(view.result, name) for view in views) for name in ("points", "possible"))
    return f"Together: {earned}/{possible} points."


def _outside(folder: Path) -> list[str]:
    """What there is to do; the last line is the next thing."""
    try:
        inside = sorted(path.name for path in folder.iterdir() if (path / STATE_FOLDER).is_dir())
    except OSError:
        inside = []
    command = f"cd '{inside[0]}', then gradcam-lab" if inside else "gradcam-lab start my-lab"
    return [*OUTSIDE.splitlines(), f"Next: {command}"]
