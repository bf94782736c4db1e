"""What the readers read is what the writers wrote, in every layout and in every convention of boxes."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcam_lab.data.box_conventions import CONVENTIONS, Convention
from gradcam_lab.data.layouts.reading import Reading
from gradcam_lab.data.registry import BoxData, open_data
from gradcam_lab.data.sample import Object
from tests import data_writers, folders

NAMES = ("dog", "Käse & Brot", "n0<2>")
IMAGES = ("a", "b", "img 10")
ALL = Reading(val_size=0.34, split_seed=1)

corners = st.one_of(st.integers(1, 20).map(float), st.floats(1, 20))


@st.composite
def objects(draw: st.DrawFn, *, flags: bool = True) -> Object:
    """An object that lies in an image of 30 x 20 and has an area in every convention."""
    (x0, x1), (y0, y1) = (sorted([draw(corners), draw(corners)]) for _ in range(2))
    difficult = draw(st.booleans()) if flags else False
    return Object(draw(st.sampled_from(NAMES)), (x0, y0, x1, y1), difficult)


def annotated(*, flags: bool = True) -> st.SearchStrategy[dict[str, list[Object]]]:
    """Objects of three images; some have none."""
    unique = st.lists(objects(flags=flags), max_size=3, unique_by=lambda one: (one.name, one.box))
    return st.fixed_dictionaries(dict.fromkeys(IMAGES, unique))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose images stay while their annotations change."""
    root = tmp_path_factory.mktemp("round")
    for number, name in enumerate(IMAGES):
        folders.draw(root / "images" / f"{name}.jpg", number)
        folders.draw(root / "yolo" / "images" / "train" / f"{name}.jpg", number)
    return root


def read(data: object) -> dict[str, tuple[Object, ...]]:
    """All objects of a data set of one list, which becomes three splits of one image each."""
    assert isinstance(data, BoxData)
    splits = [data.read(name) for name in ("train", "val", "test")]
    assert not any(split.repairs for split in splits)
    return {sample.id: sample.objects for split in splits for sample in split.samples}


def require_same(found: Mapping[str, Sequence[Object]], wrote: Mapping[str, Sequence[Object]]) -> None:
    assert set(found) == set(wrote)
    for name, objects in wrote.items():
        assert [(o.name, o.difficult) for o in found[name]] == [(o.name, o.difficult) for o in objects]
        for one, other in zip(found[name], objects, strict=True):
            assert one.box == pytest.approx(other.box, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(annotated(), st.sampled_from(("voc", "zero-based")))
def test_xml_in_a_second_folder(root: Path, wrote: dict[str, list[Object]], boxes: Convention) -> None:
    data_writers.write_xml(root / "images", root / "annots", wrote, boxes)
    reading = Reading(root / "annots", boxes, ALL.val_size, ALL.split_seed)
    require_same(read(open_data(str(root / "images"), reading=reading)), wrote)


@settings(max_examples=25, deadline=None)
@given(annotated(), st.sampled_from(CONVENTIONS))
def test_coco(root: Path, wrote: dict[str, list[Object]], boxes: Convention) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "instances.json"
        data_writers.write_coco(path, root / "images", wrote, boxes)
        reading = Reading(path, boxes, ALL.val_size, ALL.split_seed)
        require_same(read(open_data(str(root / "images"), reading=reading)), wrote)


@settings(max_examples=25, deadline=None)
@given(annotated(flags=False), st.sampled_from(CONVENTIONS))
def test_yolo(root: Path, wrote: dict[str, list[Object]], boxes: Convention) -> None:
    data_writers.write_yolo(root / "yolo", {"train": wrote}, NAMES, boxes)
    reading = Reading(None, boxes, ALL.val_size, ALL.split_seed)
    data = open_data(str(root / "yolo"), reading=reading)
    require_same(read(data), wrote)
