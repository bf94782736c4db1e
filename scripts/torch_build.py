"""`python scripts/torch_build.py [INDEX]`: put a build of torch into this environment, before all else is installed.

With INDEX, the address of a wheel index, torch and torchvision are taken from there; without, from where pip takes
everything. It says beforehand how much will be fetched where that is torch's build for CUDA and no GPU is found.
Only the standard library and pip are here to be used.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

PACKAGES = ("torch", "torchvision")
PINS = Path(__file__).parents[1] / "constraints.txt"
TAKEN_FROM = Path(sys.prefix) / ".index"
"""Holds the index from which the environment's torch was taken, nothing if that was pip's own."""

PATIENCE = 60
"""Seconds that may be spent on finding out how much will be fetched."""


def main(index: str) -> int:
    """Install torch and torchvision from an index, or pip's own if it is empty; return pip's exit code."""
    place = ["--index-url", index] if index else []
    if not index and not installed("torch") and not has_gpu() and (told := announcement(plan(PACKAGES))):
        print(told, flush=True)
    before = TAKEN_FROM.read_text(encoding="utf-8").strip() if TAKEN_FROM.is_file() else ""
    change = ["--force-reinstall", "--no-deps"] if before != index else []
    if change or index:  # else they come with all the rest
        code = pip("install", "--quiet", "--constraint", str(PINS), *place, *change, *PACKAGES).returncode
        if code:
            source = index or "where pip takes everything"
            print(f"torch could not be taken from {source}: pip says why above.", file=sys.stderr)
            return code
        remove(left_over())
    TAKEN_FROM.write_text(f"{index}\n", encoding="utf-8")
    return 0


def pip(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run this environment's pip."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, text=True, encoding="utf-8", **options)


def installed(name: str) -> bool:
    """Say whether a package is in this environment."""
    return any(metadata.distributions(name=name))


def has_gpu() -> bool:
    """Say whether NVIDIA's driver is on this machine; torch, which knows better, is not there yet."""
    return bool(shutil.which("nvidia-smi")) or Path("/proc/driver/nvidia/version").exists()


def plan(packages: Sequence[str]) -> list[Mapping[str, Any]]:
    """Ask pip what it would install: the entries of its report, none if it cannot say in time."""
    arguments = ["--dry-run", "--quiet", "--report", "-", "--constraint", str(PINS), *packages]
    try:
        done = pip("install", *arguments, capture_output=True, timeout=PATIENCE)
        return json.loads(done.stdout)["install"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):  # the installation itself will say what is wrong
        return []


def announcement(entries: Sequence[Mapping[str, Any]]) -> str:
    """Say how much torch's build for CUDA would fetch; empty if pip would not take that build.

    Args:
        entries: what pip would install, as in the report of `pip install --report`.
    """
    asked = [entry["metadata"].get("requires_dist", []) for entry in entries if entry["metadata"]["name"] == "torch"]
    if not any(map(for_cuda, asked)):
        return ""
    with ThreadPoolExecutor(16) as pool:
        sizes = list(pool.map(size_of, (entry["download_info"]["url"] for entry in entries)))
    about = "about" if all(size is not None for size in sizes) else "more than"
    total = sum(size or 0 for size in sizes)
    return (
        f"No GPU was found, and pip takes the build of torch that is made for one: {about} {total / 1e9:.1f} GB will\n"
        "be fetched, less what pip has kept from before. PyTorch's CPU build does the same here and is about 0.2 GB:\n"
        "'make run INDEX=URL' takes it from the address that pytorch.org shows under Get Started for CPU."
    )


def for_cuda(requirements: Sequence[str]) -> bool:
    """Say whether what a torch asks for belongs to its build for CUDA on this system."""
    return sys.platform == "linux" and any(line.startswith(("nvidia-", "cuda-")) for line in requirements)


def size_of(url: str) -> int | None:
    """Return the bytes to be fetched for a wheel: none of a local file, `None` if the server does not say."""
    if url.startswith("file:"):
        return 0
    try:
        with urlopen(Request(url, method="HEAD"), timeout=10) as answer:
            return int(answer.headers["Content-Length"])
    except (OSError, TypeError, ValueError):
        return None


def left_over() -> list[str]:
    """Name what only torch's build for CUDA needs, and is there although torch is another build."""
    if for_cuda(metadata.requires("torch") or []):
        return []
    names = [distribution.metadata["Name"] for distribution in metadata.distributions()]
    return sorted({name for name in names if name.startswith(("nvidia-", "cuda-")) or name == "triton"})


def remove(names: Sequence[str]) -> None:
    """Uninstall packages, if there are any."""
    if names:
        pip("uninstall", "--quiet", "--yes", *names, check=True)


if __name__ == "__main__":
    os.environ.setdefault("PIP_NO_INPUT", "1")
    sys.exit(main(" ".join(sys.argv[1:])))
