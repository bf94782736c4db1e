"""What a student's code prints in a run: the first lines of each stage, and how many more there were."""

import sys
from typing import Any, TextIO

from gradcam_lab import console

LINES = 10
"""Number of lines that are shown of each stage."""


class CappedStream:
    """Stands in for stdout while a student's code runs; what the lab says goes its own way.

    Args:
        stream: the real stdout.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.lines = 0

    def write(self, text: str) -> int:
        """Write as much of a text as may still be shown."""
        for line in text.splitlines(keepends=True):
            if self.lines < LINES:
                self.stream.write(line)
            self.lines += line.endswith("\n")
        return len(text)

    def end_stage(self, stage: str) -> None:
        """Say how many lines of a stage were left out, and begin to count again."""
        left_out, self.lines = self.lines - LINES, 0
        if left_out > 0:
            console.say(
                f"  ... your code printed {left_out:,} more line{'s' if left_out > 1 else ''} in stage '{stage}'"
            )

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def cap_prints() -> CappedStream:
    """Let `print` write into a capped stream from now on, and the lab's own lines past it."""
    capped = CappedStream(sys.stdout)
    console.say_to(sys.stdout)
    sys.stdout = capped
    return capped
