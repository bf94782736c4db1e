"""How much of their own code two students share: what neither the lesson nor the reference has.

Sequences of ten tokens are compared, without the names of variables, as by Schleimer, Wilkerson and Aiken, *Winnowing*
(SIGMOD 2003), without its thinning: a class is small. Two different right answers of the gallery to one task share none
of them, so what is shared was written by one hand, or is the only way to write it.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations

from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import Step, all_steps, package_steps
from gradcam_lab.course.integrity.bodies import bodies_of, functions_of
from gradcam_lab.course.integrity.look_at import LEAST

TOKENS = 10
ALIKE = 0.6
"""Share of the smaller one's own sequences from which two submissions are worth a look."""

ENOUGH = 100
"""Number of own sequences that both have at least: a student who wrote little shares it with many."""

COMMON = 10
"""What more students than this have, and more than half the class, is what one writes; so is an equal body of more."""

NAMED = 4
"""Number of equal functions that a sentence names."""

_TOKEN = re.compile(r"\w+|[^\w\s]+")

Texts = Mapping[str, str]
"""The Python files of a submission, by name."""

Places = Mapping[str, Mapping[int, int]]
"""Of each file the sequences, each with the line of its function."""


@dataclass(frozen=True)
class Pair:
    """Two submissions.

    Attributes:
        names: of both students.
        share: of the smaller one's own sequences that the other has too, from 0 to 1.
        shared: number of sequences that both have.
        equal: functions whose bodies are equal, and are not the reference's; only large ones.
        file: the file in which they share most, where the pair is worth a look.
        lines: of both, the line of the function there in which they share most, or 0.
    """

    names: tuple[str, str]
    share: float
    shared: int
    equal: tuple[str, ...]
    file: str = ""
    lines: tuple[int, int] = (0, 0)

    @property
    def alike(self) -> bool:
        """Whether the two are worth a look."""
        return bool(self.equal) or (self.share >= ALIKE and self.shared >= ENOUGH * ALIKE)

    def line(self, name: str) -> int:
        """The line at which to look in the file of one of the two."""
        return self.lines[self.names.index(name)]

    def what(self, name: str) -> str:
        """What one of the two shares with the other, as the rest of a sentence."""
        other = self.names[0] if name == self.names[1] else self.names[1]
        equal = f"; equal but for names and layout: {self.equal_names()}" if self.equal else ""
        return f"shares {self.share:.0%} of the smaller one's own code with {other}{equal}"

    def equal_names(self) -> str:
        """The functions that are equal; of many, the first few and their number."""
        more = f" and {len(self.equal) - NAMED} more" if len(self.equal) > NAMED else ""
        return f"{', '.join(self.equal[:NAMED])}{more}"


def similar_pairs(submissions: Mapping[str, Texts]) -> list[Pair]:
    """Compare all submissions with each other.

    Args:
        submissions: their files, by the students' names.

    Returns:
        The pairs that share anything, those worth a look first, then by their share.
    """
    own = {name: {file: own_sequences(text) for file, text in texts.items()} for name, texts in submissions.items()}
    whole = {name: frozenset().union(*(found.keys() for found in files.values())) for name, files in own.items()}
    counts = Counter(sequence for sequences in whole.values() for sequence in sequences)
    often = {sequence for sequence, count in counts.items() if count > max(COMMON, len(submissions) / 2)}
    whole = {name: sequences - often for name, sequences in whole.items()}
    bodies = {name: _large_bodies(texts) for name, texts in submissions.items()}
    usual = Counter(body for found in bodies.values() for body in found)
    pairs = []
    for first, second in combinations(submissions, 2):
        shared = whole[first] & whole[second]
        equal = [unit for unit, text in bodies[first] & bodies[second] if usual[unit, text] <= COMMON]
        if shared or equal:
            least = min(len(whole[first]), len(whole[second]))
            share = len(shared) / max(least, 1)
            pair = Pair((first, second), share if least >= ENOUGH else 0.0, len(shared), tuple(sorted(equal)))
            pairs.append(_placed(pair, shared, own[first], own[second]) if pair.alike else pair)
    return sorted(pairs, key=lambda pair: (not pair.alike, -pair.share, pair.names))


def _placed(pair: Pair, shared: frozenset[int], first: Places, second: Places) -> Pair:
    """The pair with the file in which they share most, and the lines of the function there."""
    file = max(first, key=lambda name: len(first[name].keys() & shared), default="")
    return replace(pair, file=file, lines=(_line(first[file], shared), _line(second.get(file, {}), shared)))


def _line(sequences: Mapping[int, int], shared: frozenset[int]) -> int:
    """The line of the function that has most of the shared sequences."""
    lines = Counter(line for sequence, line in sequences.items() if sequence in shared)
    return max(lines, key=lambda line: (lines[line], -line), default=0)


def _large_bodies(texts: Texts) -> frozenset[tuple[str, str]]:
    """The bodies that are large enough to say something, and are not the reference's, by unit."""
    found: set[tuple[str, str]] = set()
    for step in all_steps():
        reference = bodies_of(step.source, step)
        for unit, body in bodies_of(texts.get(step.file, ""), step).items():
            if body.size >= LEAST and body.text != reference[unit].text:
                found.add((unit, body.text))
    return frozenset(found)


def own_sequences(text: str) -> dict[int, int]:
    """The sequences of a text's functions that no lesson has, each with the line of its function."""
    return _own_sequences(text, all_steps())


@lru_cache(maxsize=2048)
def _own_sequences(text: str, steps: tuple[Step, ...]) -> dict[int, int]:
    given = _given(tuple(dict.fromkeys((*steps, *package_steps()))))  # a dropped step may be handed in all the same
    return {sequence: line for sequence, line in sequences_of(text).items() if sequence not in given}


@lru_cache(maxsize=16)
def _given(steps: tuple[Step, ...]) -> frozenset[int]:
    texts = [text for step in steps for text in (step.source, cut.stub(step.source))]
    return frozenset().union(*map(sequences_of, texts))


def sequences_of(text: str) -> dict[int, int]:
    """All sequences of ten tokens in a text's functions, hashed, each with the line of its function.

    There are none where the text does not parse.
    """
    found: dict[int, int] = {}
    for function in functions_of(text):
        tokens = _TOKEN.findall(re.sub(r"\bv\d+\b", "v", function.text))
        starts = range(len(tokens) - TOKENS + 1)
        found.update((hash(tuple(tokens[at : at + TOKENS])), function.line) for at in starts)
    return found
