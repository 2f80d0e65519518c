"""A session that a browser holds by itself, with the same handle and the same record as any other.

The request to begin, with its API key, is made here; the browser gets the URL of the WebSocket and
streams and receives by itself, with a stopwatch of its own. `gladia_nb.Microphone` does the
browser's part; what it tells goes into the record through the handle.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gladia_nb.api.target import resolve_target
from gladia_nb.config import SessionConfig
from gladia_nb.errors import ConfigError, SessionError
from gladia_nb.keys import Hidden, Secret
from gladia_nb.record.create import create_run_file
from gladia_nb.record.event_kinds import AnyEvent
from gladia_nb.sessions.handle import Live
from gladia_nb.sessions.options import DEFAULTS, SendOptions, describe_options, warn_of_doubts
from gladia_nb.sessions.process import get_worker
from gladia_nb.sessions.reference import ReferenceSource, find_reference
from gladia_nb.sessions.sound_keeping import keeping
from gladia_nb.worker.commands import Direct, Events, Failure, Finish, read_ticket

__all__ = ["DirectLive", "start_direct"]


class DirectLive(Live):
    """A session in a browser. Made by `start_direct`.

    Beside what every handle has, it hands out the URL and takes what the browser tells.

    Attributes:
        encoding: of the samples that the browser sends; always 16-bit PCM.
        acknowledged: whether the service acknowledges audio.
    """

    encoding = "wav/pcm"

    def __init__(self, *place: Any, acknowledged: bool, **layout: Any) -> None:
        super().__init__(*place, **layout)
        self.acknowledged = acknowledged
        self._url: str | None = None
        self._known = threading.Event()

    def ticket(self, timeout_s: float = 30.0) -> str:
        """Wait for the URL of the WebSocket; whoever has it can speak in the session.

        Raises:
            SessionError: the session ended before it had one; `result()` tells why.
            TimeoutError: there was no answer in time.
        """
        if not self._known.wait(timeout_s):
            raise TimeoutError(f"The service has not answered within {timeout_s:g} s.")
        if self._url is None:
            raise SessionError("The session ended before it began; its result() tells why.")
        return self._url

    def record(self, events: Iterable[AnyEvent]) -> None:
        """Put what the browser did into the run, stamps mapped to the clock of this machine."""
        if batch := list(events):
            self.command(Events(batch))

    def keep(self, data: bytes) -> None:
        """Keep a part of what the browser sent, in order, beside the run."""
        if self.sound is not None:
            self.sound.feed(data)

    def finish(self, outcome: str = "finished", error: Failure | None = None) -> None:
        """The browser is done.

        Args:
            outcome: `finished`, `aborted` or `failed`.
            error: what happened, or None.
        """
        self.command(Finish(outcome, error))

    def _feed(self, line: bytes) -> None:
        # The ticket is for the browser alone: neither kept nor shown to subscribers.
        if (ticket := read_ticket(line)) is not None:
            self._url = Hidden(ticket.url)
            self._known.set()
            return
        super()._feed(line)
        if self.done:
            self._forget()

    def _orphaned(self) -> None:
        super()._orphaned()
        self._forget()

    def _forget(self) -> None:
        self._url = None
        self._known.set()


@describe_options
def start_direct(  # noqa: D417 - the options are described where they are defined
    config: SessionConfig | None = None,
    *,
    name: str = "microphone",
    path: str | Path | None = DEFAULTS.path,
    audio: bool = DEFAULTS.audio,
    chunk_ms: float = DEFAULTS.chunk_ms,
    reference: ReferenceSource = None,
    key: str | Secret | None = None,
    url: str | None = None,
    region: str | None = DEFAULTS.region,
    server: Any = None,
    **fields: Any,
) -> DirectLive:
    """Begin a session that a browser will hold, and return at once.

    Args:
        config: the configuration; 16-bit PCM, which is what browsers send.
        name: of the audio.
        {options}
        reference: what will be spoken, as for `gladia_nb.start`.
        key: API key; by default `GLADIA_API_KEY`. It does not reach the browser.
        url: base URL of the service, which the browser must reach too.
        server: a `LocalServer` to use.
        **fields: fields of `SessionConfig` that differ from `config`.

    Raises:
        ConfigError: the configuration cannot be, or asks for another encoding.
        RunFileError: the run cannot be written.
        ServerError: the embedded server did not start.
        WorkerError: the process for sessions did not start.
    """
    key, url = Secret.of(key), Hidden.of(url)
    config = (config or SessionConfig()).replace(**fields).measuring()
    if (config.encoding, config.bit_depth) != ("wav/pcm", 16):
        raise ConfigError(
            "A browser sends 16-bit PCM; leave encoding and bit_depth alone "
            f"(got {config.encoding}, {config.bit_depth} bit)."
        )
    doubts = warn_of_doubts(config)
    sending = SendOptions(path=path, audio=audio, chunk_ms=chunk_ms, region=region)
    known = find_reference(None, reference)
    target = resolve_target(key=key, url=url, server=server)
    body = config.to_body()
    described = {
        "name": name,
        "duration_s": None,
        "frames": None,
        "source_rate": config.sample_rate,
        "source_channels": config.channels,
        "clipped": None,
    }
    options = {**sending.header(), "target": target.label, "stopwatch": "browser"}
    run_path = create_run_file(
        sending.path,
        name=name,
        body=body,
        audio=described,
        options=options,
        words=None if known is None else known.records,
        granularity="word" if known is None else known.granularity,
    )
    flags = body.get("messages_config") or {}
    command = Direct(
        path=str(run_path), base_url=target.url, key=target.key, region=region, body=body
    )
    with keeping(run_path, None, wanted=sending.audio) as sound:
        make = functools.partial(
            DirectLive,
            path=run_path,
            sample_rate=config.sample_rate,
            channels=config.channels,
            acknowledged=bool(flags.get("receive_acknowledgments", True)),
            sound=sound,
        )
        with get_worker().launch(command, b"", make) as live:
            live.note_warnings(doubts)
    return live
