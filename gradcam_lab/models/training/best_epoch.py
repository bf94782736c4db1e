"""Model selection: the best epoch of a training, and when to stop waiting for a better one."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class BestEpoch:
    """The epoch with the highest score on val, and of equal ones the one with the lowest loss.

    Where the classes are easy many epochs have the same score, and the loss says which of them is surest.

    Attributes:
        epoch: its number, from 1; 0 before the first.
        score: on val.
        loss: on val.

    Examples:
        >>> best = BestEpoch().after(1, score=0.8, loss=0.3).after(2, score=0.8, loss=0.2).after(3, score=0.7, loss=0.1)
        >>> best.epoch, best.is_stale(now=4, patience=2)
        (2, True)
    """

    epoch: int = 0
    score: float = -1.0
    loss: float = math.inf

    def after(self, epoch: int, score: float, loss: float) -> "BestEpoch":
        """Return the better one of this epoch and another."""
        return BestEpoch(epoch, score, loss) if (score, -loss) > (self.score, -self.loss) else self

    def is_stale(self, now: int, patience: int | None) -> bool:
        """Say whether it lies at least `patience` epochs back; never where patience is None."""
        return patience is not None and now - self.epoch >= patience
