"""Which changes of a student's text make a verdict say nothing any more, and which do not."""

import pytest

from gradcam_lab.course.authoring import cut
from gradcam_lab.course.judging.code_key import code_keys
from gradcam_lab.own_modules import OwnModule
from tests.students import solved, step_of

CODE = solved(1, "1.1 1.2 1.3")
KEYS = code_keys(step_of("1"), CODE, {})


def changed(*replacements, code=CODE):
    """The tasks whose key is another after these lines are replaced; "1" is the chain."""
    text = code
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new, 1)
    before, after = (code_keys(step_of("1"), source, {}) for source in (code, text))
    return {task for task in before if before[task] != after[task]}


PREDICT = "        logits = network(image[None])[0]  # (C,)\n"


@pytest.mark.parametrize(
    ("old", "new", "tasks"),
    [
        (PREDICT, PREDICT + "        # why\n", set()),
        (PREDICT, PREDICT.replace("(image[None])", "( image[ None ] )"), set()),
        ('    """Name the `k` most', '    """Give the `k` most', set()),
        ('r"""# Step 1', 'r"""# The first step', set()),
        ("import cv2\n", "import cv2\n\n\n", set()),
        (PREDICT, PREDICT.replace("None", "None, :"), {"1.1", "1"}),
        ('raise NotImplementedError("task 1.4: overlay")', "return image", {"1.4", "1"}),
        ('END_OF_FEATURES = ("avgpool", "classifier")', 'END_OF_FEATURES = ("avgpool",)', {"1.2", "1"}),
        ("import cv2\n", "import cv2\nimport math\n", {"1"}),
        ("import numpy as np\n", "import torch as np\n", {"1.4", "1"}),
        ("import cv2\n", "import cv2\nprint('hello')\n", {"1.1", "1.2", "1.3", "1.4", "1"}),
        ("import cv2\n", "import cv2\nKERNEL = 3\n", {"1"}),
        ("def linear_layer(", "def _unused():\n    pass\n\n\ndef linear_layer(", {"1"}),
    ],
)  # fmt: skip
def test_what_a_change_changes(old, new, tasks):
    assert changed((old, new)) == tasks


def test_a_helper_counts_for_those_who_call_it_and_for_what_they_call():
    code = CODE.replace("        logits = network(image[None])[0]", "        logits = _first(network(image[None]))")
    code += "\n\ndef _first(batch):\n    return _at(batch, 0)\n\n\ndef _at(batch, place):\n    return batch[place]\n"
    assert changed(("batch[place]", "batch[place + 0]"), code=code) == {"1.1", "1"}


def test_other_tasks_do_not_count_since_the_reference_stands_in_for_them():
    """`class_activation_map` calls both; GradCAM's `__call__` calls the functions of 2.1 and 2.2."""
    step = step_of("2")
    keys = [code_keys(step, solved(2, tasks), {}) for tasks in ("2.5", "2.1 2.2 2.5")]
    assert {task for task in keys[0] if keys[0][task] != keys[1][task]} == {"2.1", "2.2", "2"}


def test_a_method_counts_without_the_methods_of_other_tasks():
    step = step_of("2")
    keys = [code_keys(step, solved(2, tasks), {}) for tasks in ("2.5", "2.5 2.6")]
    assert {task for task in keys[0] if keys[0][task] != keys[1][task]} == {"2.6", "2"}


def test_the_main_block_is_never_run():
    assert changed(("import cv2\n", 'import cv2\n\nif __name__ == "__main__":\n    print(predict)\n')) == {"1"}


def test_whoever_asks_for_all_names_reaches_all():
    code = CODE.replace("        logits = network(image[None])[0]", "        logits = globals()['run'](network, image)")
    assert changed(("import cv2\n", "import cv2\nrun = 3\n"), code=code) == {"1.1", "1"}


def test_own_modules_count_for_those_who_use_them():
    step = step_of("1")
    code = CODE.replace("import cv2\n", "import cv2\nimport helpers\nfrom tools import boxes\n")
    code = code.replace("        logits = network(image[None])[0]", "        logits = helpers.run(network, image)")
    texts = {"helpers": "import deeper\n", "deeper": "x = 1\n", "tools": "", "tools.boxes": "y = 1\n"}

    def keys(**changes):
        modules = {name: OwnModule(text, f"{name}.py", name == "tools") for name, text in {**texts, **changes}.items()}
        return code_keys(step, code, modules)

    def different(**changes):
        before, after = keys(), keys(**changes)
        return {task for task in before if before[task] != after[task]}

    assert different(helpers="import deeper  # yes\n") == set()
    assert different(helpers="import deeper\nz = 1\n") == {"1.1", "1"}
    assert different(deeper="x = 2\n") == {"1.1", "1"}
    assert different(**{"tools.boxes": "y = 2\n"}) == {"1"}
    assert different(deeper="x = = 2\n") == {"1.1", "1"}


def test_a_text_that_does_not_parse_is_another_for_every_task():
    broken = code_keys(step_of("1"), CODE + "\nif (:\n", {})
    assert broken.keys() == KEYS.keys()
    assert not set(broken.values()) & set(KEYS.values())


def test_every_lesson_and_its_stub_have_keys_of_their_own():
    for number in range(1, 7):
        step = step_of(str(number))
        whole, stub = (code_keys(step, source, {}) for source in (step.source, cut.stub(step.source)))
        assert all(whole[task] != stub[task] for task in whole)
