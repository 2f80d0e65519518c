"""What can be chosen about the embedded server.

Where Gladia's documentation is silent or contradicts itself, the choice is an option here, and its
default is the most likely behaviour.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gladia_nb.server.settings.cassette import Cassette
from gladia_nb.server.settings.faults import Fault
from gladia_nb.server.settings.script import Script

__all__ = ["CONTROL_HEADER", "SERVED_PORT", "ServerOptions"]

#: The header with the token that opens the controls.
CONTROL_HEADER = "x-gladia-nb-control"

#: Where `gladia-nb serve` listens unless it is told otherwise.
SERVED_PORT = 8765

_ORIGIN = re.compile(r"https?://[^\s/?#@]+")


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """Options of the embedded server.

    Attributes:
        host: address to listen on; the default can be reached from this machine only.
        port: TCP port; 0 takes a free one.
        host_names: more names under which the server is asked for, such as that of a proxy before
            it. `localhost`, addresses of the loopback and `host` are known; requests for any other
            host are refused, so that no page can reach the server under a name of its own.
        allow_origins: origins of pages that may use the HTTP routes, such as
            `https://hub.example`, or `*` for all; other pages have the WebSocket only, by its URL.
        keys: API keys that are accepted; None accepts every key that is not empty.
        control_token: opens the routes for faults, scripts and traces; None closes them.
        inclusive_acks: the second number of an acknowledgement's `byte_range` is the last byte
            itself, and not the byte after it.
        acknowledge_empty: an empty chunk is acknowledged like any other; the range of that, of
            no length, tells a client that comes back how much has arrived.
        hyphen_ids: utterances are `00-00000000`, and not `00_00000000`.
        short_utterance_ids: a translation names its utterance by the number alone (`3`), and not
            as the transcript does (`00_00000003`).
        speech_end_first: `speech_end` comes before the final of its utterance, and not after it.
        start_session_on_socket: `start_session` is also sent over the WebSocket; Gladia's own
            clients make this message themselves.
        replay_missed: messages that were made while no client was connected are sent when one
            reconnects; else they are only in the stored result.
        idle_timeout_s: seconds without any input, connected or not, after which a session is
            closed and finished.
        idle_code: WebSocket close code when that happens.
        silence_timeout_s: seconds without anything to transcribe, audio or not, after which a
            session is closed and finished; None is never.
        silence_code: WebSocket close code when that happens.
        session_limit_s: seconds after which a session is stopped.
        session_limit_code: WebSocket close code when that happens, after all messages.
        ended_code: WebSocket close code for a connection to a session that has ended.
        unknown_token_status: HTTP status that refuses a WebSocket with an unknown token.
        max_sessions: sessions that a key may have at a time, or all keys together where every key
            is accepted; more are answered with 429. None is no limit. One that nobody has
            connected to counts for `idle_timeout_s`.
        keep_sessions: how many sessions to keep for GET and lists, the newest; those that run are
            kept in any case.
        callback_attempts: how often a message is posted to a receiver that fails, until it is
            given up.
        callback_backoff_s: wait before the second attempt, in seconds; doubled at each further one,
            10 s at most.
        callback_timeout_s: how long a receiver may take to answer, in seconds.
        webhook_url: where `start_session`, `start_recording`, `end_recording` and `end_session` of
            every session are posted, whatever it asks for; None is nowhere.
        partial_step_s: seconds of audio between two looks for a new partial.
        finish_timeout_s: longest wait for pending recognition at the end of a session, in seconds.
        keep_audio_bytes: how much audio of finished sessions to keep for download, the newest.
        engine: what turns audio into words: `recogniser`, `sherpa` (see `model`), `scripted` (see
            `script`), or the name of an engine that another package brings.
        model: of the engine: for `sherpa` the folder of a streaming model, or the name of a fetched
            one; other engines may read it in their own way.
        model_languages: codes of the languages that the model knows; empty for what its name tells.
        script: of the scripted engine, see `server.settings.script`: a mapping, or the path of
            a JSON file, such as the words file of a recording.
        replay: cassettes to play back in place of an engine, see `server.settings.cassette`:
            mappings, or paths of JSON files. (`gladia_nb.LocalServer` takes run files here.)
        any_config: play them to every session, whatever it asks for.
        faults: what is to go wrong on purpose, see `gladia_nb.server.settings.faults`.
        trace: keep for each session what was received and sent when, for `GET /_trace/{id}`.
        clock_offset_s: how far the server's `created_at` is ahead of this machine's clock.
    """

    host: str = "127.0.0.1"
    port: int = 0
    host_names: tuple[str, ...] = ()
    allow_origins: tuple[str, ...] = ()
    keys: tuple[str, ...] | None = field(default=None, repr=False)
    control_token: str | None = field(default=None, repr=False)
    inclusive_acks: bool = False
    acknowledge_empty: bool = True
    hyphen_ids: bool = False
    short_utterance_ids: bool = True
    speech_end_first: bool = True
    start_session_on_socket: bool = False
    replay_missed: bool = False
    idle_timeout_s: float = 30.0
    idle_code: int = 4408
    silence_timeout_s: float | None = None
    silence_code: int = 4504
    session_limit_s: float = 3 * 3600.0
    session_limit_code: int = 1000
    ended_code: int = 4403
    unknown_token_status: int = 403
    max_sessions: int | None = 100
    keep_sessions: int = 1000
    callback_attempts: int = 5
    callback_backoff_s: float = 0.5
    callback_timeout_s: float = 10.0
    webhook_url: str | None = field(default=None, repr=False)
    partial_step_s: float = 0.1
    finish_timeout_s: float = 120.0
    keep_audio_bytes: int = 1 << 30
    engine: str = "recogniser"
    model: str | None = None
    model_languages: tuple[str, ...] = ()
    script: Mapping[str, Any] | str | None = field(default=None, repr=False)
    replay: tuple[Cassette, ...] = field(default=(), repr=False)
    any_config: bool = False
    faults: tuple[Fault, ...] = ()
    trace: bool = False
    clock_offset_s: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise ValueError(f"port must be between 0 and 65535 (got {self.port})")
        self._check_engine()
        self._check_seconds()
        for origin in self.allow_origins:
            if origin != "*" and not _ORIGIN.fullmatch(origin):
                raise ValueError(
                    f"allow_origins must be origins such as https://hub.example (got {origin!r})"
                )
        if self.callback_timeout_s <= 0 or self.callback_backoff_s < 0:
            raise ValueError("callback_timeout_s must be above 0, and callback_backoff_s not below")
        for name in ("callback_attempts", "max_sessions", "keep_sessions"):
            if (number := getattr(self, name)) is not None and number < 1:
                raise ValueError(f"{name} must be at least 1 (got {number})")
        if self.webhook_url is not None and not self.webhook_url.startswith(
            ("http://", "https://")
        ):
            raise ValueError("webhook_url must begin with http:// or https://")

    def _check_engine(self) -> None:
        if not self.engine:
            raise ValueError("engine must be the name of one, such as 'recogniser'")
        if self.replay and self.engine != "recogniser":
            raise ValueError(f"replay takes the place of engine={self.engine!r}; leave one out")
        if self.script is not None:
            Script.load(self.script)

    def _check_seconds(self) -> None:
        for name in ("idle_timeout_s", "session_limit_s", "partial_step_s", "finish_timeout_s"):
            if not getattr(self, name) > 0:  # nor NaN
                raise ValueError(f"{name} must be above 0 (got {getattr(self, name)})")
        if self.silence_timeout_s is not None and not self.silence_timeout_s > 0:
            raise ValueError(f"silence_timeout_s must be above 0 (got {self.silence_timeout_s})")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ServerOptions:
        """Options from plain data, as on a command line.

        Raises:
            ValueError: a name is unknown, or a value is of another type or out of range.

        Example:
            >>> ServerOptions.from_dict({"hyphen_ids": True}).hyphen_ids
            True
        """
        known = {item.name: item for item in dataclasses.fields(cls)}
        clean: dict[str, Any] = {}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"{name} is not a server option; there are {', '.join(known)}")
            clean[name] = _as_type(name, value, known[name].default)
        return cls(**clean)


#: Options that may be None, and else have this type.
_OPTIONAL = {
    "max_sessions": int,
    "webhook_url": str,
    "control_token": str,
    "silence_timeout_s": float,
    "model": str,
}

#: Options that are lists of texts.
_LISTS = ("host_names", "allow_origins", "model_languages")


def _as_type(name: str, value: Any, default: Any) -> Any:
    if name in _OPTIONAL:
        if name == "model" and isinstance(value, Path):
            value = str(value)
        return None if value is None else _plain(name, value, _OPTIONAL[name], " or null")
    if name == "script":
        if value is None or isinstance(value, Mapping | str | Path):
            return value
        raise ValueError(f"script must be a mapping or the path of a file (got {value!r})")
    if name == "replay":
        several = value if isinstance(value, list | tuple) else [value]
        return tuple(one if isinstance(one, Cassette) else Cassette.load(one) for one in several)
    if name == "faults":
        several = value if isinstance(value, list | tuple) else [value]
        return tuple(Fault.parse(item) for item in several)
    if name in _LISTS or (name == "keys" and value is not None):
        return _texts(name, value)
    return _plain(name, value, type(default))


def _plain(name: str, value: Any, kind: type, more: str = "") -> Any:
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise ValueError(f"{name} must be {kind.__name__}{more} (got {value!r})")
    return value


def _texts(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(text, str) for text in value):
        null = " or null" if name == "keys" else ""
        raise ValueError(f"{name} must be a list of texts{null}")
    return tuple(value)
