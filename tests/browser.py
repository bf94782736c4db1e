"""A page in a small window of headless Chromium, asked by a script what it shows."""

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")

DRIVER = """<!doctype html><meta charset="utf-8"><body><script>
async function ask(address) {
  const frame = document.createElement("iframe");
  frame.width = 400;
  frame.height = 500;
  frame.src = address;
  document.body.append(frame);
  await new Promise((resolve) => frame.addEventListener("load", resolve));
  const page = frame.contentDocument, view = frame.contentWindow;
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  return await (async () => { SCRIPT })();
}
const answers = [];
(async () => {
  const failure = (error) => ({ error: String(error.stack ?? error) });
  for (const address of ADDRESSES) answers.push(await ask(address).catch(failure));
  const shown = document.createElement("pre");
  shown.id = "answers";
  shown.textContent = JSON.stringify(answers);
  document.body.append(shown);
})();
</script>"""


def ask(path: Path, script: str, addresses: list[str], *, scripting: bool = True) -> list[Any]:
    """Open a page at several addresses, one after the other, and return what a script answers at each.

    Args:
        path: the page, a file.
        script: the body of an async function; `page` is the document, `view` its window, and `sleep(ms)` waits.
        addresses: what comes after the name of the file, such as `#threshold=0.5`.
        scripting: whether the page's own scripts run.
    """
    driver = path.parent / "driver.html"
    allowed = "" if scripting else "frame.sandbox = 'allow-same-origin';\n  frame.src = address;"
    text = DRIVER.replace("frame.src = address;", allowed or "frame.src = address;")
    text = text.replace("SCRIPT", script).replace("ADDRESSES", json.dumps([path.name + one for one in addresses]))
    driver.write_text(text, encoding="utf-8")
    answers = answers_of(driver, seconds=60, wait=120)
    assert not [one for one in answers if isinstance(one, dict) and "error" in one], answers
    return answers


def answers_of(driver: Path, *words: str, seconds: int, wait: int) -> Any:
    """Open a page in headless Chromium, and return what it leaves as JSON in its element `answers`.

    Args:
        driver: the page, a file.
        words: more of Chromium's options.
        seconds: of the page's own time.
        wait: for Chromium so many seconds at most.
    """
    assert CHROMIUM
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files", *words]
    with TemporaryDirectory(ignore_cleanup_errors=True) as own:  # its profile has megabytes, and it leaves folders
        command += [f"--virtual-time-budget={1000 * seconds}", f"--user-data-dir={own}/profile", "--dump-dom"]
        environment = {**os.environ, "TMPDIR": own}
        done = subprocess.run(
            [*command, driver.as_uri()], capture_output=True, text=True, encoding="utf-8", timeout=wait, env=environment
        )
    found = re.search(r'<pre id="answers">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr
    return json.loads(html.unescape(found[1]))
