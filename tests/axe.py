"""Pages in headless Chromium, examined by axe-core: its rules of WCAG up to level AA, and its best practices.

`python -m tests.axe PAGE...` examines whole pages, wide and narrow, light and dark.
"""

import json
import os
import re
import site
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.browser import CHROMIUM, answers_of

ROOT = Path(__file__).parents[1]
PLACES = (
    *map(Path, filter(None, [os.environ.get("AXE_CORE")])),
    *(Path(folder) / "axe_playwright_python" / "axe.min.js" for folder in site.getsitepackages()),
    ROOT / "node_modules" / "axe-core" / "axe.min.js",
)
"""Where axe-core may be: where AXE_CORE says, of a Python package, or of npm."""

AXE = next((path for path in PLACES if path.is_file()), None)
needs_axe = pytest.mark.skipif(
    not (AXE and CHROMIUM),
    reason="axe-core or Chromium is missing: pip install --no-deps axe-playwright-python, or npm install axe-core",
)

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = {"narrow": 400, "wide": 1500}

MORE_OF_THE_SAME = ["pre .line:nth-child(n+7)", "tbody tr:nth-child(n+7)"]
"""What a quick examination leaves out: the contrast of each letter of a listing takes most of the time."""

_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')

DRIVER = """<!doctype html><meta charset="utf-8"><body><script>
const answers = {};
(async () => {
  for (const [name, address, width] of FRAMES) {
    const frame = document.createElement("iframe");
    frame.width = width;
    frame.height = 900;
    frame.src = address;
    document.body.append(frame);
    await new Promise((resolve) => frame.addEventListener("load", resolve));
    const view = frame.contentWindow;
    try {
      const dark = view.matchMedia("(prefers-color-scheme: dark)").matches;
      const exclude = EXCLUDED.map((one) => [one]);
      const found = await view.axe.run({ exclude }, { runOnly: TAGS, resultTypes: ["violations"] });
      const told = ({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 200)}`);
      answers[name] = { dark, rules: found.passes.length, violations: found.violations.flatMap(told) };
    } catch (error) {
      answers[name] = { error: String(error.stack ?? error) };
    }
    frame.remove();
  }
  const shown = document.createElement("pre");
  shown.id = "answers";
  shown.textContent = JSON.stringify(answers);
  document.body.append(shown);
})();
</script>"""


def violations(
    pages: Sequence[Path], *, dark: bool, widths: Sequence[str] = tuple(WIDTHS), quick: bool = False
) -> dict[str, list[str]]:
    """Return what axe-core finds on pages, by the name of the page and its width.

    The pages are copied without their content policy, which would keep axe-core out as it does any script.

    Args:
        pages: their files.
        dark: whether the reader prefers dark colours.
        widths: keys of `WIDTHS`.
        quick: leave out what repeats.
    """
    assert AXE
    with TemporaryDirectory(ignore_cleanup_errors=True) as own:
        folder = Path(own)
        (folder / "axe.js").write_bytes(AXE.read_bytes())
        frames = []
        for number, page in enumerate(pages):
            text, found = _POLICY.subn('<script src="axe.js"></script>', page.read_text(encoding="utf-8"))
            assert found == 1
            (folder / f"{number}.html").write_text(text, encoding="utf-8")
            frames += [[f"{page.name}, {name}", f"{number}.html", width] for name in widths for width in [WIDTHS[name]]]
        driver = folder / "driver.html"
        text = DRIVER.replace("FRAMES", json.dumps(frames)).replace("TAGS", json.dumps(TAGS))
        text = text.replace("EXCLUDED", json.dumps(MORE_OF_THE_SAME if quick else []))
        driver.write_text(text, encoding="utf-8")
        colours = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
        answers = answers_of(driver, "--window-size=1600,1000", colours, seconds=600, wait=300)
    assert len(answers) == len(frames)
    for name, answer in answers.items():
        assert "error" not in answer, (name, answer)
        assert answer["dark"] is dark
        assert answer["rules"] > 10
    return {name: answer["violations"] for name, answer in answers.items()}


if __name__ == "__main__":
    slips = [
        f"{name}, {'dark' if dark else 'light'}: {slip}"
        for dark in (False, True)
        for page in sys.argv[1:]
        for name, found in violations([Path(page)], dark=dark).items()
        for slip in found
    ]
    sys.exit("\n".join(slips) or 0)
