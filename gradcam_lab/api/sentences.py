"""Errors as sentences, the same as on the command line."""

from collections.abc import Iterator
from contextlib import contextmanager

from gradcam_lab.errors import LabError, is_out_of_memory, memory_advice


@contextmanager
def sentences() -> Iterator[None]:
    """Turn torch's error where the memory does not suffice into a sentence; all others are sentences already.

    Raises:
        LabError: the memory does not suffice.
    """
    try:
        yield
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        raise LabError(memory_advice(error)) from error
