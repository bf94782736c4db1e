"""Is this machine ready? Each thing the lab needs is tried, not looked up, and each problem comes with its remedy."""

import contextlib
import io
import json
import platform
import re
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from gradcam_lab.data.cache import VARIABLE, cache_folder
from gradcam_lab.errors import LabError

REINSTALL = "install gradcam-lab again, into a fresh environment"
PANGO = (
    "install it (Debian, Ubuntu: apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0; macOS: brew install "
    "pango; Windows: pacman -S mingw-w64-x86_64-pango in MSYS2), or go without the PDF by --no-pdf"
)

PRINT_PAGE = """
import pathlib, sys
from gradcam_lab.report.pdf import FONTS, write_pdf
families = sorted({family for family, _, _ in FONTS})
page = "".join(f'<p style="font-family: {family}">dog' for family in families)
print(len(families))
sys.exit(write_pdf(page, pathlib.Path(sys.argv[1])))
"""
"""Prints a word in each of the report's fonts, by the report's own way to paper."""


@dataclass(frozen=True)
class Finding:
    """What was found out about one thing.

    Attributes:
        name: the thing.
        ok: whether it is as it should be.
        detail: what was found, or what is wrong.
        remedy: what to do where it is not ok, else empty.
    """

    name: str
    ok: bool
    detail: str
    remedy: str = ""


def _python() -> str:
    if sys.version_info < (3, 11):  # noqa: UP036 - pip refuses an older one, a bare checkout does not
        raise LabError(f"{platform.python_version()} is too old")
    return platform.python_version()


def _torch() -> str:
    import torch

    return torch.__version__


def _device() -> str:
    import torch

    if torch.cuda.is_available():
        return f"CUDA: {torch.cuda.get_device_name()}"
    return f"CPU with {torch.get_num_threads()} threads"


def _torchvision() -> str:
    from gradcam_lab.vision import torchvision

    return torchvision().__version__


def _pango() -> str:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        import weasyprint  # without Pango it prints a banner and raises
    return f"WeasyPrint {weasyprint.__version__} can load it"


def _fonts() -> str:
    """Print a page in another process: where there is no font at all, Pango takes the process down with it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.pdf"
        done = subprocess.run([sys.executable, "-c", PRINT_PAGE, path], capture_output=True, timeout=120)
        if done.returncode != 0:
            raise LabError(f"printing a page of two words failed (exit code {done.returncode})")
        fonts = _fonts_in(path.read_bytes())
    if len(fonts) < int(done.stdout):
        raise LabError(f"text and listings come out alike, in {' '.join(fonts) or 'no font'}")
    return ", ".join(fonts)


def _fonts_in(pdf: bytes) -> list[str]:
    """Return the names of the fonts in a PDF, without the random prefix of an embedded subset (`ABCDEF+`)."""
    parts = [pdf]
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        with contextlib.suppress(zlib.error):  # not every stream is compressed
            parts.append(zlib.decompress(stream))
    names = re.findall(rb"/BaseFont\s*/(?:[A-Z]{6}\+)?([^\s/<>\[\]()]+)", b"\n".join(parts))
    return sorted({name.decode("ascii", "replace") for name in names})


def _cache() -> str:
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        return str(folder)


def _classifier() -> str:
    from gradcam_lab.models import zoo

    return f"knows {', '.join(zoo.load().class_names)}"


CHECKS: dict[str, tuple[Callable[[], str], str]] = {
    "Python": (_python, "install Python 3.11 or newer"),
    "torch": (_torch, REINSTALL),
    "Device": (_device, REINSTALL),
    "torchvision": (_torchvision, REINSTALL),
    "Pango": (_pango, PANGO),
    "Fonts": (_fonts, "mend Pango first if it is missing, else install the fonts DejaVu and STIX, or matplotlib again"),
    "Cache folder": (_cache, f"name a folder that can be written in the environment variable {VARIABLE}"),
    "Embedded classifier": (_classifier, f"{REINSTALL}, or make one by 'gradcam-lab train' and give it by --weights"),
}
"""Each thing with its check, which says what it found or raises, and with the remedy."""


def examine() -> list[Finding]:
    """Try everything the lab needs and say what was found; it takes a few seconds and raises nothing."""
    return [examine_one(name) for name in CHECKS]


def examine_one(name: str) -> Finding:
    """Try one thing of `CHECKS`. Whatever its check raises is a finding: a doctor who faints helps nobody."""
    check, remedy = CHECKS[name]
    try:
        return Finding(name, True, check())
    except Exception as error:
        first_line = (str(error).strip().splitlines() or [""])[0]
        return Finding(name, False, first_line or type(error).__name__, remedy)


def as_table(findings: Sequence[Finding]) -> str:
    """Return the findings as plain lines; what is wrong is followed by its remedy."""
    lines = []
    for finding in findings:
        lines.append(f"{'ok  ' if finding.ok else 'BAD '} {finding.name:<20} {finding.detail}")
        if not finding.ok:
            lines.append(f"     remedy: {finding.remedy}")
    bad = sum(not finding.ok for finding in findings)
    lines.append("All is well." if not bad else f"{bad} of {len(findings)} need attention.")
    return "\n".join(lines)


def as_json(findings: Sequence[Finding]) -> str:
    """Return the findings as JSON."""
    return json.dumps([asdict(finding) for finding in findings], indent=1)
