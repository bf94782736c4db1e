"""Imports torchvision, also beside a CPU-only build of torch, and without torch's compiler.

The package index's torchvision is built against a CUDA torch. Beside a CPU build its compiled operators cannot
load, and `import torchvision` fails with `operator torchvision::nms does not exist`, although models, transforms
and data sets need none of them. Declaring the two missing schemas first makes the import work; they stay
without a kernel, so `torchvision.ops` must not be called (and nothing here does).

Those operators are also all that needs torch's compiler, `torch._dynamo`. To import it takes longer than all the rest
of torchvision, and leaves a folder among the temporary files.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from types import ModuleType

SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"

COMPILER = "torch._dynamo"


@cache
def torchvision() -> ModuleType:
    """Import torchvision, declaring its operators first only where the plain import fails for want of them.

    Raises:
        RuntimeError, ImportError: the import fails for any other reason.
    """
    try:
        return _imported()
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
    import torch

    _forget()
    torch.library.define("torchvision::nms", SCHEMA)
    torch.library.define("torchvision::qnms", SCHEMA)
    return _imported()


def _imported() -> ModuleType:
    """Import it without the compiler, or with it where this version asks for more of it than we know."""
    try:
        with _compiler_left_out():
            return import_module("torchvision")
    except ImportError as error:
        if not (error.name or "").startswith(COMPILER):
            raise
    _forget()
    return import_module("torchvision")


def _forget() -> None:
    """Forget an import that stopped half-way."""
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]


@contextmanager
def _compiler_left_out() -> Iterator[None]:
    """Let modules without code stand in for the compiler, where nobody has imported it before."""
    if COMPILER in sys.modules:
        yield
        return
    utils = ModuleType(f"{COMPILER}.utils")
    utils.is_compile_supported = _is_compile_supported  # type: ignore[attr-defined]
    package = ModuleType(COMPILER)
    package.__path__ = []
    before = {module.__name__: module for module in (package, utils)}
    sys.modules.update(before)
    try:
        yield
    finally:
        for name in before:
            del sys.modules[name]


def _is_compile_supported(device: str) -> bool:
    """Import the compiler now, for whoever does call `torchvision.ops`."""
    return bool(import_module(f"{COMPILER}.utils").is_compile_supported(device))
