"""Files of other programs and failed downloads in the place of weights: each is called what it is, with what to do."""

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save

from gradcam_lab.errors import LabError
from gradcam_lab.models import zoo
from gradcam_lab.models.networks.architectures import build

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 46830571\n"
ONNX = b"\x08\x08\x12\x07pytorch\x1a\x052.4.0:\x90\x01" + bytes(200)  # ir_version 8, producer_name, ...


def zipped(*names):
    with zipfile.ZipFile(stream := io.BytesIO(), "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return stream.getvalue()


def saved(write, *arguments):
    write(*arguments, stream := io.BytesIO())
    return stream.getvalue()


def tarred():
    with tarfile.open(fileobj=(stream := io.BytesIO()), mode="w") as archive:
        archive.addfile(tarfile.TarInfo("weights.pth"))
    return stream.getvalue()


def scripted():
    return saved(torch.jit.save, torch.jit.trace(torch.nn.Linear(2, 2), torch.zeros(1, 2)))


def image(kind):
    return saved(lambda stream: Image.new("RGB", (4, 4)).save(stream, kind))


KINDS = {
    "empty": (lambda: b"", "is empty: delete it"),
    "LFS": (lambda: LFS, "is a pointer of Git LFS: run 'git lfs pull'"),
    "HTML": (lambda: b"\n<!DOCTYPE html><html><title>Sign in", "is a web page or an error message.*in a browser"),
    "HTML with a BOM": (lambda: b"\xef\xbb\xbf<HTML>", "is a web page"),
    "XML": (lambda: b'<?xml version="1.0"?>\n<Error><Code>AccessDenied', "is a web page or an error message"),
    "TorchScript": (scripted, r"is a TorchScript file, which is a program: .*torch\.jit\.load\(FILE\)\.state_dict\(\)"),
    "torch.export": (
        lambda: zipped("m/archive_format", "m/models/model.json"),
        "is a program that torch.export has saved",
    ),
    "ONNX": (lambda: ONNX, "is an ONNX file: take PyTorch weights"),
    "HDF5": (lambda: b"\x89HDF\r\n\x1a\n" + bytes(90), "is an HDF5 file, as Keras saves it: take PyTorch weights"),
    "Keras": (lambda: zipped("metadata.json", "config.json", "model.weights.h5"), "is a Keras file: take PyTorch"),
    "SavedModel": (lambda: b"\x08\x01\x12\xae\x02" + bytes(90), "is a SavedModel of TensorFlow"),
    "TFLite": (lambda: b"\x1c\x00\x00\x00TFL3" + bytes(90), "is a file of TensorFlow Lite"),
    "zip": (
        lambda: zipped("a.pth", "b.txt", "c", "d"),
        r"is a zip archive \('a.pth', 'b.txt', 'c', \.\.\.\): unpack it",
    ),
    "tar": (tarred, "is a tar archive: unpack it"),
    "gzip": (lambda: b"\x1f\x8b\x08" + bytes(90), "is a gzip archive: unpack it"),
    "npy": (lambda: saved(lambda stream: np.save(stream, np.zeros(3))), "is an array of NumPy: save a state_dict"),
    "npz": (lambda: saved(lambda stream: np.savez(stream, a=np.zeros(3))), "is an archive of NumPy: save a state_dict"),
    "JPEG": (lambda: image("JPEG"), "is a JPEG image"),
    "PNG": (lambda: image("PNG"), "is a PNG image"),
    "safetensors": (lambda: save({"a": torch.zeros(2)}), r"is a safetensors file: let its name end in \.safetensors"),
}


pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_another_kind_is_called_what_it_is(tmp_path, kind):
    make, says = KINDS[kind]
    path = tmp_path / "weights.pth"
    path.write_bytes(make())
    for load in (
        lambda: zoo.load("resnet18", str(path)),
        lambda: zoo.load(weights=str(path)),
        lambda: zoo.load_file(path),
    ):
        with pytest.raises(LabError, match=rf"weights\.pth' {says}"):
            load()


@pytest.mark.parametrize("kind", ["LFS", "HTML", "HDF5", "ONNX", "TorchScript"])
def test_also_where_the_name_says_safetensors(tmp_path, kind):
    make, says = KINDS[kind]
    path = tmp_path / "weights.safetensors"
    path.write_bytes(make())
    with pytest.raises(LabError, match=rf"weights\.safetensors' {says}"):
        zoo.load_file(path)


def test_the_advice_about_torchscript_works(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    network = build("cam_net", 3).eval()
    torch.jit.trace(network, torch.zeros(1, 3, 32, 32)).save("script.pt")
    with pytest.raises(LabError) as error:
        zoo.load_file(Path("script.pt"))
    code = str(error.value).partition(" by ")[2].rstrip(".").replace("FILE", "'script.pt'")
    exec(code, {"torch": torch})
    assert torch.equal(
        zoo.load_file(Path("weights.pth")).network.state_dict()["fc.weight"], network.state_dict()["fc.weight"]
    )


@pytest.mark.parametrize("modern", [False, True])
def test_a_file_of_torch_that_is_called_safetensors(tmp_path, modern):
    path = tmp_path / "weights.safetensors"
    torch.save({"a": torch.zeros(1)}, path, _use_new_zipfile_serialization=modern)
    with pytest.raises(LabError, match=r"is a file of torch\.save: let its name end in \.pth\."):
        zoo.load_file(path)


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("saved_model.pb", "is a folder, a SavedModel of TensorFlow, which cannot be read here: give --model the name"),
        ("data.pkl", r"is a folder, a file of torch\.save that was unpacked, which has to stay one file: give"),
        ("best.safetensors", r"is a folder, in which 'best\.safetensors' lies: give --model the name of a file"),
        ("notes.txt", "is a folder: give --model the name of a file of weights"),
    ],
)
def test_a_folder_in_the_place_of_a_file(tmp_path, file, says):
    (tmp_path / file).touch()
    with pytest.raises(LabError, match=says):
        zoo.load_file(tmp_path)
