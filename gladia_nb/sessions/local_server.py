"""The embedded server, which also plays back what was recorded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gladia_nb.record.cassette import cassette_of
from gladia_nb.record.data import RunData
from gladia_nb.record.file import load_record
from gladia_nb.server import local

__all__ = ["LocalServer"]

#: A run, or the file of one.
Recording = str | Path | RunData


class LocalServer(local.LocalServer):
    """The embedded server, running while a `with` block does, or between `start` and `stop`.

    It listens on this machine only (`127.0.0.1`) unless `host` says otherwise, accepts one random
    key, and ends with the process that started it, however that one ends.

    With `replay` it recognises nothing and plays recorded sessions back, to whoever sends audio:
    each message when as much audio has come as the service had then, and as long after that as it
    came then. Acknowledgements are for the audio that is really sent. A session that asks for
    something else than was recorded is refused, with each field named. Several recordings are
    played in turn, each to sessions that ask for what it was recorded with.

    Args:
        replay: run files, or runs, to play back; also ones without speech (`Run.without_speech`).
        any_config: play them to every session, whatever it asks for.
        host: address to listen on.
        port: TCP port; 0 takes a free one.
        keys: more API keys to accept.
        any_key: accept every key that is not empty.
        **options: any other field of `gladia_nb.server.ServerOptions`.

    Raises:
        RunFileError: a recording cannot be read.
        ServerError: at `start`: the port is taken, PocketSphinx is not installed, an option is
            unknown, or the server died; the sentence says which.

    Example:
        >>> server = LocalServer()
        >>> server
        <LocalServer, not running>
    """

    def __init__(
        self,
        *,
        replay: Recording | Sequence[Recording] = (),
        any_config: bool = False,
        host: str = "127.0.0.1",
        port: int = 0,
        keys: Sequence[str] = (),
        any_key: bool = False,
        **options: Any,
    ) -> None:
        several = [replay] if isinstance(replay, str | Path | RunData) else replay
        if several:
            options["replay"] = [_cassette(one) for one in several]
        if any_config:
            options["any_config"] = True
        super().__init__(host=host, port=port, keys=keys, any_key=any_key, **options)


def _cassette(recording: Recording) -> dict[str, Any]:
    if isinstance(recording, RunData):
        path = recording.path
        name = recording.name if path is None else path.name
        return cassette_of(recording.record, name)
    record = load_record(recording)
    return cassette_of(record, Path(recording).name)
