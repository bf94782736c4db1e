"""Train, val and test of data sets that lack one or more of them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcam_lab.data.layouts.reading import Reading
from gradcam_lab.data.layouts.shares import SPLITS, arranged, split_called
from gradcam_lab.errors import LabError

ROOT = Path("mine")
HUNDRED = list(range(100))


def parts(lists: dict[str, list[int]], reading: Reading) -> dict[str, list[int]]:
    return {name: arranged(lists, name, ROOT, reading)[0] for name in SPLITS}


def test_one_list_becomes_three() -> None:
    found = parts({"": HUNDRED}, Reading())
    assert {name: len(images) for name, images in found.items()} == {"train": 60, "val": 20, "test": 20}
    assert found == parts({"train": HUNDRED}, Reading()), "whatever the one list is called"
    assert found != parts({"": HUNDRED}, Reading(split_seed=1))
    told = arranged({"": HUNDRED}, "val", ROOT, Reading())[1]
    assert told == (
        "'mine' is not split: the 100 images become 60 of train, 20 of val and 20 of test, by the seed 0 "
        "(--val-size 0.2, --split-seed)."
    )


def test_without_test_a_half_of_val_becomes_it() -> None:
    lists = {"train": HUNDRED, "val": [200, 201, 202]}
    found = parts(lists, Reading())
    assert found["train"] == HUNDRED
    assert (len(found["val"]), len(found["test"])) == (2, 1)
    assert "has no test: of its val of 3 images 1 become test" in arranged(lists, "test", ROOT, Reading())[1]


def test_without_val_it_is_held_out_of_train() -> None:
    found = parts({"train": HUNDRED, "test": [200]}, Reading(val_size=7))
    assert (len(found["train"]), len(found["val"]), found["test"]) == (93, 7, [200])


def test_three_lists_stay() -> None:
    lists = {"train": [1], "val": [2], "test": [3]}
    assert parts(lists, Reading()) == lists
    assert arranged(lists, "val", ROOT, Reading()) == ([2], "")


@given(st.integers(2, 60), st.floats(0.01, 0.5), st.integers(0, 3))
def test_every_image_is_in_one_part(count: int, size: float, seed: int) -> None:
    images = list(range(count))
    reading = Reading(val_size=size, split_seed=seed)
    found = {name: arranged({"": images}, name, ROOT, reading)[0] for name in ("val", "test")}
    assert not set(found["val"]) & set(found["test"])
    left = count - len(found["val"]) - len(found["test"])
    if left:
        train = arranged({"": images}, "train", ROOT, reading)[0]
        assert sorted([*train, *found["val"], *found["test"]]) == images
        assert train == sorted(train)


@pytest.mark.parametrize(
    ("lists", "split", "reading", "message"),
    [
        ({"val": [1], "test": [2]}, "train", Reading(), "no split 'train' in 'mine': it has val, test"),
        ({"": HUNDRED}, "train", Reading(val_size=0.5), "Nothing is left for the split 'train' of 'mine'.*0 of train"),
        ({"": HUNDRED}, "val", Reading(val_size=51), "There are 100 images, too few for 51 images of val and as many"),
        ({"": HUNDRED}, "val", Reading(val_size=1.5), r"--val-size is 1\.5: give a share between 0 and 1, or a whole"),
        ({"": HUNDRED}, "val", Reading(val_size=0), "--val-size is 0: give a share"),
        ({"": [1]}, "val", Reading(), "There are 1 images, too few for 1 images of val and as many of test"),
    ],
)
def test_what_cannot_be_split(lists: dict[str, list[int]], split: str, reading: Reading, message: str) -> None:
    with pytest.raises(LabError, match=message):
        arranged(lists, split, ROOT, reading)


@pytest.mark.parametrize(
    ("name", "split"),
    [("instances_train2017", "train"), ("valid", "val"), ("Test", "test"), ("annotations", ""), ("my-val.v2", "val")],
)
def test_the_split_that_a_name_tells_of(name: str, split: str) -> None:
    assert split_called(name) == split
