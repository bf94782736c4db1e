"""The cache folder: ToyVOC and the downloaded data sets, which the lab can make or fetch again."""

import os
from pathlib import Path

import platformdirs

VARIABLE = "GRADCAM_LAB_CACHE"
"""The environment variable that names another cache folder."""


def cache_folder() -> Path:
    """Return the cache folder: the one that `VARIABLE` names, or the user's own. It need not exist."""
    chosen = os.environ.get(VARIABLE)
    return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("gradcam-lab")
