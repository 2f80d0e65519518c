"""A site that models are fetched from: it continues, breaks off, changes and refuses as told."""

from __future__ import annotations

import contextlib
import http.server
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["ModelSite", "model_site"]


@dataclass
class ModelSite:
    """What it serves, and what it was asked.

    Attributes:
        url: of the archive.
        data: of the archive.
        tag: its version, as `ETag`; none for an empty text.
        cut_after: bytes after which a connection breaks off; None never.
        ignore_ranges: it sends all of it, whatever part is asked for.
        wrong_part: it sends a part that was not asked for.
        status: answered to everything; 200 serves.
        asked: the headers of each request.
    """

    url: str = ""
    data: bytes = b""
    tag: str = '"v1"'
    cut_after: int | None = None
    ignore_ranges: bool = False
    wrong_part: bool = False
    status: int = 200
    asked: list[dict[str, str]] = field(default_factory=list)

    def part(self, headers: dict[str, str]) -> tuple[int, int]:
        """Status and first byte of the answer to a request."""
        asked = re.fullmatch(r"bytes=(\d+)-", headers.get("Range", ""))
        if asked is None or self.ignore_ranges or headers.get("If-Range") != self.tag:
            return 200, 0
        first = int(asked[1])
        return (206 if first < len(self.data) else 416), first


@contextlib.contextmanager
def model_site(data: bytes, name: str = "tones.tar.bz2") -> Iterator[ModelSite]:
    """Serve an archive of this name while the block runs."""
    site = ModelSite(data=data)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = dict(self.headers.items())
            site.asked.append(headers)
            if site.status != 200:
                self.send_error(site.status)
                return
            status, first = site.part(headers)
            self.send_response(status)
            if site.tag:
                self.send_header("ETag", site.tag)
            if status == 416:
                self.send_header("Content-Range", f"bytes */{len(site.data)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if status == 206:
                told = first + 1 if site.wrong_part else first
                last = len(site.data) - 1
                self.send_header("Content-Range", f"bytes {told}-{last}/{len(site.data)}")
            self.send_header("Content-Length", str(len(site.data) - first))
            self.end_headers()
            rest = site.data[first:]
            self.wfile.write(rest if site.cut_after is None else rest[: site.cut_after])
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        site.url = f"http://127.0.0.1:{server.server_address[1]}/models/{name}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()
