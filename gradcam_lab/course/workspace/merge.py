"""Merging a newer file into the one that a student has changed: what the student wrote always stays."""

import ast
import re
from collections.abc import Sequence
from difflib import Match, SequenceMatcher
from itertools import pairwise, takewhile
from typing import Any

from gradcam_lab.course.authoring import cut
from gradcam_lab.excerpts import parse

_SECTION = re.compile(r"^(?=## +(\d+\.\d+)\b)", re.MULTILINE)


def merge(base: str, mine: str, new: str) -> tuple[str, list[int]]:
    """Bring the changes from base to new into a text that was changed otherwise.

    Where both have only added lines, such as functions at the end of a file, both additions are kept, mine last; where
    only the new text has added some, below lines that mine has changed, they come below mine.

    Args:
        base: the text that both come from.
        mine: wins wherever both have changed the same lines.
        new: the other text.

    Returns:
        The merged text, and its lines (from 1) where `mine` won.
    """
    from merge3 import Merge3

    a, b, c = (text.removesuffix("\n").split("\n") for text in (base, mine, new))
    matcher: Any = _Matcher
    merged: list[str] = []
    won = []
    for what, *lines in Merge3(a, b, c, sequence_matcher=matcher).merge_groups():
        if what != "conflict":
            merged += lines[0]
        elif lines[2][: len(lines[0])] == lines[0]:
            added = lines[2][len(lines[0]) :]
            if added in (lines[1][: len(added)], lines[1][-len(added) :]):  # by an upgrade that was interrupted
                merged += lines[1]
            else:
                merged += [*lines[1], *added] if lines[0] else [*added, *lines[1]]
        else:
            won.append(len(merged) + 1)
            merged += lines[1]
    return "\n".join(merged) + "\n", won


def with_own_signatures(base: str, mine: str, merged: str) -> str:
    """Keep a function that the student has written in as a whole where the new one names its parameters otherwise.

    The merge alone would put the new parameters above a body that uses the old ones.

    Args:
        base: the text that both come from.
        mine: the student's text.
        merged: what `merge` made of both and the new text.
    """
    ours, theirs = _parameters(mine), _parameters(merged)
    for name in ours.keys() & theirs.keys():
        own = cut.unit_text(mine, name)
        if own and ours[name] != theirs[name] and own != cut.unit_text(base, name):
            merged = cut.replace_unit(merged, name, own)
    return merged


def _parameters(source: str) -> dict[str, str]:
    """The parameters of each function at the top of a file, and of each method of a class there."""
    found = {}
    for node in parse(source).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = ast.unparse(node.args)
        if isinstance(node, ast.ClassDef):
            methods = (part for part in node.body if isinstance(part, ast.FunctionDef))
            found |= {f"{node.name}.{method.name}": ast.unparse(method.args) for method in methods}
    return found


class _Matcher(SequenceMatcher[str]):
    """Aligns two texts so that a new function begins below the blank lines, and not right below the body before it.

    That body is what the student writes; a change that touches it could not be brought in.
    """

    def __init__(self, isjunk: None, a: Sequence[str], b: Sequence[str]) -> None:
        super().__init__(isjunk, a, b, autojunk=False)  # junk would be every line that is frequent
        self.texts = a, b

    def get_matching_blocks(self) -> list[Match]:
        """The equal pieces of both texts: each as long as it can be, where only one text has more behind it."""
        blocks = [list(block) for block in super().get_matching_blocks()]
        for above, below in pairwise(blocks):
            while below[2] > 1 and self._can_slide(above, below):
                above[2] += 1
                below[:] = below[0] + 1, below[1] + 1, below[2] - 1
        return [Match(*block) for block in blocks]

    def _can_slide(self, above: list[int], below: list[int]) -> bool:
        i, j = above[0] + above[2], above[1] + above[2]  # the first lines that are not aligned
        one_sided = (i == below[0]) != (j == below[1])
        return one_sided and self.texts[0][i] == self.texts[1][j]


def renewed_answers(mine: str, base: str, new: str) -> tuple[str, list[str]]:
    """Renew the headings and questions of `answers.md`, append new ones, and leave every answer as it is.

    Args:
        mine: the student's file.
        base: the file as the workspace began with it.
        new: the file as a new workspace has it.

    Returns:
        The text, and the tasks whose question was changed by the student and therefore stays.
    """
    text, sections = _sections(mine)
    old, fresh = (dict(_sections(other)[1]) for other in (base, new))
    edited: list[str] = []
    for number, section in sections:
        renewed, stays = _renewed(section, old.get(number, ""), fresh.get(number, ""))
        text += renewed
        if stays:
            edited.append(number)
    added = [section.rstrip("\n") + "\n" for number, section in fresh.items() if number not in dict(sections)]
    return "\n".join([text if text.endswith("\n") or not added else f"{text}\n", *added]), edited


def _renewed(section: str, old: str, fresh: str) -> tuple[str, bool]:
    """A section with its new heading and question, and whether one of them was changed by the student and stays."""
    stays = False
    for part in (_heading, _question):
        before, after = part(old), part(fresh)
        if part(section) == before:
            section = section.replace(before, after, 1)
        elif before != after and part(section) != after:
            stays = True
    return section, stays


def _sections(text: str) -> tuple[str, list[tuple[str, str]]]:
    """What is before the first section of `answers.md`, and the sections, each with its task."""
    head, *pieces = _SECTION.split(text)  # number and section by turns
    return head, list(zip(pieces[::2], pieces[1::2], strict=True))


def _heading(section: str) -> str:
    return section.partition("\n")[0]


def _question(section: str) -> str:
    """The quoted lines below the heading."""
    body = section.partition("\n")[2].lstrip("\n")
    return "\n".join(takewhile(lambda line: line.startswith(">"), body.split("\n")))
