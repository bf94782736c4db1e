"""What several test files need: a small ToyVOC, a ToyNet of random weights, and a cache folder that is nobody's."""

import gc
import os
import shutil
import signal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import torch
from hypothesis import settings

from gradcam_lab.course.judging.judge import Judge, Limits
from gradcam_lab.course.workspace import start
from gradcam_lab.data.cache import VARIABLE
from gradcam_lab.data.toyvoc import CLASSES, build
from gradcam_lab.lesson_modules import Lessons, load_lessons
from gradcam_lab.models.classifier import Preprocessing
from gradcam_lab.models.networks.toynet import ToyNet
from tests import invented_run as invented
from tests.commands import run_all
from tests.model_files import write_toynet

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")  # a test that depends on the time or on luck fails on a busy machine only

COUNTS = {"train": 24, "val": 16, "test": 24}


def pytest_configure(config):
    """Let torch's compiler, which other libraries import, make its folder where it does not stay."""
    folder = TemporaryDirectory(ignore_cleanup_errors=True)
    config.add_cleanup(folder.cleanup)
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = folder.name


def pytest_collection_finish():
    """Search what the imports have made for garbage once, and not again and again during the tests."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def private_cache(tmp_path_factory):
    """Keep every test, and every process that a test starts, away from the user's own cache and state folders."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADCAM_LAB_STATE", str(tmp_path_factory.mktemp("state")))
        patch.setenv(VARIABLE, str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def ctrl_c():
    """Let Ctrl-C reach the tests, and what they start, also where the whole suite runs in the background of a script.

    A shell starts such a job with interrupts ignored, and every process inherits that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def toy(tmp_path_factory) -> Path:
    """A small ToyVOC in a folder whose name is not easy; to be read and not to be changed."""
    folder = tmp_path_factory.mktemp("data") / "Käse & Hündchen" / "toy voc"
    build(folder, counts=COUNTS)
    return folder


@pytest.fixture(scope="session")
def weights(tmp_path_factory) -> Path:
    """The file of a ToyNet that has learned nothing."""
    path = tmp_path_factory.mktemp("weights") / "random ToyNet.safetensors"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = ToyNet(len(CLASSES))
    preprocessing = Preprocessing(size=112)  # half the usual size: four times as quick
    write_toynet(path, network, CLASSES, preprocessing=preprocessing, recipe={"epochs": 0})
    return path


@pytest.fixture(scope="session")
def lessons() -> Lessons:
    """The reference implementation of the four steps."""
    return load_lessons()


@pytest.fixture(scope="session")
def quick_run(tmp_path_factory, toy, weights) -> Path:
    """The folder of a quick run on 8 images of each split; to be read and not to be changed."""
    out = tmp_path_factory.mktemp("quick") / "run"
    assert run_all(toy, weights, out, "--limit", 8).code == 0
    return out


@pytest.fixture(scope="session")
def invented_run(tmp_path_factory, toy, lessons) -> Path:
    """The folder of a run with invented maps; to be read and not to be changed."""
    return invented.write_run(tmp_path_factory.mktemp("run of Zoë") / "toy run", toy, lessons)


@pytest.fixture
def invented_copy(invented_run, tmp_path) -> Path:
    """A copy of it, to be changed."""
    return Path(shutil.copytree(invented_run, tmp_path / "copy"))


@pytest.fixture(scope="session")
def judge():
    """One judge for the whole run, because its worker takes two seconds to import torch; impatient, for loops."""
    with Judge(Limits(seconds=5)) as judge:
        yield judge


@pytest.fixture(scope="session")
def fresh(tmp_path_factory) -> Path:
    """A student's workspace that nobody has touched, to be copied."""
    root = tmp_path_factory.mktemp("fresh") / "lab"
    start.start(root)
    return root


@pytest.fixture
def root(fresh, tmp_path, monkeypatch):
    """A fresh workspace in a folder whose name is not easy; the current folder lies in it."""
    root = tmp_path / "Käse & Hündchen" / "my lab"
    shutil.copytree(fresh, root)
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def one_thread():
    """The same bits come out of the same number of threads only."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
