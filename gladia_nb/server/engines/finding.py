"""Engines by name: our own, and those that other packages bring by an entry point."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points

from gladia_nb.server.engines.base import Engine, EngineError
from gladia_nb.server.engines.decoding_child import DecodingChild
from gladia_nb.server.engines.replay import ReplayEngine
from gladia_nb.server.engines.scripted import ScriptedEngine
from gladia_nb.server.engines.sherpa import SherpaEngine
from gladia_nb.server.engines.sphinx import SphinxEngine
from gladia_nb.server.settings.options import ServerOptions
from gladia_nb.server.settings.script import Script

__all__ = ["GROUP", "engine_names", "make_engine"]

#: Group of the entry points of engines.
GROUP = "gladia_nb.engines"


def _scripted(options: ServerOptions) -> Engine:
    return ScriptedEngine(Script.load(options.script), end_first=options.speech_end_first)


_OURS: Mapping[str, Callable[[ServerOptions], Engine]] = {
    "recogniser": SphinxEngine,
    "scripted": _scripted,
    "sherpa": SherpaEngine,
}


def _others() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP) if point.name not in _OURS}


def engine_names() -> list[str]:
    """Names of all engines that are installed; ours come first.

    Example:
        >>> engine_names()[:3]
        ['recogniser', 'scripted', 'sherpa']
    """
    return [*_OURS, *sorted(_others())]


def make_engine(options: ServerOptions, child: DecodingChild | None = None) -> Engine:
    """The engine that the options name, or the one that plays their recorded runs; not started.

    Args:
        options: of the server.
        child: the process of our own recogniser, where it has been started already.

    Raises:
        EngineError: there is none of that name, or what another package brings cannot be used.
    """
    if options.replay:
        return ReplayEngine(options.replay, any_config=options.any_config)
    make = _OURS.get(options.engine)
    if make is not None:
        if options.model is not None and make is not SherpaEngine:
            raise EngineError(
                f"The engine {options.engine!r} takes no model; the one for models is 'sherpa'."
            )
        return make(options) if child is None else SphinxEngine(options, child)
    point = _others().get(options.engine)
    if point is None:
        raise EngineError(
            f"There is no engine {options.engine!r}; there are {', '.join(engine_names())}."
        )
    try:
        engine: Engine = point.load()(options)
    except EngineError:
        raise
    except Exception as error:  # noqa: BLE001 - code of others
        raise EngineError(
            f"The engine {point.name!r} ({point.value}) cannot be used: "
            f"{type(error).__name__}: {error}."
        ) from None
    missing = [name for name in _METHODS if not hasattr(engine, name)]
    if missing:
        raise EngineError(
            f"The engine {point.name!r} ({point.value}) is none: it has no {', '.join(missing)}."
        )
    return engine


#: What the server calls; see `base.Engine`.
_METHODS = ("supplies", "start", "close", "refusals", "open")
