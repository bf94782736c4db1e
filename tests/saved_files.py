"""Writing files of boxes, and checking the sentence that refuses a bad one."""

import json

import pytest

from gradcam_lab.errors import LabError


def written(path, content):
    """Write a text, or anything else as JSON, and return the path."""
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def refused(words, read, *arguments, **options):
    """Check that a call fails with one sentence that names a file by its path and contains these words."""
    with pytest.raises(LabError) as error:
        read(*arguments, **options)
    sentence = str(error.value)
    assert words in sentence
    assert any(f"'{path}'" in sentence for path in arguments)
    assert "\n" not in sentence
    assert sentence.endswith(".")
