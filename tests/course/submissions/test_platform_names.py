"""The names that learning platforms give to what was handed in."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcam_lab.course.submissions.platform_names import newest, original, parse

NUMBERS = st.integers(min_value=0, max_value=10**9)
WORD = st.from_regex(r"[a-z\u00e0-\u00f6]{1,12}", fullmatch=True)
FILES = st.sampled_from(["step1_cam.py", "step2_gradcam.py", "answers.md", "lab.tar.gz", "my lab.zip", "a_1_2_b.py"])
PERSON = st.from_regex(r"[A-Za-zÀ-ö' .,-]{1,20}", fullmatch=True)


@settings(max_examples=40, deadline=None)
@given(WORD, st.booleans(), NUMBERS, NUMBERS, FILES, st.integers(0, 99))
def test_names_of_canvas_are_taken_apart(student, late, user, file, name, again):
    stem, dot, end = name.partition(".")
    given_name = f"{stem}-{again}{dot}{end}" if again else name
    found = parse(f"{student}{'_LATE' if late else ''}_{user}_{file}_{given_name}")
    assert found is not None
    assert found[1:6] == (student, str(user), name, (file, again), late)


@settings(max_examples=40, deadline=None)
@given(PERSON, NUMBERS, st.one_of(FILES, st.just("")))
def test_names_of_moodle_are_taken_apart(student, number, name):
    found = parse(f"{student}_{number}_assignsubmission_file_{name}")
    assert found is not None
    assert (found.platform, found.student, found.id, found.name) == ("moodle", student, str(number), name)


@settings(max_examples=40, deadline=None)
@given(st.text())
def test_any_text_is_taken_apart_or_not_and_never_fails(text):
    found = parse(text)
    assert found is None or found.student in text
    name, number = original(text)
    assert (name == text) == (number == 0) or re.search(r"[-(]0+\)?", text)


@settings(max_examples=40, deadline=None)
@given(st.lists(FILES.map(lambda name: re.sub(r"\.", "-1.", name, count=1)) | FILES, unique=True))
def test_every_file_is_either_kept_or_named_as_older(names):
    kept, older = newest(names, key=str)
    assert sorted(kept + older) == sorted(names)
    assert len({original(name)[0] for name in kept}) == len({original(name)[0] for name in names})


@pytest.mark.parametrize("name", ["step1_cam.py", "ada", "submission_12345", "ada_lab.zip", "my_12_lab.zip"])
def test_other_names_are_no_platforms(name):
    assert parse(name) is None


def test_anonymous_ones_of_canvas():
    assert parse("LATE_anon_Ab3x9_12_step1_cam.py") == (
        *("canvas", "anon_Ab3x9", "Ab3x9", "step1_cam.py"),
        (12, 0),
        *(True, False),
    )


def test_a_text_typed_into_moodle_is_no_step_file():
    found = parse("Ada_12_assignsubmission_onlinetext_onlinetext.html")
    assert found is not None
    assert (found.student, found.name, found.typed) == ("Ada", "onlinetext.html", True)
