"""Which class a word means: a group of a network's outputs, one output, or the name that people use for it."""

from dataclasses import replace
from difflib import get_close_matches

from gradcam_lab.errors import LabError
from gradcam_lab.models import imagenet
from gradcam_lab.models.classifier import Classifier
from gradcam_lab.models.spelling import folded

Outputs = tuple[int, ...]
"""The outputs that make up a class."""

NamedClass = tuple[str, Outputs]
"""A group or an output, by its own name."""

LISTED = 5
"""Number of names in a message; four times as many where none is nearer than the others."""


def find_class(classifier: Classifier, word: str) -> NamedClass:
    """Find the class that a word means.

    In this order: the name of a group (such as `dog` on ImageNet), of an output or what people call it; the same in
    another spelling (see `folded`); the index of an output; the beginning of exactly one name.

    Raises:
        LabError: it means none or several; the message proposes what comes near.
    """
    candidates, spelling = _candidates(classifier), folded(word)
    alike = [name for name in candidates if folded(name) == spelling]
    names = [word] if word in candidates else [name for name in alike if name in classifier.groups] or alike
    if not names and word.isdecimal():
        return find_output(classifier, int(word))
    names = names or [name for name in candidates if folded(name).startswith(spelling)]
    meant = list(dict.fromkeys(one for name in names for one in candidates[name]))
    if not spelling or not meant:
        raise LabError(f"The classifier '{classifier.name}' has no class '{word}': {_proposal(word, list(candidates))}")
    if len(meant) > 1:
        raise LabError(f"'{word}' may mean {_listed(classifier, meant)}: write more of the name, or its index.")
    return meant[0]


def find_output(classifier: Classifier, index: int) -> NamedClass:
    """Return one output with its name.

    Raises:
        LabError: the network has no such output.
    """
    count = len(classifier.output_names)
    if index >= count:
        raise LabError(f"There is no class {index}: '{classifier.name}' has {count} outputs, 0 to {count - 1}.")
    return classifier.output_names[index], (index,)


def with_class(classifier: Classifier, word: str) -> tuple[Classifier, str]:
    """Return a classifier that has a class of the user's word, and the name of that class.

    A group keeps its own name, however it was spelt. A single output becomes a group under the word itself, since that
    is how the user's annotations name it.

    Raises:
        LabError: see `find_class`.
    """
    try:
        name, outputs = find_class(classifier, word)
    except LabError as error:
        raise LabError(f'{error} --group "{word}=NAME,NAME" makes a class of the network\'s own.') from error
    if classifier.groups.get(name) == outputs:
        return classifier, name
    return replace(classifier, groups={**classifier.groups, word: outputs}), word


def _candidates(classifier: Classifier) -> dict[str, list[NamedClass]]:
    """All names that can be asked for, each with what it may mean: a group comes before outputs of its name."""
    names, candidates = classifier.output_names, dict[str, list[NamedClass]]()
    for index, (name, simple) in enumerate(zip(names, classifier.simple_names, strict=True)):
        for known in (name, simple) if simple else (name,):
            candidates.setdefault(known, []).append((name, (index,)))
    for shared, members in imagenet.SHARED_NAMES.items():
        if set(members) <= set(names):
            candidates[shared] = [(name, (names.index(name),)) for name in members]
    return candidates | {name: [(name, tuple(outputs))] for name, outputs in classifier.groups.items()}


def _proposal(word: str, names: list[str]) -> str:
    """Propose the nearest names; where none is near, list them, or the first of many."""
    spelt = {name.casefold(): name for name in names}
    near = [spelt[name] for name in get_close_matches(word.casefold(), spelt, n=LISTED, cutoff=0.5)]
    if near:
        return f"did you mean {_either(near)}?"
    return f"choose one of {', '.join(names[: 4 * LISTED])}{', ...' if len(names) > 4 * LISTED else ''}."


def _listed(classifier: Classifier, meant: list[NamedClass]) -> str:
    """Say what a word may mean: each name, with its index where it is one output."""
    words = [f"{classifier.label(outputs[0])} ({outputs[0]})" if len(outputs) == 1 else name for name, outputs in meant]
    return f"{', '.join(words[:LISTED])} and {len(words) - LISTED} more" if len(words) > LISTED else _either(words)


def _either(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
