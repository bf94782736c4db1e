"""Figures quoted from a report are those of its `results.json`; what is wrong with a quote is one sentence."""

import json
from typing import Any

import pytest

from gradcam_lab.errors import LabError
from gradcam_lab.report import quotes
from tests import synthetic_run


def results() -> Any:
    return synthetic_run.results()


def block(template: str, said: str = "") -> str:
    return f"Before.\n\n<!-- quotes\n{template}\n-->\n{said}<!-- /quotes -->\n\nAfter.\n"


def test_a_block_says_what_the_results_say_and_all_else_stays():
    content = results()
    content["failures"] = {"iou": 0.5, "counts": {"missed": 2, "context": 3, "merged": 0, "head only": 1}}
    text = block("Of {{ failures.counts.values() | sum }} missed\n{{ failures.counts.context }} spill over.", "stale\n")
    fresh = quotes.refreshed(text, content)
    assert fresh == text.replace("stale", "Of 6 missed\n3 spill over.")
    assert quotes.refreshed(fresh, content) == fresh
    assert quotes.stale(fresh, content) == []
    assert quotes.stale(text, content) == ["the quote 'stale' should be 'Of 6 missed\n3 spill over.'"]
    assert quotes.unquoted(text) == "Before.\n\n\n\nAfter.\n"


def test_rows_are_found_by_name_and_intervals_are_percents():
    content = results()
    row = content["table"][0]
    ap = row["scores"]["0.3"]
    text = block(f"{{{{ boxes[{row['name']!r}].scores['0.3'] | interval('ap') }}}}")
    wanted = f"{100 * ap['ap']:.1f} ({100 * ap['ap_low']:.1f}..{100 * ap['ap_high']:.1f})"
    assert f"-->\n{wanted}\n<!-- /" in quotes.refreshed(text, content)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (block("{{ failures.counts.absent }} dogs"), "cannot be read from results.json"),
        (block("{{ no_such_key.counts }} dogs"), "'no_such_key' is undefined"),
        (block("{{ failures.counts "), "cannot be read from results.json"),
        (block("{{ failures.counts.missed | nothing }}"), "No filter named 'nothing'"),
        ("<!-- quotes\n{{ 1 }}\n-->\n1\n", "no beginning or no end"),
        ("1\n<!-- /quotes -->\n", "no beginning or no end"),
    ],
)
def test_a_wrong_quote_is_one_sentence(text, words):
    (problem,) = quotes.stale(text, results())
    assert words in problem
    with pytest.raises(LabError, match=r"cannot be read|no beginning"):
        quotes.refreshed(text, results())


def test_files_are_written_anew(tmp_path, capsys):
    (tmp_path / "results.json").write_text(json.dumps(results()), encoding="utf-8")
    old, same = tmp_path / "old.md", tmp_path / "same.md"
    old.write_text(block("{{ run.target }}"), encoding="utf-8")
    same.write_text("Nothing is quoted.\n", encoding="utf-8")
    quotes.main(tmp_path, [old, same])
    assert old.read_text(encoding="utf-8") == block("{{ run.target }}", "dog\n")
    assert capsys.readouterr().out == f"{old}: quotes written anew\n"
    old.write_text(block("{{ run.goal }}"), encoding="utf-8")
    for file in (old, tmp_path / "absent.md"):
        with pytest.raises(LabError, match=file.name):
            quotes.main(tmp_path, [file])
