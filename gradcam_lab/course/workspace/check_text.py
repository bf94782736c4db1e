"""The text of a check, for students who want to read what is asked of their function."""

import re

from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import Check, Step, lesson_folder

_PART = re.compile(r"^    (\w+)\(mine, case\)$", re.MULTILINE)
"""A part of a check, which is a function of its own."""


def text_of(step: Step, check: Check) -> list[str]:
    """The lines of a check and its parts; functions that compute what it expects are not shown: they may be answers."""
    source = (lesson_folder() / "checks" / step.test_file).read_text(encoding="utf-8")
    whole = cut.unit_text(source, check.name) or ""
    parts = [cut.unit_text(source, name) or "" for name in _PART.findall(whole)]
    return "\n\n".join([whole, *parts]).rstrip().split("\n")
