"""The threshold of boxes where no validation images have chosen one."""

from collections.abc import Mapping

from gradcam_lab.localise.methods import METHODS

SHIPPED: Mapping[str, float] = {name: 0.2 for name, method in METHODS.items() if method.grid}
"""The threshold of each method where val has chosen none; see `tests/bench_threshold.py`."""

ITS_OWN = 1.0
"""The threshold of a method that gives each map one of its own: so many times that."""


def default_threshold(method: str) -> float:
    """Return the threshold of a method, one of `METHODS`, where none was chosen."""
    return SHIPPED.get(method, ITS_OWN)
