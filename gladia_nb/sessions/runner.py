"""Start sessions in the worker process, watch them, and hold what they record.

`transcribe` blocks and returns a `Run`; `start` returns a `Live` handle at once. Both work the same
in a script, in a notebook cell and inside a running event loop: nothing of a session runs in the
calling process but one thread that reads what the worker tells.
"""

from __future__ import annotations

import contextlib
import functools
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt

from gladia_nb.api.protocol import MAX_FRAME_BYTES
from gladia_nb.api.target import Target, resolve_target
from gladia_nb.audio import Audio
from gladia_nb.config import SessionConfig
from gladia_nb.errors import ConfigError
from gladia_nb.keys import Hidden, Secret
from gladia_nb.network.control import Way
from gladia_nb.network.process import shared_network
from gladia_nb.network.profiles import Network
from gladia_nb.record.create import create_run_file
from gladia_nb.run import Run
from gladia_nb.sessions.formats.base import Reference
from gladia_nb.sessions.handle import Live
from gladia_nb.sessions.live_audio import LiveAudio
from gladia_nb.sessions.options import DEFAULTS, SendOptions, describe_options, warn_of_doubts
from gladia_nb.sessions.process import get_worker, shutdown
from gladia_nb.sessions.reference import (
    ReferenceSource,
    check_reference,
    find_reference,
    on_one_channel,
)
from gladia_nb.sessions.sound_keeping import keeping
from gladia_nb.sessions.sources import Prepared, prepare
from gladia_nb.worker.commands import Callbacks, Start

__all__ = ["Live", "shutdown", "start", "transcribe"]

Source = str | Path | Audio | LiveAudio | tuple[npt.ArrayLike, int]

#: After an interrupt: how long the service may take to send the rest.
_INTERRUPT_S = 20.0


@describe_options
def start(  # noqa: D417 - the options are described where they are defined
    source: Source,
    config: SessionConfig | None = None,
    *,
    path: str | Path | None = DEFAULTS.path,
    audio: bool = DEFAULTS.audio,
    chunk_ms: float = DEFAULTS.chunk_ms,
    speed: float = DEFAULTS.speed,
    tail_s: float = DEFAULTS.tail_s,
    json_audio: bool = DEFAULTS.json_audio,
    callbacks: bool | Mapping[str, Any] = DEFAULTS.callbacks,
    network: str | Mapping[str, Any] | Network | None = DEFAULTS.network,
    reference: ReferenceSource = None,
    key: str | Secret | None = None,
    url: str | None = None,
    region: str | None = DEFAULTS.region,
    server: Any = None,
    **fields: Any,
) -> Live:
    """Begin a live session and return at once.

    Args:
        source: a sound file, an `Audio`, `(array, sample_rate)`, or a `LiveAudio` that is fed.
        config: the configuration; without `messages_config` every message is asked for.
        {options}
        reference: what was really spoken: a path, what `load_reference` gives, a list of dicts, or
            a DataFrame, with `word`, `start_s` and `end_s`, or with `text` and perhaps times; by
            default `NAME.words.json` beside the sound file, if there is one; False for none. What
            needs words with times is withheld where it has only segments or a text. A word may
            have its `speaker` and `sentence`; see `turns`.
        key: API key; by default `GLADIA_API_KEY`. Without one the embedded server is used.
        url: base URL of the service; by default `GLADIA_API_URL`, else Gladia's.
        server: a `LocalServer` to use.
        **fields: fields of `SessionConfig` that differ from `config`.

    Raises:
        AudioError, ConfigError: nothing was sent; the sentence says what to mend.
        RunFileError: the run cannot be written.
        ServerError: the embedded server, or the proxy of a network, did not start.
        WorkerError: the process for sessions did not start.
    """
    key, url = Secret.of(key), Hidden.of(url)
    config = (config or SessionConfig()).replace(**fields).measuring()
    options = SendOptions(
        path=path,
        audio=audio,
        chunk_ms=chunk_ms,
        speed=speed,
        tail_s=tail_s,
        json_audio=json_audio,
        callbacks=callbacks,
        region=region,
        network=network,
    ).seeded(secrets.randbelow(2**31))
    prepared = _prepare(source, config, options)
    doubts = warn_of_doubts(config)
    known = _known(source, reference, prepared)
    target = resolve_target(key=key, url=url, server=server)
    run_path = _create(prepared, options, target, known)
    stall_s = source.stall_s if isinstance(source, LiveAudio) else None
    command = _command(prepared, options, target, run_path, stall_s)
    is_live = isinstance(source, LiveAudio)
    data = None if is_live else prepared.data
    with keeping(run_path, data, wanted=options.audio) as sound:
        make = functools.partial(
            Live,
            path=run_path,
            sample_rate=prepared.config.sample_rate,
            channels=prepared.config.channels,
            duration_s=None if is_live else prepared.duration_s,
            sound=sound,
        )
        with get_worker().launch(command, prepared.data, make) as live:
            live.note_warnings(doubts)
            if isinstance(source, LiveAudio):
                source.connect(live, prepared.config)
    return live


