"""Errors are sentences, the same as on the command line."""

import pytest

import gradcam_lab as lab
from gradcam_lab.api.sentences import sentences
from gradcam_lab.errors import memory_advice


def test_a_memory_that_does_not_suffice_is_a_sentence():
    error = RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")
    with pytest.raises(lab.LabError) as told, sentences():
        raise error
    assert str(told.value) == memory_advice(error)


def test_a_fault_of_ours_stays_what_it_is():
    with pytest.raises(RuntimeError, match="bug"), sentences():
        raise RuntimeError("bug")
