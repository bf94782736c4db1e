"""How much two students share: copies are found under other names, honest work is not."""

from itertools import combinations

import pytest

from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import all_steps, following
from gradcam_lab.course.integrity.similarity import COMMON, own_sequences, similar_pairs
from tests.course.integrity.gallery import disguised, right_ones, unmarked, written


@pytest.fixture(scope="module")
def first():
    return {file: unmarked(text) for file, text in written(right_ones(0)).items()}


@pytest.fixture(scope="module")
def reference():
    return {step.file: unmarked(step.source) for step in all_steps()}


def alike(submissions):
    return [pair for pair in similar_pairs(submissions) if pair.alike]


def test_a_copy_is_found_under_other_names_and_layout(first, reference):
    copy = {file: disguised(text) for file, text in first.items()}
    (pair,) = alike({"anna": first, "bob": copy, "carl": reference})
    assert pair.names == ("anna", "bob")
    assert pair.share > 0.95
    assert "match_detections" in pair.equal
    assert pair.line("anna") > 0 < pair.line("bob")
    assert pair.what("bob").startswith(
        f"shares {pair.share:.0%} of the smaller one's own code with anna; equal but for"
    )


def test_one_copied_step_is_found(first, reference):
    step = all_steps()[3]
    mixed = {**reference, step.file: disguised(first[step.file])}
    (pair,) = alike({"anna": first, "bob": mixed})
    assert pair.file == step.file
    assert {"match_detections", "precision_recall"} <= set(pair.equal)


def test_different_right_answers_share_nothing():
    """What the shares are measured on: of two right answers to one task none has a sequence of the other."""
    compared = 0
    for step in all_steps():
        units = {region.mark: region.unit for region in cut.regions(step.source)}
        for one, other in combinations(step.right_answers, 2):
            if one.mark == other.mark:
                grafted = [cut.graft(step.source, {answer.mark: answer.body}) for answer in (one, other)]
                mine, theirs = (own_sequences(cut.unit_text(text, units[one.mark]) or "") for text in grafted)
                assert not mine.keys() & theirs.keys()
                compared += 1
    assert compared > 4


def test_stubs_and_the_reference_itself_are_nobodys_own(reference):
    stubs = {step.file: cut.stub(step.source) for step in all_steps()}
    assert similar_pairs({"a": stubs, "b": stubs, "c": reference, "d": reference}) == []


def test_a_step_that_a_teachers_course_drops_is_nobodys_own_either(reference):
    stubs = {step.file: cut.stub(step.source) for step in all_steps()}
    only = all_steps()[:1]
    with following(lambda: only):
        assert similar_pairs({"a": stubs, "b": reference}) == []


def test_what_most_of_a_class_writes_is_nobodys_own(first):
    step = all_steps()[3]
    one = {step.file: first[step.file]}
    assert alike({f"s{number}": one for number in range(COMMON)})
    assert not alike({f"s{number}": one for number in range(COMMON + 1)})


def test_what_does_not_parse_is_left_out(first):
    assert similar_pairs({"a": {"step1_cam.py": "def ("}, "b": {"step1_cam.py": "def ("}}) == []
