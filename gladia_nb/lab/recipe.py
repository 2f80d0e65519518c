"""Everything that decides a run in one hand, and how to write it down: Python, curl, JSON.

A `Recipe` is plain and immutable. `reproduce` gives the Python that makes the same run; the key is
never part of either.
"""

from __future__ import annotations

import contextlib
import json
import shlex
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from gladia_nb.api.target import GLADIA_URL, prepare_server, shared_server
from gladia_nb.config import SessionConfig
from gladia_nb.errors import AudioError, ConfigError, GladiaNbError
from gladia_nb.keys import Secret
from gladia_nb.lab.form import Field, fields_of, place_problems
from gladia_nb.paths import expanded
from gladia_nb.server.settings.options import SERVED_PORT
from gladia_nb.sessions.browser import DirectLive, start_direct
from gladia_nb.sessions.options import DEFAULTS, SendOptions
from gladia_nb.sessions.process import get_worker
from gladia_nb.sessions.runner import Live, Source, start
from gladia_nb.sessions.samples import sample
from gladia_nb.sessions.sources import nearest_rate

__all__ = ["NO_PROXY", "OPTIONS", "Recipe", "as_curl", "as_json", "reproduce"]

Target = Literal["embedded", "gladia", "url"]

#: Where `gladia-nb serve` listens.
_SERVED = f"http://127.0.0.1:{SERVED_PORT}"
_TARGETS: tuple[Target, ...] = ("embedded", "gladia", "url")
#: Options of sending that a recipe has, in the order of the form.
_SENDING = ("chunk_ms", "json_audio", "speed", "tail_s", "callbacks", "network", "audio")
#: Why a network and a session of the browser do not go together.
NO_PROXY = (
    "A session that the browser holds goes its own way, past the proxy: leave network open, or let "
    "the kernel hold the session."
)


def _options() -> Iterator[Field]:
    """What decides a run beside its configuration, as fields of a form."""
    blank = Field(
        path=("",),
        label="",
        group="Sending",
        kind="text",
        default=None,
        choices=(),
        low=None,
        high=None,
        help="",
        front=True,
    )
    yield replace(
        blank,
        path=("target",),
        label="Service",
        kind="choice",
        default=_TARGETS[0],
        choices=_TARGETS,
        help="The embedded server needs no key and no network.",
    )
    sending = {field.name: replace(field, group="Sending") for field in fields_of(SendOptions)}
    yield replace(sending["region"], front=True)
    yield replace(blank, path=("url",), label="URL", help=f"Of another service, such as {_SERVED}.")
    # In a form callbacks are asked for or not; where to listen is for Python.
    sending["callbacks"] = replace(sending["callbacks"], kind="flag")
    sending["network"] = replace(sending["network"], kind="named")
    yield from (sending[name] for name in _SENDING)


