"""What in a text reaches around the exercise: ready-made libraries, the reference, and Python's own insides.

It says where to look, and not what to think of it: each of these has an honest use too.
"""

import ast
from collections.abc import Iterator
from typing import NamedTuple

from gradcam_lab.course.authoring.cut import BEGIN, END
from gradcam_lab.course.integrity.imports import (
    TOO_DEEP,
    Import,
    bound_names,
    dotted_name,
    imports_of,
    running,
)
from gradcam_lab.course.integrity.reference import is_reference
from gradcam_lab.excerpts import parse

READY_MADE = (
    "captum",
    "torchcam",
    "pytorch_grad_cam",
    "grad_cam",
    "gradcam",
    "zennit",
    "innvestigate",
    "tf_keras_vis",
    "xplique",
    "omnixai",
    "quantus",
    "torchray",
    "shap",
    "lime",
    "sklearn",
    "torchmetrics",
    "pycocotools",
)
"""Libraries that make maps, or count scores: the exercise is to write these oneself."""

INSIDES = (
    "gc",
    "inspect",
    "ctypes",
    "runpy",
    "pkgutil",
    "importlib",
    "traceback",
    "linecache",
    "marshal",
    "dis",
    "code",
    "codeop",
    "mmap",
    "builtins",
)
"""Modules with which code finds, reads or runs other code."""

OUTSIDE = (
    "subprocess",
    "multiprocessing",
    "socket",
    "urllib",
    "requests",
    "http",
    "ftplib",
    "psutil",
    "pty",
)
"""Modules with which code leaves its process."""

FUNCTIONS = {
    "sys.modules": "looks at the modules that are loaded",
    "sys._getframe": "looks at the frames of its callers",
    "sys._current_frames": "looks at the frames of its callers",
    "sys.settrace": "watches other code while it runs",
    "sys.setprofile": "watches other code while it runs",
    "sys.meta_path": "changes how modules are imported",
    "sys.path_hooks": "changes how modules are imported",
    "os.system": "starts a process",
    "os.popen": "starts a process",
    "os.fork": "starts a process",
    "os.kill": "sends signals to processes",
    "os.environ": "looks at the environment",
    "unittest.mock": "replaces parts of other code",
    "exec": "runs a text as code",
    "eval": "runs a text as code",
    "compile": "makes code of a text",
    "globals": "looks at all names of its module",
    "__builtins__": "looks at Python's own functions",
}
"""Names, written out, and what code does with them."""

ATTRIBUTES = {
    **dict.fromkeys(("f_back", "f_globals", "f_locals", "f_code", "f_builtins"), "looks at the frames of its callers"),
    **dict.fromkeys(("tb_frame", "gi_frame", "cr_frame", "ag_frame"), "looks at the frames of its callers"),
    **dict.fromkeys(("__code__", "__globals__", "__closure__", "__wrapped__"), "takes functions apart"),
    **dict.fromkeys(("__subclasses__", "__builtins__"), "searches for classes and functions of other code"),
    **dict.fromkeys(("__file__", "__path__", "__spec__", "__loader__"), "asks where a module lies"),
}

PLACES = ("gradcam_lab", "site-packages", "dist-packages")
"""Words in a string that name the installed package."""


class Oddity(NamedTuple):
    """What a line does, as the rest of a sentence."""

    line: int
    what: str


def oddities(text: str) -> list[Oddity]:
    """List what a text does that is worth a look, each kind once, by line.

    Args:
        text: Python source; one that does not parse is searched for the reference's markers only.

    Examples:
        >>> oddities("import captum.attr")
        [Oddity(line=1, what='imports captum, which is ready-made')]
    """
    found = [
        Oddity(number, "holds the reference's markers")
        for number, line in enumerate(text.split("\n"), start=1)
        if BEGIN.match(line) or END.match(line)
    ]
    try:
        found += _odd(parse(text))
    except SyntaxError:
        return found[:1]
    except TOO_DEEP:
        found.append(Oddity(1, "is nested too deep to be read"))
    else:
        found += [oddity for entry in imports_of(text) for oddity in _of_import(entry)]
    first: dict[str, int] = {}
    for line, what in sorted(found):
        first.setdefault(what, line)
    return sorted(Oddity(line, what) for what, line in first.items())


def _odd(tree: ast.Module) -> list[Oddity]:
    nodes = list(running(tree))
    bound = bound_names(nodes)
    strings = _docstrings(nodes)
    return [oddity for node in nodes for oddity in _of_node(node, bound, strings)]


def _of_import(entry: Import) -> Iterator[Oddity]:
    name, line = entry
    root = name.partition(".")[0]
    if not name:
        yield Oddity(line, "imports a module whose name is not written out")
    elif is_reference(name):
        yield Oddity(line, "imports the reference")
    elif root == "gradcam_lab":
        yield Oddity(line, "imports gradcam_lab, the lab itself")
    elif root in READY_MADE:
        yield Oddity(line, f"imports {root}, which is ready-made")
    elif root in INSIDES:
        yield Oddity(line, f"imports {root}, with which code finds other code")
    elif root in OUTSIDE:
        yield Oddity(line, f"imports {root}, with which code leaves its process")
    elif what := next((FUNCTIONS[known] for known in FUNCTIONS if f"{name}.".startswith(f"{known}.")), ""):
        yield Oddity(line, f"{what} ({name})")


def _of_node(node: ast.AST, bound: dict[str, str], docstrings: set[int]) -> Iterator[Oddity]:
    if isinstance(node, ast.Name) and node.id in FUNCTIONS and node.id not in bound:
        yield Oddity(node.lineno, f"{FUNCTIONS[node.id]} ({node.id})")
    elif isinstance(node, ast.Attribute) and node.attr in ATTRIBUTES:
        yield Oddity(node.lineno, f"{ATTRIBUTES[node.attr]} ({node.attr})")
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
        named = [place for place in PLACES if place in node.value]
        yield from (Oddity(node.lineno, f"names the installed package in a string ('{place}')") for place in named[:1])
    roots = {name.partition(".")[0] for name in bound.values()}
    for target in _targets(node):
        name = dotted_name(target, bound)
        is_setting = ".backends." in name  # such as torch.backends.cudnn.benchmark
        if isinstance(target, ast.Attribute) and name.partition(".")[0] in roots and not is_setting:
            yield Oddity(target.lineno, f"replaces {name}")


def _targets(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AugAssign | ast.AnnAssign) else []


def _docstrings(nodes: list[ast.AST]) -> set[int]:
    """The identities of the strings that stand alone."""
    return {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
