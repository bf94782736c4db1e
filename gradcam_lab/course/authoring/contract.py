"""The contract of a step: the functions that it must offer."""

import inspect

from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import all_steps, find_step
from gradcam_lab.errors import LabError
from gradcam_lab.lesson_protocols import PROTOCOLS


def contract_of(word: str) -> str:
    """Return the functions that a step must offer, with their types, as Python text.

    Args:
        word: the step's number, or the name of its file.

    Raises:
        LabError: there is no such step.
    """
    step = find_step(word)
    if step is None:
        raise LabError(f"There is no step '{word}': the steps are {', '.join(step.file for step in all_steps())}.")
    if step.own:
        stub = cut.stub(step.source)
        units = dict.fromkeys(unit for task in step.coded for unit in task.units)
        return "\n\n".join(cut.unit_text(stub, unit) or "" for unit in units)
    return "\n\n".join(inspect.getsource(part) for part in PROTOCOLS[step.name])
