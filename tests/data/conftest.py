"""The official data sets in small, on a server on this machine."""

import hashlib
import tarfile

import pytest

from gradcam_lab.data.cache import VARIABLE
from gradcam_lab.data.download import transfer
from gradcam_lab.vision import torchvision
from tests import folders
from tests.webserver import serving

datasets = torchvision().datasets
IMAGENETTE = {"train": {"n01440764": 3, "n02102040": 2}, "val": {"n01440764": 1, "n02102040": 1}}


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """The archives' contents by name; each is made once."""
    place = tmp_path_factory.mktemp("archives")
    folders.voc(place / "1" / "VOCdevkit" / "VOC2007", ("train", "val"))
    folders.voc(place / "2" / "VOCdevkit" / "VOC2007", ("test",))
    folders.imagenette(place / "3" / "imagenette2-160", IMAGENETTE)
    folders.pets(place / "4")
    return {
        "VOCtrainval_06-Nov-2007.tar": packed(place / "1", "w"),
        "VOCtest_06-Nov-2007.tar": packed(place / "2", "w"),
        "imagenette2-160.tgz": packed(place / "3", "w:gz"),
        "images.tar.gz": packed(place / "4", "w:gz", "images"),
        "annotations.tar.gz": packed(place / "4", "w:gz", "annotations"),
    }


def packed(folder, mode, *names):
    path = folder.with_suffix(".archive")
    with tarfile.open(path, mode) as archive:
        for name in names or [p.name for p in folder.iterdir()]:
            archive.add(folder / name, name)
    return path.read_bytes()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Where the data sets lie in an empty cache folder."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "mein Käse"))
    return tmp_path / "mein Käse" / "datasets"


@pytest.fixture
def mirror(archives, cache, monkeypatch):
    """A server on this machine to which torchvision's tables point, in place of the official ones."""
    monkeypatch.setattr(transfer, "PAUSES", (0.0,))
    with serving() as web:
        urls = {name: web.add(name, content) for name, content in archives.items()}
        sums = {name: hashlib.md5(content).hexdigest() for name, content in archives.items()}
        table = datasets.voc.DATASET_YEAR_DICT
        for key, name in (("2007", "VOCtrainval_06-Nov-2007.tar"), ("2007-test", "VOCtest_06-Nov-2007.tar")):
            assert table[key]["filename"] == name
            monkeypatch.setitem(table, key, {**table[key], "url": urls[name], "md5": sums[name]})
        assert datasets.Imagenette._ARCHIVES["160px"][0].endswith("/imagenette2-160.tgz")
        pair = (urls["imagenette2-160.tgz"], sums["imagenette2-160.tgz"])
        monkeypatch.setitem(datasets.Imagenette._ARCHIVES, "160px", pair)
        assert [url.rsplit("/")[-1] for url, _ in datasets.OxfordIIITPet._RESOURCES] == [
            "images.tar.gz",
            "annotations.tar.gz",
        ]
        pairs = tuple((urls[name], sums[name]) for name in ("images.tar.gz", "annotations.tar.gz"))
        monkeypatch.setattr(datasets.OxfordIIITPet, "_RESOURCES", pairs)
        yield web
