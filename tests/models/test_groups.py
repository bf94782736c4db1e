"""Groups of the user's: classes that are made of several outputs."""

from dataclasses import replace

import pytest

from gradcam_lab.errors import LabError
from gradcam_lab.models import zoo
from gradcam_lab.models.class_names import with_class
from gradcam_lab.models.groups import with_groups


@pytest.fixture(scope="module")
def classifier():
    return zoo.load()


def test_a_group_stands_beside_the_networks_own_classes(classifier):
    grouped = with_groups(classifier, ["pet=cat, dog", "vehicle=car,1"])
    at = classifier.output_names.index
    assert grouped.outputs_of("pet") == [at("cat"), at("dog")]
    assert grouped.outputs_of("vehicle") == [at("car"), 1]
    assert set(grouped.class_names) == {*classifier.class_names, "pet", "vehicle"}
    assert with_class(grouped, "Pet")[1] == "pet"


def test_a_member_may_be_a_group_and_counts_once(classifier):
    grouped = with_groups(classifier, ["pet=cat,dog", "animal=pet,dog,horse"])
    assert len(grouped.outputs_of("animal")) == 3


def test_a_group_replaces_one_of_its_name(classifier):
    named = replace(classifier, groups={**classifier.groups, "pet": (0,)})
    assert with_groups(named, ["pet=dog"]).outputs_of("pet") == classifier.outputs_of("dog")


def test_a_yaml_file(classifier, tmp_path):
    path = tmp_path / "Gruppen.yaml"
    path.write_text("pet: [cat, 4]\nÄpfel: dog\n", encoding="utf-8")
    grouped = with_groups(classifier, [str(path)])
    assert grouped.outputs_of("pet") == [*classifier.outputs_of("cat"), 4]
    assert grouped.outputs_of("Äpfel") == classifier.outputs_of("dog")


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("pet", 'neither a name with its outputs nor a YAML file of such: write --group "kangaroo=wallaby,koala"'),
        ("=cat", "neither a name"),
        ("pet=", "neither a name"),
        ("pet=cat,unicorn", "has no class 'unicorn'"),
        ("pet=hors", "x"),
        ("pet=77", "There is no class 77"),
        ("none.yaml", "There is no file 'none.yaml'"),
    ],
)
def test_what_is_no_group(classifier, word, says):
    if says == "x":  # the beginning of one name is that name, as everywhere
        assert with_groups(classifier, [word]).outputs_of("pet") == classifier.outputs_of("horse")
        return
    with pytest.raises(LabError, match=says):
        with_groups(classifier, [word])


@pytest.mark.parametrize(
    "text", ["", "- cat", "pet:", "pet: []", "pet: {a: b}", "pet: [1.5]", "pet: [true]", "a: *b", "[" * 5000]
)
def test_a_file_that_is_no_groups(classifier, tmp_path, text):
    (tmp_path / "g.yml").write_text(text, encoding="utf-8")
    with pytest.raises(LabError, match=r"g\.yml' is no YAML file of groups"):
        with_groups(classifier, [str(tmp_path / "g.yml")])


@pytest.mark.parametrize("text", ["pet: cat\npet: dog\n", "{pet: cat, 'pet': dog}", "1: cat\n'1': dog\n"])
def test_a_file_that_names_a_group_twice(classifier, tmp_path, text):
    (tmp_path / "g.yml").write_text(text, encoding="utf-8")
    with pytest.raises(LabError, match=r"g\.yml' names the group '(pet|1)' twice: keep one"):
        with_groups(classifier, [str(tmp_path / "g.yml")])
