"""`doctor`: is this machine ready? Each check of `CHECKS` tries one thing the lab needs; a problem has a remedy."""

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
PLAIN_IMPORT = (
    "in code of your own write 'from gradcam_lab.vision import torchvision' and 'torchvision()' before you import "
    "anything of torchvision, or install torch and torchvision of one build, from one index"
)
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
"""A program that prints a word in each of the report's fonts to a PDF, as the report is printed."""


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    Attributes:
        name: of the check, as in `CHECKS`.
        ok: whether the lab can work.
        detail: what was found, or what is wrong.
        remedy: what to do where it is not ok, or where the lab works and code of the user's own may not; else empty.
    """

    name: str
    ok: bool
    detail: str
    remedy: str = ""


class PassableError(Exception):
    """Something that the lab itself can do without: what is wrong, and its remedy."""

    def __init__(self, detail: str, remedy: str) -> None:
        super().__init__(detail)
        self.detail, self.remedy = detail, remedy


def check_python() -> str:
    """Return the version of Python, which must be 3.11 or newer."""
    if sys.version_info < (3, 11):  # noqa: UP036 - pip refuses an older one, a bare checkout does not
        raise LabError(f"{platform.python_version()} is too old")
    return platform.python_version()


def check_torch() -> str:
    """Return the version of torch, which must be importable, and what it is built for."""
    import torch

    builds = (("CUDA", torch.version.cuda), ("ROCm", torch.version.hip))
    built_for = [f"built for {name} {version}" for name, version in builds if version]
    return f"{torch.__version__}, {built_for[0] if built_for else 'a build for the CPU'}"


def check_device() -> str:
    """Return the device that computes: a CUDA GPU, or the CPU with its number of threads and why it is no GPU."""
    import torch

    if torch.cuda.is_available():
        return f"CUDA: {torch.cuda.get_device_name()}"
    reason = "torch finds no GPU" if torch.version.cuda or torch.version.hip else "this torch uses no GPU"
    return f"CPU with {torch.get_num_threads()} threads: {reason}"


def check_torchvision() -> str:
    """Return the version of torchvision, which must be importable beside torch, if need be as `vision` does it.

    Raises:
        PassableError: the lab can import it, but a plain import fails.
    """
    from gradcam_lab.vision import torchvision

    found = torchvision().__version__
    plain = subprocess.run(
        [sys.executable, "-c", "import torchvision"], capture_output=True, text=True, encoding="utf-8", timeout=120
    )
    if plain.returncode != 0:
        said = (plain.stderr.strip().splitlines() or ["it ended without a word"])[-1]
        raise PassableError(f"{found} works here, but a plain 'import torchvision' fails ({said})", PLAIN_IMPORT)
    return found


def check_pango() -> str:
    """Return the version of WeasyPrint, which must be able to load Pango."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        import weasyprint  # without Pango it prints a banner and raises
    return f"WeasyPrint {weasyprint.__version__} can load it"


def check_fonts() -> str:
    """Print a page in another process, because without any font Pango ends the process; return the fonts used."""
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


def check_cache_folder() -> str:
    """Return the cache folder, which must be writable."""
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        return str(folder)


def check_embedded_classifier() -> str:
    """Return the classes of the embedded classifier, whose file must be readable."""
    from gradcam_lab.models import zoo

    return f"knows {', '.join(zoo.load().class_names)}"


CHECKS: dict[str, tuple[Callable[[], str], str]] = {
    "Python": (check_python, "install Python 3.11 or newer"),
    "torch": (check_torch, REINSTALL),
    "Device": (check_device, REINSTALL),
    "torchvision": (check_torchvision, REINSTALL),
    "Pango": (check_pango, PANGO),
    "Fonts": (
        check_fonts,
        "mend Pango first if it is missing, else install the fonts DejaVu and STIX, or matplotlib again",
    ),
    "Cache folder": (check_cache_folder, f"name a folder that can be written in the environment variable {VARIABLE}"),
    "Embedded classifier": (
        check_embedded_classifier,
        f"{REINSTALL}, or make one by 'gradcam-lab train' and give it by --weights",
    ),
}
"""The checks by name: a function that returns what it found or raises, and the remedy where it raises."""


def examine() -> list[Finding]:
    """Run all checks; it takes a few seconds and raises nothing."""
    return [examine_one(name) for name in CHECKS]


def examine_one(name: str) -> Finding:
    """Run one check of `CHECKS`; whatever it raises becomes a finding."""
    check, remedy = CHECKS[name]
    try:
        return Finding(name, True, check())
    except PassableError as error:
        return Finding(name, True, error.detail, error.remedy)
    except Exception as error:
        first_line = (str(error).strip().splitlines() or [""])[0]
        return Finding(name, False, first_line or type(error).__name__, remedy)


def as_table(findings: Sequence[Finding]) -> str:
    """Return the findings as plain lines; what is wrong is followed by its remedy."""
    lines = []
    for finding in findings:
        mark = "BAD " if not finding.ok else "NOTE" if finding.remedy else "ok  "
        lines.append(f"{mark} {finding.name:<20} {finding.detail}")
        if finding.remedy:
            lines.append(f"     remedy: {finding.remedy}")
    bad, noted = sum(not finding.ok for finding in findings), sum(bool(finding.remedy) for finding in findings)
    well = "The lab itself can work; see the NOTE above." if noted else "All is well."
    lines.append(f"{bad} of {len(findings)} need attention." if bad else well)
    return "\n".join(lines)


def as_json(findings: Sequence[Finding]) -> str:
    """Return the findings as JSON."""
    return json.dumps([asdict(finding) for finding in findings], indent=1)
