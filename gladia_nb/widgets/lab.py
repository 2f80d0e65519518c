"""The Lab: a session with controls, in one cell.

The front end sends commands; a callback only queues them, since it may run on whichever thread.
One thread carries them out in order, one looks at finished runs, and one alone writes the view.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import anywidget
import traitlets

from gladia_nb.api.target import prepare_server
from gladia_nb.child import KEY_VARIABLE
from gladia_nb.errors import ConfigError
from gladia_nb.widgets import registry
from gladia_nb.widgets.assets import LAB
from gladia_nb.widgets.command_threads import CommandThreads
from gladia_nb.widgets.in_pieces import InPieces
from gladia_nb.widgets.key_entry import KeyEntry
from gladia_nb.widgets.notices import Notices
from gladia_nb.widgets.presence import Presence

if TYPE_CHECKING:
    from gladia_nb.config import SessionConfig
    from gladia_nb.lab.recipe import Recipe
    from gladia_nb.lab.replay import Replay
    from gladia_nb.run import Run
    from gladia_nb.sessions.browser import DirectLive
    from gladia_nb.sessions.handle import Live

__all__ = ["Lab"]

_Handle = TypeVar("_Handle", bound="Live")

#: Seconds between two looks at what is to be shown.
_EVERY_S = 0.1
_MEND = "Mend what is marked in Settings first."
_BUSY = "A {} is running; stop it first."
#: Of a command that has told the page by itself what came of it.
_ANSWERED = object()


class Lab(InPieces):
    """Set up a session, watch it live, study and compare what it recorded; all in one cell.

    Everything that it does is a function that a script can call; the tab "Python" shows which. Its
    results are here: `lab.run` is the run that is on view, `lab.runs` are all of this Lab.

    Args:
        source: path of a sound file, or `sample:NAME`.
        config: a configuration to begin with.
        server: a `LocalServer` to use as the embedded server.
        runs: the directory whose runs are on the shelf; by default `GLADIA_NB_RUNS`, else `runs`.
        microphone: whether to offer the browser's microphone as a source.
        **options: options of `gladia_nb.lab.recipe.Recipe` to begin with, such as `chunk_ms`.

    Raises:
        ConfigError: an option is not known.

    Example:
        `lab = gn.Lab()` in one cell and `lab.run.messages` in another.
    """

    _esm = LAB.esm()
    _css = LAB.css()

    rules = traitlets.Dict().tag(sync=True)
    form: traitlets.List[Any] = traitlets.List().tag(sync=True)
    setup = traitlets.Dict().tag(sync=True)
    after = traitlets.Dict().tag(sync=True)
    shelf = traitlets.Dict().tag(sync=True)
    study = traitlets.Dict().tag(sync=True)
    check = traitlets.Dict().tag(sync=True)
    sentences: traitlets.List[Any] = traitlets.List().tag(sync=True)
    microphone = anywidget.WidgetTrait().tag(sync=True)

    def __init__(
        self,
        source: str | Path = "sample:conversation",
        config: SessionConfig | None = None,
        *,
        server: Any = None,
        runs: str | Path | None = None,
        microphone: bool = True,
        **options: Any,
    ) -> None:
        if "target" not in options and os.environ.get(KEY_VARIABLE) and server is None:
            options["target"] = "gladia"
        if server is None and options.get("target", "embedded") == "embedded":
            prepare_server()
        # A first session waits for the server, and a page for what is heavy: both at the same time.
        from gladia_nb.widgets.lab_parts import LabParts

        parts = LabParts.of(
            source,
            config,
            options,
            directory=None if runs is None else str(runs),
            microphone=microphone,
            run_study=self._run_study,
            touch=self._touch,
        )
        self.cell = registry.current_cell()
        self._server = server
        self._key = KeyEntry()
        self._setup, self._watcher = parts.setup, parts.watcher
        self._finished, self._studying = parts.finished, parts.studying
        self._checking = parts.checking
        self._notices = Notices(lambda: self._touch("sentences"))
        self._presence = Presence()
        self._reported: Any = None
        self._stopped: Any = None
        self._dirty = {"setup", "after", "shelf", "study", "check"}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._launching = threading.Lock()
        self._starting = False
        kinds = (parts.questions, self._studying.KINDS)
        self._commands = CommandThreads(*kinds, self._carry_out, self._notices, self._answer)
        super().__init__(**parts.told, setup=self._setup_view(), microphone=parts.microphone)
        self._notices.guarded(self._show)
        if parts.microphone is not None:
            self._connect(parts.microphone)
        self.on_msg(self._receive)
        publisher = threading.Thread(target=self._publish, daemon=True, name="gladia_nb lab view")
        self._threads = [*self._commands.threads, publisher]
        self._commands.start({"kind": "sweep"})
        publisher.start()
        self.recipe.prepare(self._server)  # before a page has drawn anything
        for other in registry.register(self):
            self._commands.post({"kind": "settle", "handle": other.under_way})

    @property
    def recipe(self) -> Recipe:
        """What a run that is started now would be."""
        return self._setup.recipe()

    @property
    def run(self) -> Run | None:
        """The run that is on view, or None."""
        return self._finished.run

    @property
    def runs(self) -> list[Run]:
        """The runs of this Lab, in the order in which they ended."""
        return list(self._finished.made)

    @property
    def handle(self) -> Live | Replay | None:
        """The session or replay that is watched, or was last."""
        return self._watcher.handle

    @property
    def under_way(self) -> registry.UnderWay | None:
        """The session, the study or the check that is running, or None."""
        for part in (self._studying, self._checking):
            if part.is_running:
                return part
        return self._watcher.handle if self._watcher.is_live else None

    @property
    def is_live(self) -> bool:
        """Whether a session, a study or a check is under way."""
        return self.under_way is not None

    @property
    def is_stopping(self) -> bool:
        """Whether what is under way was told to stop and has not ended yet."""
        return (under_way := self.under_way) is not None and self._stopped is under_way

    def start(self) -> Live:
        """Begin a session with what is set up, as the button does.

        Raises:
            ConfigError: something is to be mended first, or a session is under way already.
            GladiaNbError: as for `gladia_nb.start`.
        """
        if sentence := self._setup.missing():
            raise ConfigError(sentence)
        return self._launch(None)

    def stop(self) -> None:
        """Stop the session, study or check properly, if there is one; can be repeated."""
        # One that is just being launched is awaited, so that it cannot slip through.
        with self._launching:
            self._studying.stop()
            self._checking.stop()
            handle = self._watcher.handle
            if handle is not None:
                handle.stop()
            self._stopped = self.under_way or handle

    def result(self, timeout_s: float | None = None) -> Run:
        """Wait for the session and return its run; an interrupt stops it properly.

        Raises:
            ConfigError: nothing was started yet.
            TimeoutError: it has not ended within `timeout_s`.
            GladiaNbError: it failed; the error's `run` has what was recorded until then.
        """
        if (handle := self._watcher.handle) is None:
            raise ConfigError("Nothing was started yet; press Start, or call start().")
        try:
            return handle.result(timeout_s)
        except KeyboardInterrupt:
            handle.stop()
            return handle.result(timeout_s)

    def close(self) -> None:
        """Stop what is live and let go of everything; what was recorded is kept."""
        if "_threads" not in self.__dict__ or self._closed.is_set():  # never complete, or closed
            super().close()
            return
        self._closed.set()
        self.stop()
        self._commands.close()
        self._setup.close()
        self._key.forget()
        super().close()

    def __repr__(self) -> str:
        return f"Lab({'live' if self.is_live else 'idle'}, {len(self._finished.made)} runs)"

    # -- commands in --

    def _receive(self, _widget: Any, content: Any, buffers: Sequence[Any]) -> None:
        """From the front end, on whichever thread: only hands over."""
        if isinstance(content, dict):
            self._commands.post(content, buffers or ())

    def _carry_out(self, content: dict[str, Any], buffers: Sequence[bytes]) -> bool:
        """Do what is asked for; whether the answer has been given."""
        kind = content.get("kind")
        for part in (self._finished, self._studying):
            if kind not in part.KINDS:
                continue
            try:
                answer, parts = part.do(content, live=self.is_live)
            finally:
                # A session that failed has left a run to look at as well.
                self._touch("after", "shelf", "study")
            if answer is not None:
                self._answer({**answer, "ticket": content.get("ticket")}, parts)
            return answer is not None
        handler = self._handlers().get(str(kind))
        if handler is None:
            raise ConfigError(f"The Lab does not know the command {kind!r}.")
        answered = handler(content, buffers)
        self._touch("setup", "study")
        return answered is _ANSWERED

    def _handlers(self) -> Mapping[str, Callable[[dict[str, Any], Sequence[bytes]], Any]]:
        return {
            "source": self._choose,
            **self._setup.commands(),
            "set": lambda c, _: self._set(c["name"], c["value"]),
            "listen": self._listen,
            "key": lambda c, _: self._key.take(c),
            "forget": lambda _c, _b: self._key.forget(),
            "start": lambda _c, _b: self._start_asked(),
            "stop": lambda _c, _b: self.stop(),
            "abort": lambda _c, _b: self._watcher.abort(),
            "replay": lambda c, _: self._replay(c["speed"]),
            "study_set": lambda c, _: self._studying.set(c["name"], c["value"]),
            "study_run": lambda _c, _b: self._launch_study(),
            "check": lambda c, _: self._launch_check(c.get("browser")),
            **self._checking.commands(),
            "dismiss": lambda c, _: self._notices.dismiss(c["number"]),
            "hello": lambda c, _: self._appear(c["view"]),
            "missed": lambda _c, _b: self._missed.set(),
            "leave": lambda c, _: self._presence.leave(c["view"]),
        }

    def _choose(self, content: dict[str, Any], _buffers: Sequence[bytes]) -> None:
        self._setup.choose(content["choice"], content.get("path") or "")
        if self.microphone is not None and content["choice"] in ("take", "stream", "direct"):
            self.microphone.mode = content["choice"]

    def _listen(self, content: dict[str, Any], _buffers: Sequence[bytes]) -> object:
        self._answer({"kind": "sound", "ticket": content.get("ticket")}, [self._setup.sound()])
        return _ANSWERED

    def _set(self, name: str, typed: Any) -> None:
        self._setup.set(name, typed)
        if name == "target":
            self.recipe.prepare(self._server)

    def _appear(self, view: str) -> None:
        self._presence.hello(view)
        self.recipe.prepare(self._server)

    def _start_asked(self) -> None:
        """The button was pressed; a second time, or on a second page, it means the same."""
        if self._watcher.is_live:
            return
        self._starting = True
        try:
            self.start()
        finally:
            self._starting = False

    def _replay(self, speed: Any) -> None:
        if self.is_live:
            raise ConfigError(f"A {self._what()} is running; replay when it has ended.")
        self.stop()
        handle = self._finished.replay(speed)
        self._watcher.watch(handle, handle.run.name, float(speed) or 1.0)

    def _watch(self, live: Live, recipe: Recipe) -> None:
        audio = None if live.is_live else self._setup.audio
        self._watcher.watch(live, "microphone" if audio is None else audio.name, recipe.speed)
        self._touch("setup", "study")

    def _connect(self, microphone: Any) -> None:
        microphone.launch = self._launch
        microphone.launch_direct = self._launch_direct
        microphone.on_event(lambda event: self._commands.post({"kind": "heard", "event": event}))

    def _launch(self, source: Any) -> Live:
        """Begin a session with live audio of the microphone, or None for what is set up."""
        return self._begin(
            lambda recipe: recipe.start(key=self._key.secret, server=self._server, source=source)
        )

    def _launch_direct(self) -> DirectLive:
        given: dict[str, Any] = {"key": self._key.secret, "server": self._server}
        given["sample_rate"] = self.microphone.captured_rate
        given["channels"] = self.microphone.channels
        return self._begin(lambda recipe: recipe.start_direct(**given))

    def _begin(self, start: Callable[[Recipe], _Handle]) -> _Handle:
        """The one place where a session begins, and the guard against a second one."""
        with self._launching:
            self._check_alone()
            recipe = self._setup.recipe()
            live = start(recipe)
            self._watch(live, recipe)
        self._notices.mended("start")  # also where the microphone began it, or Python
        return live

    def _launch_study(self) -> None:
        with self._launching:
            self._check_alone()
            self._studying.launch(key=self._key.secret, server=self._server)

    def _launch_check(self, browser: object) -> None:
        given = {"key": self._key.secret, "server": self._server, "browser": browser}
        with self._launching:
            self._check_alone()
            self._checking.launch(self.recipe, **given)

    def _run_study(self, run: Callable[[], None]) -> None:
        self._notices.guarded(run)
        self._touch("setup", "study")

    def _check_alone(self) -> None:
        if self._closed.is_set():
            raise ConfigError("This Lab was closed; use the one that took its place.")
        if self.is_live:
            raise ConfigError(_BUSY.format(self._what()))
        registry.check_alone(self)

    def _what(self) -> str:
        if self._checking.is_running:
            return "check"
        return "study" if self._studying.is_running else "session"

    def _look_after(self) -> None:
        """Stop what is live when its page was closed."""
        if self.is_live and self._presence.is_over():
            what = self._what()
            self.stop()
            kept = "" if what == "check" else "; what was recorded is kept"
            self._notices.add(f"The page was closed, so the {what} was stopped{kept}.")

    # -- what is shown --

    def _touch(self, *topics: str) -> None:
        with self._lock:
            self._dirty.update(topics)

    def _setup_view(self) -> dict[str, Any]:
        missing = self._setup.missing() or self._key.missing(self._setup.options["target"])
        if self.is_live and not self._watcher.is_live:
            missing = _BUSY.format(self._what())
        return {**self._setup.view(), "key": self._key.state(), "missing": missing}

    def _study_view(self) -> dict[str, Any]:
        missing = _MEND if self.recipe.problems() else self._key.missing(self.recipe.target)
        if self._watcher.is_live or self._checking.is_running:
            missing = _BUSY.format(self._what())
        return self._studying.view(missing=missing)

    def _publish(self) -> None:
        """The one writer of traits."""
        while not self._closed.wait(_EVERY_S):
            self._notices.guarded(self._show)

    def _show(self) -> None:
        self._look_after()
        told = self._watcher.views()
        told["live"]["starting"] = self._starting
        self._tell_news(told)
        views: dict[str, Any] = {}
        handle = self._watcher.handle
        if handle is not None and handle.done and self._reported is not handle:
            self._reported = handle
            if self._watcher.mode == "live":
                self._commands.post({"kind": "ended", "handle": handle})
            self._touch("setup", "study")
            for other in registry.all_labs():  # it is on the shelf of each that shows this folder
                other._touch("shelf")  # noqa: SLF001 - a Lab as this one
        with self._lock:
            dirty, self._dirty = self._dirty, set()
        if "setup" in dirty:
            views["setup"] = self._setup_view()
        if "sentences" in dirty:
            views["sentences"] = self._notices.shown()
        if "after" in dirty:
            views["after"] = self._finished.view()
        if "study" in dirty or self._studying.is_running:
            views["study"] = self._study_view()
        if "check" in dirty:
            views["check"] = self._checking.view()
        if "shelf" in dirty:
            views["shelf"] = self._finished.shelf()
            if not self.is_live and self._finished.has_unmeasured:
                self._commands.post({"kind": "measure"})
        with self.hold_sync():
            for name, value in views.items():
                if getattr(self, name) != value:
                    setattr(self, name, value)

    def _answer(self, content: dict[str, Any], buffers: Sequence[bytes]) -> None:
        self.send(content, buffers=list(buffers))
