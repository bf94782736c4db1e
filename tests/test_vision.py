"""The import of torchvision, each time in a fresh process because an import happens only once."""

import os
import subprocess
import sys

import pytest


def run(code, *first_on_path):
    path = os.pathsep.join([*map(str, first_on_path), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        env={**os.environ, "PYTHONPATH": path.rstrip(os.pathsep)},
    )


def fake_torchvision(folder, source):
    """A package that stands in for torchvision, so that every kind of failing import can be had on any machine."""
    package = folder / "torchvision"
    package.mkdir()
    (package / "__init__.py").write_text(source, encoding="utf-8")
    (package / "part.py").write_text("", encoding="utf-8")
    return folder


def test_the_real_one_makes_models_and_transforms():
    done = run(
        "from gradcam_lab.vision import torchvision\n"
        "import sys\n"
        "assert 'torch' not in sys.modules, 'torch is slow to import and not asked for yet'\n"
        "vision = torchvision()\n"
        "assert vision is torchvision() is sys.modules['torchvision']\n"
        "import torch\n"
        "print(tuple(vision.models.squeezenet1_1()(torch.zeros(1, 3, 64, 64)).shape))\n"
        "from torchvision import transforms, datasets\n"
        "assert 'torch._dynamo' not in sys.modules, 'it is slow to import, and nothing here compiles'\n"
        "import torch._dynamo.utils\n"  # whoever does compile has the real one
        "assert torch._dynamo is sys.modules['torch._dynamo'] and torch._dynamo.utils.is_compile_supported('cpu')\n"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "(1, 1000)\n"


def test_a_torchvision_that_asks_for_more_of_the_compiler_has_it(tmp_path):
    source = "print('import')\nfrom torch._dynamo.utils import is_compile_supported, more\nprint(more)\n"
    compiler = fake_torchvision(tmp_path, source) / "torch" / "_dynamo"
    compiler.mkdir(parents=True)
    for name in ("../__init__.py", "__init__.py"):
        (compiler / name).write_text("", encoding="utf-8")
    (compiler / "utils.py").write_text("is_compile_supported, more = bool, 'the real one'", encoding="utf-8")
    done = run("from gradcam_lab.vision import torchvision; torchvision()", tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["import", "import", "the real one"]


def test_missing_operators_are_declared_and_the_import_starts_afresh(tmp_path):
    fake_torchvision(
        tmp_path,
        "import sys, torch, torchvision.part\n"
        "print('import')\n"
        "torch._C._dispatch_has_kernel_for_dispatch_key('torchvision::nms', 'Meta')\n"  # raises where it is unknown
        "torch._C._dispatch_has_kernel_for_dispatch_key('torchvision::qnms', 'Meta')\n",
    )
    done = run("from gradcam_lab.vision import torchvision; print(torchvision().part.__name__)", tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["import", "import", "torchvision.part"]


def test_nothing_is_declared_where_the_plain_import_works(tmp_path):
    fake_torchvision(tmp_path, "")
    done = run(
        "import sys; from gradcam_lab.vision import torchvision; torchvision()\n"
        "assert 'torch' not in sys.modules, 'without torch nothing can have been declared'",
        tmp_path,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("error", ["RuntimeError('something else')", "ImportError('no such library')"])
def test_any_other_failure_is_passed_on(tmp_path, error):
    fake_torchvision(tmp_path, f"raise {error}")
    done = run("from gradcam_lab.vision import torchvision; torchvision()", tmp_path)
    assert done.returncode == 1
    assert done.stderr.strip().endswith(error.replace("('", ": ").removesuffix("')"))
