"""A student's own modules: which imports lead to them, and what Python then finds."""

import sys
from importlib import import_module

import pytest

from gradcam_lab.own_modules import OwnModule, closure, imports, install


@pytest.fixture(autouse=True)
def nothing_stays():
    yield
    install({})


@pytest.mark.parametrize(
    ("text", "name", "package", "expected"),
    [
        ("import a\nimport b.c as d", "", False, ["a", "b", "b.c"]),
        ("def f():\n    from a import b", "", False, ["a", "a.b"]),
        ("from . import b", "tools.a", False, ["tools", "tools.b"]),
        ("from .b import c", "tools", True, ["tools", "tools.b", "tools.b.c"]),
        ("from ... import b", "tools.a", False, []),
        ("from a import *", "", False, ["a", "a.*"]),
        ("import a\nif (:", "", False, []),
    ],
)
def test_imports(text, name, package, expected):
    assert list(imports(text, name, package)) == expected


def test_what_own_modules_import_in_turn_is_found_also_in_a_circle():
    texts = {"a": "import b", "b": "import a\nimport c.d", "c": "", "c.d": "import torch"}
    found = closure(["a", "numpy"], lambda name: OwnModule(texts[name], f"{name}.py") if name in texts else None)
    assert list(found) == ["a", "b", "c", "c.d"]


def test_they_are_imported_from_their_texts_with_their_files_as_names(tmp_path):
    install(
        {
            "mytools": OwnModule("", str(tmp_path / "mytools" / "__init__.py"), True),
            "mytools.inner": OwnModule("from . import other\nx = other.x\n", str(tmp_path / "mytools" / "inner.py")),
            "mytools.other": OwnModule("x = 3\n", str(tmp_path / "mytools" / "other.py")),
        }
    )
    inner = import_module("mytools.inner")
    assert (inner.x, inner.__file__) == (3, str(tmp_path / "mytools" / "inner.py"))
    assert not list(tmp_path.iterdir())


def test_a_second_set_replaces_the_first():
    install({"one_of_mine": OwnModule("x = 1", "one_of_mine.py"), "two_of_mine": OwnModule("", "two_of_mine.py")})
    assert import_module("one_of_mine").x == 1
    import_module("two_of_mine")
    install({"one_of_mine": OwnModule("x = 2", "one_of_mine.py")})
    assert import_module("one_of_mine").x == 2
    with pytest.raises(ModuleNotFoundError):
        import_module("two_of_mine")
    install({})
    assert "one_of_mine" not in sys.modules
