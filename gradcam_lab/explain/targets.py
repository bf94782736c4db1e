"""What is to be explained, in the user's words: a class, a group of classes, or why one rather than another.

A target is a score: any function from the logits (N, C) to one number an image (N,) can be explained, and a class's
logit is only the usual one. See `rather_than` for one that is not a class.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from difflib import get_close_matches

from torch import Tensor

from gradcam_lab.errors import LabError
from gradcam_lab.models.classifier import Classifier

TargetScore = Callable[[Tensor], Tensor]
"""From logits (N, C) to one score an image, (N,)."""

Outputs = tuple[int, ...]
"""The outputs that make up a class."""

LISTED = 5
"""Number of names in a message; four times as many where none is nearer than the others."""


@dataclass(frozen=True)
class Target:
    """A score with a name.

    Attributes:
        name: the class, as it is shown.
        outputs: the network's outputs that make up the class.
        score: what is explained; for a class its logit, for a group the log-sum-exp of its logits.
        probability: of the class.
        against: the other class, where the score is the difference of two.
    """

    name: str
    outputs: Outputs
    score: TargetScore
    probability: TargetScore
    against: "Target | None" = None

    @property
    def parts(self) -> "list[Target]":
        """The classes that the score is made of: itself, and the one that it is set against."""
        return [self, self.against] if self.against else [self]

    @property
    def title(self) -> str:
        """The name, with the index where it is one output, and of a difference both names."""
        label = self.name if self.index is None else f"{self.name} ({self.index})"
        return f"{label} rather than {self.against.title}" if self.against else label

    @property
    def meaning(self) -> str:
        """Say which number the score is."""
        if self.against:
            return "difference of logits"
        return "logit" if self.index is not None else "log-sum-exp of its logits"

    @property
    def index(self) -> int | None:
        """The output of the class; None for a group of several."""
        return self.outputs[0] if len(self.outputs) == 1 else None


def find_target(classifier: Classifier, word: str) -> Target:
    """Find the class that a word means.

    In this order: the name of a group (such as `dog` on ImageNet) or of an output, the same in other capitals, the
    index of an output, the beginning of exactly one name.

    Raises:
        LabError: it means none or several; the message proposes what comes near.
    """
    candidates, folded = _candidates(classifier), word.casefold()
    names = [word] if word in candidates else [name for name in candidates if name.casefold() == folded]
    if not names and word.isdecimal():
        return output_target(classifier, int(word))
    names = names or [name for name in candidates if name.casefold().startswith(folded)]
    meant = [(name, outputs) for name in names for outputs in candidates[name]]
    if not word or not meant:
        raise LabError(f"The classifier '{classifier.name}' has no class '{word}': {_proposal(word, list(candidates))}")
    if len(meant) > 1:
        raise LabError(f"'{word}' may mean {_listed(meant)}: write more of the name, or its index.")
    return _target(classifier, *meant[0])


def output_target(classifier: Classifier, index: int) -> Target:
    """Return one output as a target, under its own name.

    Raises:
        LabError: the network has no such output.
    """
    count = len(classifier.output_names)
    if index >= count:
        raise LabError(f"There is no class {index}: '{classifier.name}' has {count} outputs, 0 to {count - 1}.")
    return _target(classifier, classifier.output_names[index], (index,))


def rather_than(target: Target, other: Target) -> Target:
    r"""Return a target that is no class: why `target` rather than `other`, the difference of their two logits.

    Under a softmax $z_a - z_b = \log(p_a / p_b)$, so it is the evidence that tells the two apart, and what argues for
    both alike, such as fur, cancels out.

    Raises:
        LabError: the two are the same class, or one lies in the other.
    """
    if set(target.outputs) & set(other.outputs):
        raise LabError(f"'{target.name}' and '{other.name}' overlap, so their difference says nothing: choose another.")
    return replace(target, score=lambda logits: target.score(logits) - other.score(logits), against=other)


def _target(classifier: Classifier, name: str, outputs: Outputs) -> Target:
    """Have the classifier read these outputs as one class, whatever its own groups are."""
    single = replace(classifier, groups={name: outputs})
    return Target(
        name,
        outputs,
        score=lambda logits: single.score(logits, name),
        probability=lambda logits: single.probability(logits, name),
    )


def _candidates(classifier: Classifier) -> dict[str, list[Outputs]]:
    """All names that can be asked for, each with what it may mean: a group comes before outputs of its name."""
    candidates: dict[str, list[Outputs]] = {}
    for index, name in enumerate(classifier.output_names):
        candidates.setdefault(name, []).append((index,))
    return candidates | {name: [tuple(outputs)] for name, outputs in classifier.groups.items()}


def _proposal(word: str, names: list[str]) -> str:
    """Propose the nearest names; where none is near, list them, or the first of many."""
    folded = {name.casefold(): name for name in names}
    near = [folded[name] for name in get_close_matches(word.casefold(), folded, n=LISTED, cutoff=0.5)]
    if near:
        return f"did you mean {_either(near)}?"
    return f"choose one of {', '.join(names[: 4 * LISTED])}{', ...' if len(names) > 4 * LISTED else ''}."


def _listed(meant: list[tuple[str, Outputs]]) -> str:
    """Say what a word may mean: each name, with its index where it is one output."""
    words = [f"{name} ({outputs[0]})" if len(outputs) == 1 else name for name, outputs in meant]
    return f"{', '.join(words[:LISTED])} and {len(words) - LISTED} more" if len(words) > LISTED else _either(words)


def _either(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
