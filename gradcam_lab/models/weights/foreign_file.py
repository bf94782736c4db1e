"""Files that hold no weights that can be read here: recognised by their first bytes, with what to do about each."""

import zipfile
from pathlib import Path

HEAD = 512
"""Bytes of a file that are looked at; all but the names in a zip archive stands in them."""

FETCH = "fetch the file itself"
ELSEWHERE = (
    "take PyTorch weights of one of this lab's architectures, or convert it in the program that it is of and save a "
    "state_dict() by torch.save"
)
UNPACK = "unpack it, and give the weights file in it"

STARTS: tuple[tuple[bytes, str, str], ...] = (
    (b"version https://git-lfs.github.com/spec/", "a pointer of Git LFS", f"run 'git lfs pull', or {FETCH}"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file, as Keras saves it", ELSEWHERE),
    (b"\x93NUMPY", "an array of NumPy", "save a state_dict() by torch.save"),
    (b"GGUF", "a GGUF file, as language models are saved", ELSEWHERE),
    (b"\x1f\x8b", "a gzip archive", UNPACK),
    (b"BZh", "a bzip2 archive", UNPACK),
    (b"\xfd7zXZ\x00", "an xz archive", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (b"Rar!", "a RAR archive", UNPACK),
    (b"\xff\xd8\xff", "a JPEG image", "give the weights file in its place"),
    (b"\x89PNG\r\n", "a PNG image", "give the weights file in its place"),
    (b"\x08\x01\x12", "a SavedModel of TensorFlow", ELSEWHERE),  # before ONNX, which begins with a version too
)
"""How files of one kind begin, what they are, and what to do."""

ONNX_VERSIONS = range(3, 32)
"""The versions of ONNX's format, its first field; older ones were no release's."""

ONNX_NEXT = (0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42)
"""What the second field of an ONNX file can begin with: who made it, its domain, its graph, ..."""


def foreign_file(path: Path) -> str | None:
    """Return in one sentence what a file is that holds no weights for this lab, and what to do; None where it may.

    Only bytes are looked at: nothing in the file is executed or unpickled.

    Args:
        path: a file that can be read.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD)
    except OSError:
        return None  # whoever reads all of it says why it cannot be read
    found = _kind(path, head)
    return f"'{path}' is {found[0]}: {found[1]}." if found else None


def _kind(path: Path, head: bytes) -> tuple[str, str] | None:
    """Return what a file is and what to do; None where it is nothing that is known."""
    if not head:
        return "empty", "delete it, then fetch or save it again"
    for start, kind, advice in STARTS:
        if head.startswith(start):
            return kind, advice
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith((b"<!doctype", b"<html", b"<head", b"<?xml", b"<error")):
        return (
            "a web page or an error message, which a download has left in place of the weights",
            "open its address in a browser, and download the file itself",
        )
    if head[0] == 8 and len(head) > 2 and head[1] in ONNX_VERSIONS and head[2] in ONNX_NEXT:
        return "an ONNX file", ELSEWHERE
    if head[4:8] == b"TFL3":
        return "a file of TensorFlow Lite", ELSEWHERE
    if head[257:262] == b"ustar":
        return "a tar archive", UNPACK
    if head.startswith(b"PK\x03\x04"):
        return _zip_kind(path)
    if _is_safetensors(head) and path.suffix != ".safetensors":
        return "a safetensors file", "let its name end in .safetensors"
    if _is_pickle(head) and path.suffix == ".safetensors":
        return "a file of torch.save", "let its name end in .pth"
    return None


def _zip_kind(path: Path) -> tuple[str, str] | None:
    """Tell the zip archives apart by the names in them; a damaged one is nothing that is known."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError):
        return None
    last = {name.rsplit("/", 1)[-1] for name in names}
    if "data.pkl" in last and "constants.pkl" not in last:
        return ("a file of torch.save", "let its name end in .pth") if path.suffix == ".safetensors" else None
    if "constants.pkl" in last:
        return (
            "a TorchScript file, which is a program",
            "where you trust it, save its weights by torch.save(torch.jit.load(FILE).state_dict(), 'weights.pth')",
        )
    if last & {"serialized_exported_program.json", "archive_format"}:
        return (
            "a program that torch.export has saved",
            "save its weights by torch.save(torch.export.load(FILE).state_dict, 'weights.pth')",
        )
    if "model.weights.h5" in last:
        return "a Keras file", ELSEWHERE
    if last and all(name.endswith(".npy") for name in last):
        return "an archive of NumPy", "save a state_dict() by torch.save"
    inside = ", ".join(f"'{name}'" for name in names[:3]) + (", ..." if len(names) > 3 else "")
    return f"a zip archive ({inside or 'with nothing in it'})", UNPACK


def _is_safetensors(head: bytes) -> bool:
    """Say whether a file begins with the length of a header, 8 bytes, and the header, which is JSON."""
    return len(head) > 10 and head[8:10] == b'{"' and int.from_bytes(head[:8], "little") < 100_000_000


def _is_pickle(head: bytes) -> bool:
    """Say whether a file begins as a pickle of a binary protocol, torch's old serialisation."""
    return head[0] == 0x80 and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05")
