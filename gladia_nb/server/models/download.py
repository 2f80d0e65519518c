"""Fetch a file over HTTP, and go on where an earlier attempt ended.

What has come is kept beside the target with a note of where it is from and which version it was, so
that a later attempt asks for the rest only (`Range` with `If-Range`, RFC 9110); a server that has
another version by then, or cannot continue, sends all of it again.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import aiohttp

from gladia_nb.errors import ModelError

__all__ = ["MOST_BYTES", "Attempt", "fetch"]

#: The largest archive that is fetched.
MOST_BYTES = 4 << 30
_PIECE = 1 << 18
_CONNECT_S = 20.0
#: A server that sends nothing for so long has gone.
_QUIET_S = 60.0

#: Told with bytes that are there, and bytes in all, or None where the server does not say.
Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Attempt:
    """Where a download is kept until it is whole.

    Attributes:
        path: of the bytes that have come.
    """

    path: Path

    @property
    def note(self) -> Path:
        """Of where they come from."""
        return self.path.with_name(f"{self.path.name}.json")

    def begun(self, url: str) -> tuple[int, str]:
        """Bytes that are there of this URL, and the version they are of; 0 for none."""
        try:
            note = json.loads(self.note.read_text(encoding="utf-8"))
            if note["url"] == url and isinstance(note["version"], str) and note["version"]:
                return self.path.stat().st_size, note["version"]
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return 0, ""

    def remember(self, url: str, version: str) -> None:
        """Note where the bytes are from."""
        self.note.write_text(json.dumps({"url": url, "version": version}), encoding="utf-8")

    def forget(self) -> None:
        """Delete what has come."""
        self.path.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)


def fetch(url: str, attempt: Attempt, *, sha256: str | None, progress: Progress) -> None:
    """Fetch a URL into the file of an attempt.

    Args:
        url: `https://`, or `http://`.
        attempt: where to; what an earlier one has left there is continued.
        sha256: checksum that the file must have, 64 hexadecimal digits; None takes any.
        progress: told now and then.

    Raises:
        ModelError: it cannot be fetched, is too large, or is not what the checksum says; what has
            come stays for the next attempt, except when it is wrong.
    """
    try:
        asyncio.run(_fetch(url, attempt, progress))
    except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
        raise ModelError(f"{url} is not an address that can be fetched.") from None
    except aiohttp.ClientResponseError as error:
        raise ModelError(f"The server refused {url}: {error.status} {error.message}.") from None
    except TimeoutError:
        raise ModelError(
            f"{url} stopped answering; what has come is kept: try again, and it goes on from there."
        ) from None
    except (aiohttp.ClientError, ConnectionError) as error:
        raise ModelError(
            f"{url} could not be fetched whole ({str(error)[:200] or type(error).__name__}); what "
            "has come is kept: try again, and it goes on from there."
        ) from None
    except OSError as error:
        raise ModelError(f"Cannot write {attempt.path}: {error.strerror or error}.") from None
    if sha256 is not None and (found := _digest(attempt.path)) != sha256.lower():
        attempt.forget()
        raise ModelError(
            f"What came from {url} is not what it should be: its SHA-256 is {found}, not "
            f"{sha256.lower()}; it was deleted."
        )


async def _fetch(url: str, attempt: Attempt, progress: Progress) -> None:
    there, version = attempt.begun(url)
    # What is compressed for the way would not fit the ranges of the file.
    headers = {"Accept-Encoding": "identity"}
    if there:
        headers |= {"Range": f"bytes={there}-", "If-Range": version}
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S, sock_read=_QUIET_S)
    async with (
        aiohttp.ClientSession(timeout=timeout, trust_env=True, auto_decompress=False) as http,
        http.get(url, headers=headers, max_redirects=10) as answer,
    ):
        if answer.status == 416 and there:
            # Nothing is left to send, or the file is another one by now.
            if _whole(answer) == there:
                return
            attempt.forget()
            raise aiohttp.ClientPayloadError("the file has changed there")
        answer.raise_for_status()
        if answer.status != 206 or _first(answer) != there:
            if answer.status == 206:
                attempt.forget()
                raise aiohttp.ClientPayloadError("it sent another part than asked for")
            there = 0
        length = answer.content_length
        total = None if length is None else there + length
        if total is not None and total > MOST_BYTES:
            raise ModelError(f"{url} is larger than {MOST_BYTES >> 30} GB; that is no model.")
        attempt.remember(url, _version(answer))
        with attempt.path.open("ab" if there else "wb") as file:
            await _receive(answer, file, there, total, progress)


async def _receive(
    answer: aiohttp.ClientResponse, file: IO[bytes], there: int, total: int | None, told: Progress
) -> None:
    told(there, total)
    async for piece in answer.content.iter_chunked(_PIECE):
        there += len(piece)
        if there > MOST_BYTES:
            raise ModelError(f"It is larger than {MOST_BYTES >> 30} GB; that is no model.")
        file.write(piece)
        told(there, total)


def _version(answer: aiohttp.ClientResponse) -> str:
    """What tells this version from others: a strong entity tag, else the date of change."""
    tag = answer.headers.get("ETag", "")
    if tag and not tag.startswith("W/"):
        return tag
    return answer.headers.get("Last-Modified", "")


def _first(answer: aiohttp.ClientResponse) -> int | None:
    """The first byte of a part."""
    told = answer.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return int(told) if told.isascii() and told.isdigit() else None


def _whole(answer: aiohttp.ClientResponse) -> int | None:
    """Bytes of the whole file."""
    told = answer.headers.get("Content-Range", "").rpartition("/")[2]
    return int(told) if told.isascii() and told.isdigit() else None


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
