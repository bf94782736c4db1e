"""How people type a name: capitals, hyphens, underscores and spaces tell nothing apart."""

import re

_SEPARATORS = re.compile(r"(?<=[^\W_])[\W_]+")


def folded(name: str) -> str:
    """Return what is left of a name once capitals and all that stands between its letters and digits are dropped.

    What it begins with stays, so that "-1" is not "1".

    Examples:
        >>> folded("Ring-tailed_lemur") == folded("ring tailed Lemur")
        True
        >>> folded("crane (bird)"), folded("-1")
        ('cranebird', '-1')
    """
    return _SEPARATORS.sub("", name.strip().casefold())
