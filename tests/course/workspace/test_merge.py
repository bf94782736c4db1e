"""In a merge no line of the student's is lost."""

from hypothesis import given
from hypothesis import strategies as st

from gradcam_lab.course.workspace import upgrade

LINES = st.lists(st.sampled_from(["", "def f():", "    return 1", "x = 1", '    """', "y = 2"]), max_size=12)


@given(base=LINES, new=LINES, data=st.data())
def test_no_line_of_the_students_is_lost_in_a_merge(base, new, data):
    mine = list(base)
    written = [f"mine {i}" for i in range(data.draw(st.integers(0, 4)))]
    for line, place in zip(written, sorted(data.draw(st.lists(st.integers(0, len(mine)), min_size=4))), strict=False):
        mine.insert(min(place, len(mine)), line)
    text, won = upgrade.merge(*("\n".join(lines) + "\n" for lines in (base, mine, new)))
    kept = text.splitlines()
    assert sorted(line for line in kept if line.startswith("mine")) == written
    assert all(1 <= line <= len(kept) + 1 for line in won)
    if not written:
        assert text.removesuffix("\n").split("\n") == (new or [""])


def test_what_both_have_added_at_one_place_is_kept_mine_last():
    base, mine, new = "a = 1\n", "a = 1\n\nmine = 2\n", "a = 1\n\ndef f(): ...\n"
    assert upgrade.merge(base, mine, new) == ("a = 1\n\ndef f(): ...\n\nmine = 2\n", [])


def test_what_the_new_text_adds_below_a_changed_line_comes_below_mine_and_only_once():
    base, mine, new = "def f():\n    todo\n", "def f():\n    return 1\n\nmine = 2\n", "def f():\n    todo\n\nx = 1\n"
    merged = "def f():\n    return 1\n\nmine = 2\n\nx = 1\n"
    assert upgrade.merge(base, mine, new) == (merged, [])
    assert upgrade.merge(base, merged, new) == (merged, [])


def test_a_function_whose_parameters_have_new_names_stays_whole_where_it_was_written():
    base = "def f(a):\n    todo\n\n\nclass C:\n    def g(self, a):\n        todo\n"
    mine = base.replace("        todo", "        return a")
    new = base.replace("a)", "b)")
    text, _ = upgrade.merge(base, mine, new)
    kept = upgrade.with_own_signatures(base, mine, text)
    assert kept == "def f(b):\n    todo\n\n\nclass C:\n    def g(self, a):\n        return a\n"
