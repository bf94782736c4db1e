"""What is to be explained, in the user's words: a class, a group of classes, or why one rather than another.

A target is a score: any function from the logits (N, C) to one number an image (N,) can be explained, and a class's
logit is only the usual one. See `rather_than` for one that is not a class.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

from torch import Tensor

from gradcam_lab.errors import LabError
from gradcam_lab.models.class_names import Outputs, find_class, find_output
from gradcam_lab.models.classifier import Classifier

TargetScore = Callable[[Tensor], Tensor]
"""From logits (N, C) to one score an image, (N,)."""


@dataclass(frozen=True)
class Target:
    """A score with a name.

    Attributes:
        name: the class, as it is shown.
        outputs: the network's outputs that make up the class.
        score: what is explained; for a class its logit, for a group the log-sum-exp of its logits.
        probability: of the class.
        against: the other class, where the score is the difference of two.
        simple_name: what people call an output of ImageNet; "" where that is no other name.
    """

    name: str
    outputs: Outputs
    score: TargetScore
    probability: TargetScore
    against: "Target | None" = None
    simple_name: str = ""

    @property
    def parts(self) -> "list[Target]":
        """The classes that the score is made of: itself, and the one that it is set against."""
        return [self, self.against] if self.against else [self]

    @property
    def title(self) -> str:
        """The name, with what people call it and the index where it is one output; of a difference both names."""
        name = f"{self.name} / {self.simple_name}" if self.simple_name else self.name
        label = name if self.index is None else f"{name} ({self.index})"
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
    """Return the class that a word means as a target; the order and the errors are those of `find_class`."""
    return _target(classifier, *find_class(classifier, word))


def output_target(classifier: Classifier, index: int) -> Target:
    """Return one output as a target, under its own name.

    Raises:
        LabError: the network has no such output.
    """
    return _target(classifier, *find_output(classifier, index))


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
    own = name == classifier.output_names[outputs[0]]  # a group of one output, such as `cow` for ox, has another name
    return Target(
        name,
        outputs,
        simple_name=classifier.simple_names[outputs[0]] if own else "",
        score=lambda logits: single.score(logits, name),
        probability=lambda logits: single.probability(logits, name),
    )


class OneTarget(Classifier):
    """A classifier that knows one class, whose score is a target's, and so may be a difference."""

    target: Target

    @classmethod
    def of(cls, classifier: Classifier, target: Target) -> "OneTarget":
        """Have a classifier know this target alone."""
        known = {field.name: getattr(classifier, field.name) for field in fields(Classifier)}
        one = cls(**{**known, "groups": {target.name: target.outputs}})
        one.target = target
        return one

    def score(self, outputs: Tensor, name: str) -> Tensor:
        """Return the target's score, shape (N,)."""
        return self.target.score(outputs)
