"""One session in view of the user: started, watched, ended by a signal, and its results written."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gladia_nb.api.target import resolve_target
from gladia_nb.cli.signals import Interrupted, collected_signals, exit_code
from gladia_nb.cli.terminal import TerminalView
from gladia_nb.cli.text import plain, plain_lines
from gladia_nb.config import SessionConfig
from gladia_nb.lab.live_state import LiveState
from gladia_nb.metrics import audit_note, latency_table, word_errors
from gladia_nb.metrics.base.granularity import why_no_rates
from gladia_nb.metrics.base.sent_part import unsent
from gladia_nb.record.folders import new_path, sound_files
from gladia_nb.reporting.export import export_run
from gladia_nb.run import Run
from gladia_nb.sessions.handle import Live
from gladia_nb.sessions.runner import start

__all__ = ["run_session"]


def run_session(
    source: Path, out: str, fields: Mapping[str, Any], options: Mapping[str, Any]
) -> int:
    """Run one session in view of the user and write its results.

    SIGINT and SIGTERM stop it properly, and what was recorded is kept and written; after a second
    one nothing is waited for.

    Args:
        source: a sound file.
        out: directory of the results; made when it is missing.
        fields: data of a configuration.
        options: as `gladia_nb.start` takes them.

    Returns:
        The exit code: 0, or that of the signal.

    Raises:
        Interrupted: a second signal came, or one before the session had begun.
        GladiaNbError: as for `gladia_nb.transcribe`.
    """
    config = SessionConfig.from_dict(fields)
    path = new_path(out, source.stem)
    live = start(source, config, path=path, **options)
    with collected_signals() as signals:
        target = resolve_target(url=options.get("url"))
        length = f"{live.duration_s:.1f} s of audio"
        print(f"{plain(source.name)}: {length} to {plain(target.label)}", file=sys.stderr)
        told = _watch(live, signals)
    run = live.result(timeout_s=10)
    if run.path is None:
        path = _kept_elsewhere(run, path)
    written = export_run(run, path.parent, stem=path.stem)
    _print_results(run, told)
    kept = [("audio", file) for file in sound_files(path)]
    for name, file in [("run", path), *kept, *written.items()]:
        print(f"{name:<15}{plain(file)}")
    return exit_code(signals[0]) if signals else 0


def _kept_elsewhere(run: Run, path: Path) -> Path:
    """Save a run that its disk did not take with the files that are to be thrown away some day."""
    place = run.save(Path(tempfile.mkdtemp(prefix="gladia-nb-")) / path.name)
    print(f"The disk did not take the run; all of it is in {place}.", file=sys.stderr)
    return place


def _watch(live: Live, signals: Sequence[int]) -> set[str]:
    """Show a session until it has ended; returns what was told of warnings and errors.

    Args:
        live: the session.
        signals: those that have come; more come while it runs.

    Raises:
        Interrupted: there are two.
    """
    view = TerminalView(LiveState.of_header(live.header), live.channels)
    stopped = False
    with contextlib.closing(view):
        live.subscribe(view.post)
        while not live.wait(0.05) and len(signals) < 2:
            if signals and not stopped:
                stopped = True
                live.stop()
            view.refresh()
        view.refresh()
    if len(signals) > 1:
        live.abort()
        live.wait(5)
        place = plain(live.path)
        print(f"Given up: what was recorded until then is in {place}.", file=sys.stderr)
        raise Interrupted(signals[0])
    if signals:
        print("Interrupted: what was recorded until then is kept.", file=sys.stderr)
    return view.told


def _error_rate(run: Run) -> str:
    """How many words were wrong, or why nobody knows."""
    if reason := why_no_rates(run):
        return reason
    total = word_errors(run).iloc[-1]
    words = int(total["reference_words"])
    rate = f"Word error rate {total['wer']:.3f} ({words} reference words)" if words else ""
    return " ".join(filter(None, [rate, unsent(run)]))


def _print_results(run: Run, told: set[str]) -> None:
    """What came of a session; on standard error what there is to note and was not told before."""
    print(f"\n{plain_lines(run.text)}\n")
    table = latency_table(run).to_string(index=False)
    print(f"Latency in milliseconds, partial versus final\n{plain_lines(table)}\n")
    if run.granularity is not None:
        print(f"{_error_rate(run)}\n")
    print(f"Measurement: {plain_lines(run.verdict)}\n")
    for text in (*run.warnings, audit_note(run)):
        if text and text not in told:
            print(f"Note: {plain(text)}", file=sys.stderr)
