"""The table of what `--data` takes: each command as it stands there, on a small data set of that kind."""

import re
import shlex
import shutil

import pytest

from tests.commands import lab
from tests.documents import page

ELSEWHERE = ("pets", "imagenette", "photos")
"""Data that are downloaded, and photos for a network that is: their layouts and `locate` have tests of their own."""


def commands():
    table = page("own-data").split("| what you have | command |")[1].split("\n\n")[0]
    found = re.findall(r"`(gradcam-lab [^`]*)`", table)
    return [line for line in found if not {*ELSEWHERE} & {*shlex.split(line)[2:4]} or "--annotations" in line]


@pytest.fixture(scope="module")
def data(toy, tmp_path_factory):
    """A folder with the small ToyVOC in every form that the table names."""
    root = tmp_path_factory.mktemp("readme")
    voc = shutil.copytree(toy, root / "VOCdevkit" / "VOC2007")
    shutil.copytree(voc / "JPEGImages", root / "kangaroo" / "images")
    shutil.copytree(voc / "Annotations", root / "kangaroo" / "annots")
    for source, kind, out in (("VOCdevkit/VOC2007", "voc", "coco"), ("coco", "coco", "yolo")):
        words = (root / source, "--from", kind, "--to", out, "--out", root / out, "--copy-images")
        assert lab("convert", *words).code == 0
    shutil.copytree(voc / "JPEGImages", root / "photos")
    shutil.copy(root / "coco" / "annotations" / "instances_test.json", root / "instances.json")
    for number, image in enumerate(sorted((voc / "JPEGImages").iterdir())[:12]):
        (root / "flowers" / f"class {number % 2}").mkdir(parents=True, exist_ok=True)
        shutil.copy(image, root / "flowers" / f"class {number % 2}")
    return root


def test_every_command_of_the_table_runs(data, monkeypatch):
    monkeypatch.chdir(data)
    lines = commands()
    assert len(lines) == 8
    for number, line in enumerate(lines):
        words = shlex.split(line)[1:]
        quick = ("--plan", "--out", f"run {number}")  # all is read, and nothing computed
        more = {"run-all": quick, "train": ("--epochs", 1, "--arch", "cam_net")}
        done = lab(*words, *more.get(words[0], ()))
        assert done.code == 0, (line, done.err)
