"""The pytest plugin of workspaces made by an older gradcam-lab, whose `pytest.ini` names this module."""

import pytest

raise pytest.UsageError(
    "This workspace's pytest.ini is from an older gradcam-lab: run 'gradcam-lab upgrade', and your text stays."
)
