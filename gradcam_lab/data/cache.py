"""Where the lab keeps what it can make again."""

import os
from pathlib import Path

import platformdirs

VARIABLE = "GRADCAM_LAB_CACHE"


def cache_folder() -> Path:
    """The cache folder: what the environment variable GRADCAM_LAB_CACHE names, or the user's own. It need not exist."""
    chosen = os.environ.get(VARIABLE)
    return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("gradcam-lab")
