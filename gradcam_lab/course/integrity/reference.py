"""Whether a step's code imports the reference: then the judge refuses it, and says where."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from gradcam_lab.course.integrity.imports import imports_of
from gradcam_lab.own_modules import OwnModules, closure, imports

REFERENCE = ("gradcam_lab.lessons", "gradcam_lab.lesson_modules")
"""The lessons with their checks, and the module that loads them; the rest of the package is no reference."""

REMEDY = "a step that imports the reference earns nothing: take the import away, and write the functions yourself"


class ReferenceImport(NamedTuple):
    """The place at which the reference is imported."""

    file: str
    line: int
    module: str

    def what(self) -> str:
        """It as the beginning of a sentence."""
        return f"{self.file}, line {self.line}: this imports the reference ({self.module})"


def is_reference(module: str) -> bool:
    """Whether a dotted name is of the reference.

    Examples:
        >>> is_reference("gradcam_lab.lessons.step1_cam"), is_reference("gradcam_lab.lesson_values")
        (True, False)
    """
    return any(module == name or module.startswith(f"{name}.") for name in REFERENCE)


def reference_import(source: str, file: Path, modules: OwnModules) -> ReferenceImport | None:
    """Find the first import of the reference in a step file, or in an own module that it imports, also indirectly.

    Args:
        source: the text of the step file.
        file: its path.
        modules: the student's own modules; those that the step does not reach do not matter.
    """
    texts = {file.name: source}
    for module in closure(imports(source), modules.get).values():
        texts[Path(module.file).name] = module.text
    return first_reference(texts)


def first_reference(texts: Mapping[str, str]) -> ReferenceImport | None:
    """Find the first import of the reference in some texts by the names of their files."""
    for name, text in texts.items():
        if "gradcam_lab" in text:  # most are not worth parsing
            for module, line in imports_of(text):
                if is_reference(module):
                    return ReferenceImport(name, line, module)
    return None