OPTIONS: tuple[Field, ...] = tuple(_options())


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a run will be.

    Attributes:
        source: path of a sound file, or `sample:NAME` for a recording that comes with the project.
        config: data of the configuration, as `SessionConfig.from_dict` takes it.
        target: `embedded`, `gladia`, or `url`.
        region: as in `SendOptions`, for Gladia's own service.
        url: base URL, for `url`.
        chunk_ms, json_audio, speed, tail_s, callbacks: as in `SendOptions`.
        network: as in `SendOptions`; not for a session that a browser holds.
        audio: as in `SendOptions`; a study keeps no sound in any case.
        reference: path of a file that tells what was spoken; None for what lies beside the sound,
            False for nothing.

    Example:
        >>> recipe = Recipe("sample:call", {"endpointing": 30}, speed=0)
        >>> for name, sentence in recipe.problems().items():
        ...     print(f"{name}: {sentence}")
        endpointing: endpointing must be between 0.01 and 10 (got 30)
        speed: speed must be between 0.1 and 100 (got 0)
    """

    source: str = "sample:conversation"
    config: Mapping[str, Any] = field(default_factory=dict)
    target: Target = _TARGETS[0]
    region: str | None = DEFAULTS.region
    url: str | None = None
    chunk_ms: float = DEFAULTS.chunk_ms
    json_audio: bool = DEFAULTS.json_audio
    speed: float = DEFAULTS.speed
    tail_s: float = DEFAULTS.tail_s
    callbacks: bool = DEFAULTS.callbacks is not False
    network: str | Mapping[str, Any] | None = None
    audio: bool = DEFAULTS.audio
    reference: str | Literal[False] | None = None

    def problems(self) -> dict[str, str]:
        """What is wrong, a sentence by the dotted name of the field; empty when it can start."""
        found = place_problems(self.config)
        if self.target not in _TARGETS:
            found["target"] = f"target must be one of {', '.join(_TARGETS)} (got {self.target!r})"
        if sentence := self._wrong_url():
            found["url"] = sentence
        sending = {name: getattr(self, name) for name in ("region", *_SENDING)}
        for problem in SendOptions.problems_in(sending):
            found[str(problem.path[0])] = problem.message
        return found

    def _wrong_url(self) -> str | None:
        if self.target != "url":
            # It is not asked for, and nobody sees it.
            return None
        if not self.url:
            return f"url is needed for another service, such as {_SERVED}"
        if not str(self.url).startswith(("http://", "https://")):
            return f"url must be an http or https URL (got {self.url!r})"
        return None

    def path(self) -> Path:
        """The sound file.

        Raises:
            AudioError: there is no such sample, or the path cannot be one.
        """
        kind, _, name = self.source.partition(":")
        return sample(name) if kind == "sample" else expanded(self.source, AudioError)

    def options(self) -> dict[str, Any]:
        """Keyword arguments of `gladia_nb.start` that differ from its defaults, target excepted."""
        defaults = {option.name: option.default for option in OPTIONS}
        chosen = {name: getattr(self, name) for name in _SENDING}
        if self.target == "gladia":
            chosen["region"] = self.region
        elif self.target == "url":
            chosen["url"] = self.url
        if self.reference is not None:
            chosen["reference"] = self.reference
        return {name: value for name, value in chosen.items() if value != defaults.get(name)}

    def prepare(self, server: Any = None) -> None:
        """Start what a run needs beside itself, so that it begins at once; can be repeated.

        The process for sessions, and the embedded server where it is meant; nobody waits for them.
        What goes wrong here goes wrong again, and is said, when the run is started.

        Args:
            server: a `LocalServer` to use as the embedded server.
        """
        if self.target == "embedded" and server is None:
            prepare_server()
        threading.Thread(target=_prepare_worker, daemon=True, name="gladia_nb warming").start()

    def start(
        self, *, key: str | Secret | None = None, server: Any = None, source: Source | None = None
    ) -> Live:
        """Begin the run.

        Args:
            key: API key; by default `GLADIA_API_KEY`. The embedded server needs none.
            server: a `LocalServer` to use as the embedded server.
            source: sound to use instead of that of the recipe.

        Raises:
            ConfigError: something is wrong with it; see `problems`.
            GladiaNbError: as for `gladia_nb.start`.
        """
        key = Secret.of(key)
        options = self.asked(key, server)
        config = SessionConfig.from_dict(self.config)
        return start(self.path() if source is None else source, config, **options)

    def start_direct(
        self,
        *,
        sample_rate: int,
        channels: int,
        key: str | Secret | None = None,
        server: Any = None,
    ) -> DirectLive:
        """Begin a run that a browser holds itself: the kernel asks, the browser gets the URL.

        Args:
            sample_rate: hertz, of what the browser captures.
            channels: likewise.
            key: API key; by default `GLADIA_API_KEY`. It does not reach the browser.
            server: a `LocalServer` to use as the embedded server.

        Raises:
            ConfigError: something is wrong with it; see `problems`.
            GladiaNbError: as for `gladia_nb.start_direct`.
        """
        key = Secret.of(key)
        if self.network is not None:
            raise ConfigError(NO_PROXY)
        asked = self.asked(key, server)
        # The rest is about audio that is sent from here.
        kept = ("chunk_ms", "audio", "region", "url", "key", "server", "reference")
        options = {name: value for name, value in asked.items() if name in kept}
        config = SessionConfig.from_dict(self.config)
        return start_direct(config, sample_rate=sample_rate, channels=channels, **options)

    def asked(self, key: str | Secret | None, server: Any) -> dict[str, Any]:
        """Keyword arguments of `gladia_nb.start`, with the service to talk to.

        Args:
            key: API key; by default `GLADIA_API_KEY`.
            server: a `LocalServer` to use as the embedded server.

        Raises:
            ConfigError: something is wrong with it; see `problems`.
        """
        key = Secret.of(key)
        if problems := self.problems():
            raise ConfigError("; ".join(problems.values()), list(problems.values()))
        options = self.options()
        if self.target == "embedded":
            options["server"] = server or shared_server()
        else:
            options["key"] = key
            if self.target == "gladia":
                options["url"] = GLADIA_URL
        return options


def _prepare_worker() -> None:
    with contextlib.suppress(GladiaNbError):
        get_worker()


def _body(recipe: Recipe, sample_rate: int | None, channels: int | None) -> dict[str, Any]:
    """The body of the request, with the format of audio that has this rate and these channels."""
    config = SessionConfig.from_dict(recipe.config).measuring()
    follow: dict[str, Any] = {}
    if sample_rate is not None and "sample_rate" not in config.model_fields_set:
        follow["sample_rate"] = nearest_rate(sample_rate)
    if channels is not None and "channels" not in config.model_fields_set:
        follow["channels"] = channels
    return config.replace(**follow).to_body()


def as_json(recipe: Recipe, sample_rate: int | None = None, channels: int | None = None) -> str:
    """The body of `POST /v2/live`.

    Args:
        recipe: what the run will be.
        sample_rate: of its sound, which decides where the configuration leaves it open.
        channels: of its sound, likewise.

    Raises:
        ConfigError: the configuration is wrong.
    """
    return json.dumps(_body(recipe, sample_rate, channels), indent=2, ensure_ascii=False)


def as_curl(recipe: Recipe, sample_rate: int | None = None, channels: int | None = None) -> str:
    """The request as a shell command; the key is that of the environment.

    Raises:
        ConfigError: the configuration is wrong.

    Example:
        >>> "GLADIA_API_KEY" in as_curl(Recipe())
        True
    """
    lines = []
    base, query = GLADIA_URL, ""
    if recipe.target == "embedded":
        base = _SERVED
        lines.append("# First, in another terminal:  gladia-nb serve")
        lines.append("# and here, with the key that it prints:  export GLADIA_API_KEY=...")
    elif recipe.target == "url":
        base = (recipe.url or _SERVED).rstrip("/")
    elif recipe.region is not None:
        query = f"?region={recipe.region}"
    body = as_json(recipe, sample_rate, channels)
    lines += [
        f"curl --request POST {shlex.quote(f'{base}/v2/live{query}')} \\",
        "  --header 'Content-Type: application/json' \\",
        '  --header "x-gladia-key: ${GLADIA_API_KEY:-none}" \\',
        f"  --data {shlex.quote(body)}",
    ]
    return "\n".join(lines)


def reproduce(recipe: Recipe) -> str:
    """Python that makes the same run with the same configuration.

    The key is that of the environment.

    Example:
        >>> print(reproduce(Recipe(config={"endpointing": 0.3}, target="gladia")))
        import gladia_nb as gn
        <BLANKLINE>
        config = gn.SessionConfig(endpointing=0.3)
        # The key is read from GLADIA_API_KEY.
        run = gn.transcribe(gn.sample("conversation"), config, url="https://api.gladia.io")
    """
    kind, _, name = recipe.source.partition(":")
    sound = f'gn.sample("{name}")' if kind == "sample" else _python(recipe.source)
    arguments = [sound, "config"] if recipe.config else [sound]
    options = recipe.options()
    if recipe.target == "gladia":
        options["url"] = GLADIA_URL
    arguments += [f"{key}={_python(value)}" for key, value in options.items()]
    lines = ["import gladia_nb as gn", ""]
    if recipe.config:
        fields = [f"{key}={_python(value)}" for key, value in recipe.config.items()]
        lines += _call("config = gn.SessionConfig", fields)
    if recipe.target == "embedded":
        lines.append("with gn.LocalServer() as server:")
        called = _call("run = gn.transcribe", [*arguments, "server=server"])
        lines += [f"    {line}" for line in called]
    else:
        lines.append("# The key is read from GLADIA_API_KEY.")
        lines += _call("run = gn.transcribe", arguments)
    return "\n".join(line.rstrip() for part in lines for line in part.split("\n"))


def _call(name: str, arguments: list[str]) -> list[str]:
    """A call on one line, or with an argument a line where it would be too long."""
    one = f"{name}({', '.join(arguments)})"
    if len(one) <= 88 and "\n" not in one:
        return [one]
    inner = [f"    {line}" for argument in arguments for line in f"{argument},".split("\n")]
    return [f"{name}(", *inner, ")"]


def _python(value: Any) -> str:
    """Plain data as Python, on one line where it is short."""
    if isinstance(value, str):
        # JSON's escapes are Python's too.
        return json.dumps(value, ensure_ascii=False)
    if not isinstance(value, (dict, list, tuple)):
        return repr(value)
    if isinstance(value, dict):
        items = [f"{_python(key)}: {_python(item)}" for key, item in value.items()]
        left, right = "{", "}"
    else:
        items = [_python(item) for item in value]
        left, right = "[", "]"
    one = f"{left}{', '.join(items)}{right}"
    if len(one) <= 64 and "\n" not in one:
        return one
    inner = [f"    {line}" for item in items for line in f"{item},".split("\n")]
    return "\n".join([left, *inner, right])
