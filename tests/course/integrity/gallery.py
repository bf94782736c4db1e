"""Honest and dishonest submissions, made of the gallery's answers."""

import ast
import re
from collections.abc import Iterator, Mapping

from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import all_steps


def written(bodies: Mapping[str, str]) -> dict[str, str]:
    """The step files of a student who wrote these bodies into the stubs, by mark."""
    texts = {}
    for step in all_steps():
        todo = {
            region.mark: f'raise NotImplementedError("task {region.task}: {region.function.rpartition(".")[2]}")'
            for region in cut.regions(step.source)
        }
        mine = {mark: body for mark, body in bodies.items() if mark in todo}
        texts[step.file] = unmarked(cut.graft(step.source, {**todo, **mine}))
    return texts


def unmarked(text: str) -> str:
    """A text without the reference's markers."""
    return "\n".join(line for line in text.split("\n") if not cut.BEGIN.match(line) and not cut.END.match(line))


def answers() -> Iterator[dict[str, str]]:
    """The step files of students who have written all answers of the gallery between them."""
    bodies: dict[str, list[str]] = {}
    for step in all_steps():
        for right in step.right_answers:
            bodies.setdefault(right.mark, []).append(right.body)
        for wrong in step.wrong_answers:
            bodies.setdefault(wrong.mark, []).append(wrong.body)
    for number in range(max(map(len, bodies.values()))):
        chosen = {mark: found[number] for mark, found in bodies.items() if len(found) > number}
        files = {step.file for step in all_steps() if any(mark[0] == str(step.number) for mark in chosen)}
        yield {file: text for file, text in written(chosen).items() if file in files}


def right_ones(number: int) -> dict[str, str]:
    """The bodies of a student who writes the gallery's right answers of this number wherever there is one."""
    bodies: dict[str, list[str]] = {}
    for step in all_steps():
        for answer in step.right_answers:
            bodies.setdefault(answer.mark, []).append(answer.body)
    return {mark: found[number] for mark, found in bodies.items() if len(found) > number}


def solved_otherwise() -> dict[str, str]:
    """The step files of a student who wrote another right answer wherever the gallery has one, and has every point."""
    bodies = right_ones(0)
    return {
        step.file: unmarked(cut.graft(step.source, {m: body for m, body in bodies.items() if m[0] == str(step.number)}))
        for step in all_steps()
    }


def disguised(text: str) -> str:
    """The same code with other names of variables, another layout, and no comments and docstrings."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
            if ast.get_docstring(node) is not None:
                node.body[0] = ast.Pass()
            given = {part.arg for part in ast.walk(node) if isinstance(part, ast.arg)}
            names = [part for part in ast.walk(node) if isinstance(part, ast.Name)]
            stored = {part.id for part in names if isinstance(part.ctx, ast.Store)} - given
            for part in names:
                if part.id in stored:
                    part.id = f"{part.id}_of_mine"
    return "# mine\n\n" + re.sub(r"\n(def|class)", r"\n\n# another\n\n\1", ast.unparse(tree))