def transcribe(
    source: Source, config: SessionConfig | None = None, *, progress: bool = True, **options: Any
) -> Run:
    """Run a live session to its end and return everything that was recorded.

    Blocks, with a progress bar. An interrupt (Ctrl-C, or the notebook's stop button) stops the
    session properly and returns what was recorded; a second one gives up at once.

    Args:
        source: a sound file, an `Audio`, or `(array, sample_rate)`.
        config: the configuration.
        progress: show a progress bar (never where standard error is not a terminal).
        **options: as for `start`.

    Raises:
        GladiaNbError: as for `start`; and when the session failed, with the error's `run`.
    """
    for name, hide in (("key", Secret.of), ("url", Hidden.of)):
        if name in options:
            options[name] = hide(options[name])
    live = start(source, config, **options)
    return wait_for(live, progress=progress)


def wait_for(live: Live, *, progress: bool = True) -> Run:
    """Wait for a session as `transcribe` does, with progress bar and interrupts."""
    try:
        with _bar(live) if progress else contextlib.nullcontext() as bar:
            while not live.wait(0.1):
                if bar is not None:
                    bar.update(round(live.sent_s, 1) - bar.n)
            if bar is not None:
                bar.update(round(live.sent_s, 1) - bar.n)
    except KeyboardInterrupt:
        live.stop()
        try:
            if not live.wait(_INTERRUPT_S):
                live.abort()
                live.wait(5)
        except KeyboardInterrupt:
            live.abort()
            live.wait(5)
            raise
    return live.result(timeout_s=5)


def _bar(live: Live) -> Any:
    total = None if live.is_live else round(live.duration_s, 1)
    shape = "{desc} {percentage:3.0f}%|{bar}| {n:.1f} of {total:.1f} s  [{elapsed}<{remaining}]"
    if live.is_live:
        shape = "{desc} {n:.1f} s  [{elapsed}]"
    if "ipykernel" in sys.modules:
        from tqdm.notebook import tqdm

        # The notebook's bar is a widget; its text has no room for a bar of characters.
        return tqdm(total=total, desc=live.path.stem, unit="s", leave=False)
    from tqdm import tqdm

    return tqdm(total=total, desc=live.path.stem, bar_format=shape, disable=None, leave=False)


def _prepare(source: Source, config: SessionConfig, options: SendOptions) -> Prepared:
    """The audio, seen to fit the options."""
    if isinstance(source, LiveAudio):
        _check_live(options)
        prepared: Prepared = source.prepare(config)
    else:
        prepared = prepare(source, config, tail_s=options.tail_s)
    _check_chunk(prepared, options)
    return prepared


def _known(source: Source, reference: ReferenceSource, prepared: Prepared) -> Reference | None:
    """The reference, seen to be of this audio."""
    known = find_reference(source, reference)
    if known is not None and prepared.config.channels == 1:
        known = on_one_channel(known)
    check_reference(
        known,
        channels=prepared.config.channels,
        duration_s=prepared.describe()["duration_s"],
    )
    return known


def _create(
    prepared: Prepared, options: SendOptions, target: Target, known: Reference | None
) -> Path:
    """The file of the run, with its header."""
    return create_run_file(
        options.path,
        name=prepared.name,
        body=prepared.config.to_body(),
        audio=prepared.describe(),
        options={**options.header(), "target": target.label},
        words=None if known is None else known.records,
        granularity="word" if known is None else known.granularity,
    )


def _command(
    prepared: Prepared, options: SendOptions, target: Target, path: Path, stall_s: float | None
) -> Start:
    """What the worker needs to know."""
    listen = options.listen()
    return Start(
        path=str(path),
        base_url=target.url,
        key=target.key,
        region=options.region,
        body=prepared.config.to_body(),
        frame_bytes=prepared.frame_bytes,
        sample_rate=prepared.config.sample_rate,
        chunk_ms=options.chunk_ms,
        speed=options.speed,
        json_audio=options.json_audio,
        callbacks=None if listen is None else Callbacks(**listen),
        stall_s=stall_s,
        network=None if options.network is None else _way(options.network),
    )


def _way(network: Network) -> Way:
    """To the proxy, which is started when it is first needed."""
    proxy = shared_network()
    return Way(proxy.port, proxy.token, network.shape())


def _check_live(options: SendOptions) -> None:
    if options.speed != 1:
        raise ConfigError(
            f"Live audio comes at its own speed; leave speed at 1 (got {options.speed})."
        )
    if options.tail_s:
        raise ConfigError(
            "tail_s is for audio that is known beforehand; keep feeding silence instead "
            f"(got {options.tail_s})."
        )


def _check_chunk(prepared: Prepared, options: SendOptions) -> None:
    size = options.chunk_ms / 1000 * prepared.config.sample_rate * prepared.frame_bytes
    if size * (4 / 3 if options.json_audio else 1) > MAX_FRAME_BYTES - 100:
        raise ConfigError(
            f"A chunk of {options.chunk_ms:g} ms has {size / 1e6:.1f} MB here and the service "
            "takes 1 MiB a frame; choose a shorter chunk_ms."
        )
