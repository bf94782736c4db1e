"""Judges of strangers' code: with a wall, and without."""

import pytest

from gradcam_lab.course.judging.judge import Judge, Limits
from gradcam_lab.course.judging.processes.sandbox import Sandbox
from gradcam_lab.course.judging.processes.sources import new_source

LIMITS = Limits(seconds=0.6, memory=250 * 2**20, processes=8, files=64)

ORPHAN = "if not os.fork():\n    os.setsid()\n    if os.fork():\n        os._exit(0)\n    time.sleep(300)\n"
"""Leaves a process in a session of its own, which holds every channel of its parent's."""

WALL = Sandbox(walled=True)
NO_WALL = WALL.problem()

needs_a_wall = pytest.mark.skipif(bool(NO_WALL), reason=NO_WALL)


@pytest.fixture(scope="package")
def secrets(tmp_path_factory):
    """A folder that nobody may see, below one that Python reads."""
    folder = tmp_path_factory.mktemp("library") / "submissions"
    folder.mkdir()
    (folder / "zoe.py").write_text("print('mine')")
    return folder


@pytest.fixture(scope="package")
def walled(secrets):
    """A judge behind the wall; the folder around the secret one is among those of Python's modules."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(secrets.parent)
        source = new_source(LIMITS, Sandbox(walled=True, hidden=(secrets,)))
        with Judge(LIMITS, source) as judge:
            source.worker().close()
            yield judge
        source.close()


@pytest.fixture(scope="package")
def unwalled():
    """A judge without a wall."""
    with Judge(LIMITS) as judge:
        yield judge


@pytest.fixture(params=[pytest.param("walled", marks=needs_a_wall), "unwalled"])
def either(request):
    """Both, one after the other."""
    return request.getfixturevalue(request.param)
