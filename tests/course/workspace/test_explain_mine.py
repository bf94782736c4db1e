"""`explain --impl`: whose code makes the map of a photo."""

import numpy as np
from PIL import Image

from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.data.toyvoc import draw_one
from tests.commands import lab, refused
from tests.students import write

RELU = "return torch.einsum('nk,nkhw->nhw', weights, features).relu()"


def explained(root, *options):
    Image.fromarray(draw_one("test", 26).image).save(root / "dogs.png")
    return lab("explain", "dogs.png", "--model", "embedded", "--class", "dog", "--align", "off", *options)


def map_in(folder):
    (path,) = folder.glob("*.npz")
    with np.load(path, allow_pickle=False) as arrays:
        return arrays["gradcam"]


def test_the_students_own_code_makes_the_map_right_or_wrong(root):
    for number in (1, 2, 3, 4):
        write(root, number, "all", {"2.2": f"{RELU}.flip(-1)"} if number == 2 else None)
    mine = explained(root, "--impl", "mine", "--out", "mine")
    assert (mine.code, mine.err) == (0, "")
    assert explained(root, "--out", "reference").code == 0
    np.testing.assert_array_equal(map_in(root / "mine"), map_in(root / "reference")[:, ::-1])


def test_a_function_that_is_not_written_yet_is_named(root):
    assert all((root / step.file).is_file() for step in all_steps())
    refused(explained(root, "--impl", "mine"), "step2_gradcam.py stops at task 2.", "--impl auto")


def test_outside_a_workspace_there_is_no_code_of_ones_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(explained(tmp_path, "--impl", "mine"), "is not inside a workspace")
