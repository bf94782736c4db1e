"""A lesson taken apart: nothing of it is lost, and each part is where it belongs."""

import re

import pytest

from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.report.pages.lesson_source import Piece, pieces

LESSON = '''r"""# One

It begins.
"""

import os
from pathlib import Path

SIZE, DEPTH = 3, 4
"""How large, and how deep."""

# ## 1.1 First
#
# Prose with `code`.

# Still the same.


@staticmethod
def first(a: int) -> int:
    """Do one thing.

    Args:
        a: a number.
    """
    ### BEGIN SOLUTION 1.1
    return a  # a remark
    ### END SOLUTION 1.1


# ## 1.2 Written
#
# Why?

# ## 1.3 A class


class Second:
    """Hold."""

    x: int = 0

    # Before the method.

    def go(self) -> int:
        """Go."""
        # inside
        return self.x

# The end.
'''


def test_a_lesson_is_taken_apart():
    assert pieces(LESSON) == [
        Piece("# One\n\nIt begins.", code="import os\nfrom pathlib import Path"),
        Piece("", "SIZE, DEPTH", "How large, and how deep.", "SIZE, DEPTH = 3, 4"),
        Piece(
            "## 1.1 First\n\nProse with `code`.\n\nStill the same.",
            "first",
            "Do one thing.\n\nArgs:\n    a: a number.",
            "@staticmethod\ndef first(a: int) -> int:\n    return a  # a remark",
        ),
        Piece("## 1.2 Written\n\nWhy?"),
        Piece("## 1.3 A class", "Second", "Hold.", "class Second:\n\n    x: int = 0"),
        Piece("Before the method.", "Second.go", "Go.", "def go(self) -> int:\n    # inside\n    return self.x"),
        Piece("The end."),
    ]


def words(text):
    return re.findall(r"\w+", text)


@pytest.mark.parametrize("step", all_steps(), ids=lambda step: step.name)
def test_every_word_of_a_lesson_is_in_its_pieces_and_no_marker(step):
    found = pieces(step.source)
    text = "\n".join(part for piece in found for part in (piece.prose, piece.doc, piece.code))
    kept = "\n".join(line for line in step.source.splitlines() if not line.strip().startswith("### "))
    assert sorted(words(text)) == sorted(words(re.sub(r'\br(?=""")', "", kept)))
    assert "SOLUTION" not in text
