"""A small web server on this machine, that can be told to misbehave."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


class Web:
    """What is served, how, and what has been asked for.

    Attributes:
        files: the content of each path.
        ranges: whether parts of a file can be asked for.
        cuts: after how many bytes the next answers break off; None for whole answers.
        statuses: what the next requests are answered with instead of a file.
        lengths: whether an answer says how long it is.
        asked: the path and the `Range` of every request.
        served: bytes of files that were sent.
    """

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.files: dict[str, bytes] = {}
        self.ranges = True
        self.cuts: list[int | None] = []
        self.statuses: list[int] = []
        self.lengths = True
        self.shift = 0
        self.asked: list[tuple[str, str | None]] = []
        self.served = 0

    def add(self, name: str, content: bytes) -> str:
        """Serve a file, and return its address."""
        self.files[f"/{name}"] = content
        return f"{self.address}/{name}"


class Handler(BaseHTTPRequestHandler):
    """Answers as `Web` says."""

    web: Web

    def do_GET(self) -> None:
        web, wanted = self.web, self.headers.get("Range")
        web.asked.append((self.path, wanted))
        content = web.files.get(self.path)
        if web.statuses or content is None:
            return self.send_error(web.statuses.pop(0) if web.statuses else 404)
        start = int(re.findall(r"bytes=(\d+)-", wanted)[0]) + web.shift if wanted and web.ranges else 0
        if start >= len(content):
            return self.send_error(416)
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if web.lengths:
            self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        cut = web.cuts.pop(0) if web.cuts else None
        body = content[start:][:cut]
        web.served += len(body)  # before they are sent: the test must not be quicker than the count
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[Web]:
    """Serve until the block ends."""
    with ThreadingHTTPServer(("127.0.0.1", 0), type("OwnHandler", (Handler,), {})) as server:
        web = Web(server.server_port)
        server.RequestHandlerClass.web = web  # type: ignore[attr-defined]
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield web
        finally:
            server.shutdown()
            thread.join()
