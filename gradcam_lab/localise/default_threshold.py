"""The threshold of boxes where no validation images have chosen one."""

from gradcam_lab.localise.methods import Method

DEFAULT_THRESHOLD = 0.2
"""A fraction of the map's maximum; it suits drawings and photos alike."""

ITS_OWN = 1.0
"""The threshold of a method that gives each map one of its own: so many times that."""


def default_threshold(method: Method) -> float:
    """Return the threshold of a method where none was chosen."""
    return DEFAULT_THRESHOLD if method.grid else ITS_OWN
