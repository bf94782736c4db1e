"""Loads the lessons, or a student's files in their place."""

import inspect
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from types import CodeType, MappingProxyType, ModuleType
from typing import Any, Literal, NamedTuple

from gradcam_lab.files import digest, text_sha256
from gradcam_lab.lesson_protocols import (
    PROTOCOLS,
    BoxesLesson,
    CamLesson,
    FaithfulnessLesson,
    GradCamLesson,
    MetricsLesson,
    SegmentationLesson,
)
from gradcam_lab.lesson_values import Converted
from gradcam_lab.own_modules import OwnModules, install
from gradcam_lab.process_settings import Settings

LESSONS = "gradcam_lab.lessons"

STEP_NAMES = tuple(PROTOCOLS)
"""The steps in order."""


class StudentsFile(NamedTuple):
    """A student's text, which may differ by now from the file that it was read from, and the own modules it imports."""

    source: str
    file: Path
    modules: OwnModules = MappingProxyType({})


@dataclass(frozen=True)
class Lessons:
    """The modules that do the work, and of each step which implementation it is and the hash of its text.

    `code_sha256` is that of the text and of the student's own modules that it imports.
    """

    cam: CamLesson
    gradcam: GradCamLesson
    boxes: BoxesLesson
    metrics: MetricsLesson
    segmentation: SegmentationLesson
    faithfulness: FaithfulnessLesson
    implementation: dict[str, Literal["reference", "mine"]]
    sha256: dict[str, str]
    code_sha256: dict[str, str]

    @property
    def are_the_references(self) -> bool:
        """Whether no step is a student's: then they can be pickled, for another process loads them itself."""
        return set(self.implementation.values()) == {"reference"}

    def __reduce__(self) -> tuple[Any, tuple]:
        if not self.are_the_references:
            raise TypeError("a student's lessons run in the process that watches them, and in no other")
        return load_lessons, ()


def load_lessons(students: Mapping[str, StudentsFile] | None = None) -> Lessons:
    """Load the lessons.

    Args:
        students: the student's files that are to run, by step; the package's own lesson runs where there is no entry.

    Returns:
        The modules; `implementation` says "mine" or "reference" of each, `sha256` is of the text that ran.

    Raises:
        Exception: whatever a student's file raises when it is executed.
    """
    mine = students or {}
    own = {name: module for file in mine.values() for name, module in file.modules.items()}
    install(own)
    ran = {name: _run(mine[name], name, own) for name in STEP_NAMES if name in mine}
    sys.modules.update(ran)  # another step may have imported one of these as its own copy
    modules: list[Any] = [
        Converted(ran[name], PROTOCOLS[name][-1], ran[name]) if name in ran else import_module(f"{LESSONS}.{name}")
        for name in STEP_NAMES
    ]
    implementation: dict[str, Literal["reference", "mine"]] = {
        name: "mine" if name in mine else "reference" for name in STEP_NAMES
    }
    texts = {name: mine[name].source if name in mine else reference_text(name) for name in STEP_NAMES}
    hashes = {name: text_sha256(text) for name, text in texts.items()}
    code = {name: _with_modules(hashes[name], mine.get(name)) for name in STEP_NAMES}
    cam, gradcam, boxes, metrics, segmentation, faithfulness = modules
    return Lessons(cam, gradcam, boxes, metrics, segmentation, faithfulness, implementation, hashes, code)


def _run(file: StudentsFile, name: str, own: OwnModules) -> ModuleType:
    """Run a student's file as its checks do: with own modules that no other step has used, and settings put back."""
    install(own)
    settings = Settings()
    try:
        return execute(file.source, file.file, name)
    finally:
        settings.put_back(file.source)


def _with_modules(text_hash: str, file: StudentsFile | None) -> str:
    if not file or not file.modules:
        return text_hash
    return digest(text_hash, {name: text_sha256(module.text) for name, module in file.modules.items()})


def execute(source: str, file: Path, name: str) -> ModuleType:
    """Run a step's text and return it as a module; of the student's folder it can import what was installed."""
    module = ModuleType(name)
    module.__file__ = str(file)
    sys.modules[name] = module  # where dataclasses, NamedTuple and pickle look their module up
    exec(_compiled(source, str(file)), module.__dict__)
    return module


@lru_cache(maxsize=8)
def _compiled(source: str, file: str) -> CodeType:
    return compile(source, file, "exec")  # a judge runs the same text for each check


def reference_text(name: str) -> str:
    """Return the text of the package's own lesson, with plain newlines."""
    return inspect.getsource(import_module(f"{LESSONS}.{name}"))
