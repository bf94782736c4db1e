"""Figures of a report that a Markdown file quotes: each block of text that holds them keeps its template in a comment.

    <!-- quotes
    Of {{ data.splits.test.objects }} dogs {{ failures.counts.missed }} were missed.
    -->
    Of 168 dogs 53 were missed.
    <!-- /quotes -->

The comment is a Jinja2 template of the text below it, which a reader finds as it stands. Its variables are the keys of
`results.json`, and `boxes`, `ways` and `masks`: the rows of its three tables by name. `python -m
gradcam_lab.report.quotes RUN FILE ...` writes the text anew from a run's `results.json`.
"""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

from gradcam_lab.errors import LabError
from gradcam_lab.files import write_text
from gradcam_lab.report.render import percent
from gradcam_lab.report.results import Results, read_results

_BLOCK = re.compile(r"^<!-- quotes\n(.*?)^-->\n(.*?)^<!-- /quotes -->$", re.DOTALL | re.MULTILINE)
_MARK = re.compile(r"^<!-- /?quotes\b", re.MULTILINE)


def refreshed(text: str, results: Results) -> str:
    """Write every block of a text anew from its template and the content of a `results.json`.

    Raises:
        LabError: a template names something that the results do not have, or is none; or a block has no end.
    """
    if len(_MARK.findall(text)) != 2 * len(_BLOCK.findall(text)):
        raise LabError("a block of quotes has no beginning or no end")
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, trim_blocks=True)
    environment.filters.update(pct=percent, interval=_interval)
    variables = _variables(results)

    def written(block: re.Match[str]) -> str:
        try:
            said = environment.from_string(block[1]).render(variables)
        except (jinja2.TemplateError, TypeError) as error:
            raise LabError(f"the quote '{_beginning(block[1])}' cannot be read from results.json: {error}") from error
        return f"<!-- quotes\n{block[1]}-->\n{said}<!-- /quotes -->"

    return _BLOCK.sub(written, text)


def stale(text: str, results: Results) -> list[str]:
    """Return a sentence for each block of a text that does not say what the results say, or for a wrong template."""
    try:
        fresh = refreshed(text, results)
    except LabError as error:
        return [str(error)]
    pairs = zip(_BLOCK.finditer(text), _BLOCK.finditer(fresh), strict=True)
    return [f"the quote '{_beginning(old[2])}' should be '{new[2].strip()}'" for old, new in pairs if old[2] != new[2]]


def unquoted(text: str) -> str:
    """Return a text without its blocks of quotes."""
    return _BLOCK.sub("", text)


def _beginning(text: str) -> str:
    line = text.strip().partition("\n")[0]
    return line if len(line) <= 60 else f"{line[:60]}..."


def _variables(results: Results) -> dict[str, Any]:
    methods, masks = results.get("methods"), results.get("segmentation")
    return {
        **results,
        "boxes": {row["name"]: row for row in results["table"]},
        "ways": {row["name"]: row for row in methods["rows"]} if methods else {},
        "masks": {row["method"]: row for row in masks["rows"]} if masks else {},
    }


def _interval(record: Mapping[str, Any], name: str = "") -> str:
    """Return a number of a record in percent with its interval, as in "54.9 (46.2..64.9)"."""
    low, high = (f"{name}_low", f"{name}_high") if name else ("low", "high")
    return f"{percent(record[name or 'value'])} ({percent(record[low])}..{percent(record[high])})"


def main(run: Path, files: list[Path]) -> None:
    """Write the quotes of files anew, and say which files have changed.

    Raises:
        LabError: a file or the run cannot be read, or a template is wrong.
    """
    results = read_results(run)
    for file in files:
        try:
            text = file.read_text(encoding="utf-8")
            fresh = refreshed(text, results)
        except (OSError, UnicodeDecodeError) as error:
            raise LabError(f"Cannot read '{file}': {error}.") from error
        except LabError as error:
            raise LabError(f"{file}: {error}.") from error
        if fresh != text:
            write_text(file, fresh)
            print(f"{file}: quotes written anew")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: python -m gradcam_lab.report.quotes RUN FILE ...")
    try:
        main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
    except LabError as error:
        sys.exit(str(error))
