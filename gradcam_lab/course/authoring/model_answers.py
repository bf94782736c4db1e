"""The model answers to the written tasks: no figure in them is older than the sample report, or from nowhere.

A figure is a number that the lesson does not name. It stands in a block of quotes (`gradcam_lab.report.quotes`), which
is compared with `report/sample/results.json`; where that is not there, as in a wheel, the answers stand as they are.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from gradcam_lab.course.authoring.manifest import Step, lesson_folder
from gradcam_lab.errors import LabError
from gradcam_lab.report.quotes import stale, unquoted
from gradcam_lab.report.results import read_results

_FIGURE = re.compile(r"(?<![\w.])(?<![A-Za-z]-)(?!0\d)\d+(?:\.\d+)?(?!\w|\.\d)")
"""A number; 001817 is the name of an image, and VGG-16 that of a network."""


def sample_folder() -> Path:
    """The folder of the sample report, which only a checkout of the repository has."""
    return lesson_folder().parent / "report" / "sample"


def model_answer(step: Step, task: str) -> str:
    """The model answer to a written task, as it is read; "" where there is none."""
    try:
        text = step.answers_path.read_text(encoding="utf-8")
    except OSError:
        return ""
    pieces = re.split(r"^## +(\d+\.\d+)\b.*$", re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL), flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True)).get(task, "").strip()


def examine_answers(step: Step, file: Path, sample: Path) -> Iterator[str]:
    """Check the model answers of a step.

    Args:
        step: the step.
        file: its model answers.
        sample: the folder of the sample report; nothing is compared where it does not exist.

    Yields:
        A sentence for each figure that is out of order.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except OSError:
        yield f"the model answers '{file.name}' cannot be read"
        return
    known = set(_FIGURE.findall(step.source))
    for figure in dict.fromkeys(_FIGURE.findall(unquoted(text))):
        if figure not in known:
            yield f"the model answer quotes the figure {figure}, which is neither the lesson's nor read from the sample"
    if sample.is_dir():
        try:
            results = read_results(sample)
        except LabError as error:
            yield f"the sample cannot be read: {error}"
            return
        yield from (
            f"{file.name}: {problem}; 'python -m gradcam_lab.report.quotes report/sample FILE' writes it anew"
            for problem in stale(text, results)
        )
