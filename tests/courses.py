"""A teacher's course as the instructor's page shows it: its own step 7, and a `course.toml`."""

from pathlib import Path

from tests.documents import files, page

OWN = files(page("teaching"), "my-course")

SMALL = """\
title = "Winter term"
steps = ["step7_peaks", "step1_cam"]
drop = ["1.5"]

[step.step1_cam]
title = "Maps"
text = "We meet on Tuesday."

[task."1.4"]
points = 5
title = "Between 0 and 1"
text = "Mind a map that is 0 everywhere."
first_hints = ["Look at the smallest number first."]
"""


def write_course(folder: Path, text: str = SMALL, **changed: str) -> Path:
    """Write a course.

    Args:
        folder: a new folder.
        text: its `course.toml`.
        changed: files of the page's step 7 with other texts, by the end of their names: py, test, toml.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = {"py": "step7_peaks.py", "test": "test_step7_peaks.py", "toml": "step7_peaks.toml"}
    texts = {**OWN, **{names[end]: new for end, new in changed.items()}, "course.toml": text}
    for name, content in texts.items():
        (folder / name).write_text(content, encoding="utf-8", newline="\n")
    return folder


def solved_peaks() -> str:
    """The page's step 7 as a student hands it in who has solved it."""
    return "".join(line for line in OWN["step7_peaks.py"].splitlines(True) if "SOLUTION" not in line)
