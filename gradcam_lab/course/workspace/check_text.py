"""The text of a check, for students who want to read what is asked of their function."""

from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import Check, Step, lesson_folder


def text_of(step: Step, check: Check) -> list[str]:
    """The lines of a check; the functions that compute what it expects are not shown, for they may be answers."""
    source = (lesson_folder() / "checks" / step.test_file).read_text(encoding="utf-8")
    return (cut.unit_text(source, check.name) or "").rstrip().split("\n")
