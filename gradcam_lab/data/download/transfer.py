"""Downloading one file: resumed after an interruption, checked by its MD5, and in place only when it is right."""

import errno
import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib import request
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from gradcam_lab import __version__
from gradcam_lab.console import progress
from gradcam_lab.data.cache import VARIABLE
from gradcam_lab.errors import LabError

TIMEOUT = 30.0
PAUSES = (1.0, 2.0, 4.0, 8.0)
"""Seconds to wait before each new try; the count begins again whenever a try has brought us further."""
CHUNK = 1 << 16
MEGABYTE = 10**6


class UnreachableError(LabError):
    """The file cannot be downloaded from its address now.

    Attributes:
        reason: why, in a few words.
    """

    def __init__(self, path: Path, url: str, reason: str) -> None:
        advice = f"start the same command again when you are online, or bring the file yourself as '{path}'"
        super().__init__(f"Cannot download '{path.name}' from {url} ({reason}): {advice}.")
        self.reason = reason


class _BrokenError(Exception):
    """The connection failed in a way that may pass; `connected` says whether the server had answered."""

    def __init__(self, reason: str, connected: bool = True) -> None:
        super().__init__(reason)
        self.connected = connected


def download(url: str, path: Path, md5: str) -> None:
    """Download a file into `path.part` and move it into place when its checksum is right.

    Whatever ends it early, also Ctrl-C, leaves the `.part`, and the next call goes on from there.

    Args:
        url: where it is; http and https only.
        path: where it is to be.
        md5: its MD5, in hexadecimal.

    Raises:
        UnreachableError: the address cannot be reached, or the server does not give the file.
        LabError: the address is neither http nor https, the checksum is wrong, or the file cannot be written.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise LabError(f"'{url}' is not an address of the web: it must begin with http:// or https://.")
    part = path.with_name(f"{path.name}.part")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    _retry(url, path, part)
    with writing(path):
        found = md5_of(part)
        if found == md5:
            part.replace(path)
            return
        part.unlink()
    raise LabError(
        f"What came from {url} is not '{path.name}', its MD5 is {found} and not {md5}: it was removed, start the same "
        "command again."
    )


def md5_of(path: Path) -> str:
    """Return the MD5 of a file, in hexadecimal; it protects against accidents, not against attacks."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an OSError inside the block into a LabError about `path`.

    Raises:
        LabError: the disk is full, or something cannot be written.
    """
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
        advice = f"{'make room' if full else 'mend this'}, or name another cache folder in {VARIABLE}"
        problem = f"Cannot write '{path}' ({error.strerror or error})"
        raise LabError(f"{problem}: {advice}, and start the same command again.") from error


@contextmanager
def megabytes(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a progress bar in megabytes; the function that it yields takes the position in bytes."""
    shown = 0
    with progress(f"{title} (MB)", -(-total // MEGABYTE)) as advance:

        def reached(position: int) -> None:
            nonlocal shown
            advance(position // MEGABYTE - shown)
            shown = position // MEGABYTE

        yield reached


def _retry(url: str, path: Path, part: Path) -> None:
    """Try until the file is whole; give up at once where there is no connection at all."""
    connected = False
    best, tries = _size(part), 0
    while True:
        try:
            return _resume(url, path, part)
        except _BrokenError as problem:
            connected |= problem.connected
            tries = 0 if _size(part) > best else tries + 1
            best = max(best, _size(part))
            if not connected or tries > len(PAUSES):
                raise UnreachableError(path, url, str(problem)) from problem
            time.sleep(PAUSES[max(tries - 1, 0)])


def _size(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0


def _resume(url: str, path: Path, part: Path) -> None:
    """Download what is not there yet, or all of it where the server cannot send a part."""
    response = _ask(url, path, _size(part))
    if response is None:
        return
    with response:
        start = _start(response, part)
        left = response.length
        with (
            megabytes(f"downloading {path.name}", start + (left or 0)) as reached,
            writing(part),
            part.open("ab" if start else "wb") as stream,
        ):
            for chunk in _chunks(response):
                stream.write(chunk)
                reached(stream.tell())
    if left is not None and _size(part) < start + left:
        raise _BrokenError("the server closed the connection too early")


def _ask(url: str, path: Path, have: int) -> HTTPResponse | None:
    """Request the file from byte `have` on; None where the server has nothing after it."""
    wanted = {"Range": f"bytes={have}-"} if have else {}
    try:
        agent = {"User-Agent": f"gradcam-lab/{__version__}"}
        return _opener().open(request.Request(url, headers=agent | wanted), timeout=TIMEOUT)
    except HTTPError as error:
        error.close()
        if error.code == 416:
            return None  # it was whole already, or is longer than the file: the checksum will tell
        reason = f"the server answers {error.code} {error.reason}"
        if error.code in (408, 429) or error.code >= 500:
            raise _BrokenError(reason) from error
        raise UnreachableError(path, url, reason) from error
    except URLError as error:
        raise _BrokenError(_reason(error.reason), connected=False) from error
    except (OSError, HTTPException) as error:
        raise _BrokenError(_reason(error)) from error


def _opener() -> request.OpenerDirector:
    """An opener for http and https only: urllib's usual one also follows a redirection to ftp."""
    opener = request.OpenerDirector()
    for handler in (
        request.ProxyHandler(),
        request.UnknownHandler(),
        request.HTTPHandler(),
        request.HTTPSHandler(),
        request.HTTPDefaultErrorHandler(),
        request.HTTPRedirectHandler(),
        request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


def _start(response: HTTPResponse, part: Path) -> int:
    """Return where in the file the answer's first byte belongs: after what is there, or at the beginning."""
    have = _size(part)
    if response.status != 206:
        return 0
    if not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
        part.unlink(missing_ok=True)  # so that the next try asks for all of it
        raise _BrokenError("the server gave another part of the file than was asked for")
    return have


def _chunks(response: HTTPResponse) -> Iterator[bytes]:
    try:
        while chunk := response.read(CHUNK):
            yield chunk
    except (OSError, HTTPException) as error:
        raise _BrokenError(_reason(error)) from error


def _reason(error: object) -> str:
    if isinstance(error, TimeoutError):
        return "the server does not answer in time"
    return str(getattr(error, "strerror", None) or error or type(error).__name__)
