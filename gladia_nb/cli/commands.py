"""The doors from a terminal: `gladia-nb demo`, `transcribe`, `report`, `serve` and `lab`.

Exit codes: 0 done, 2 bad input or a service that refuses (one sentence on standard error says
what happened and what to do), 130 interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gladia_nb.config import PRESETS, SessionConfig
from gladia_nb.errors import ConfigError, GladiaNbError, ServerError
from gladia_nb.run import Run, load

__all__ = ["main"]

_EPILOG = """\
Without an API key, sessions run on the embedded server, with a recogniser of its own (English).
Set GLADIA_API_KEY to talk to Gladia instead; nothing else changes.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except GladiaNbError as error:
        print(f"gladia-nb: {error}", file=sys.stderr)
        if isinstance(error.run, Run) and error.run.path is not None:
            print(f"gladia-nb: what was recorded is in {error.run.path}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has enough of it, such as `head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gladia-nb",
        description="See and measure live transcription.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    from importlib.metadata import version

    parser.add_argument("--version", action="version", version=f"gladia-nb {version('gladia-nb')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    demo = commands.add_parser(
        "demo", help="a first session: speech in, tables and plots out; no key, no network"
    )
    demo.add_argument("--out", default="demo", metavar="DIR", help="where to (default: demo)")
    demo.set_defaults(run=_demo)

    one = commands.add_parser("transcribe", help="stream a sound file and record everything")
    one.add_argument("file", metavar="FILE", help="WAV, FLAC, OGG, MP3 or AIFF")
    one.add_argument("--out", default=".", metavar="DIR", help="where to (default: here)")
    which = one.add_mutually_exclusive_group()
    which.add_argument("--config", metavar="FILE", help="configuration as JSON")
    which.add_argument("--preset", metavar="NAME", help=f"one of {', '.join(PRESETS)}")
    one.add_argument(
        "--endpointing", type=float, metavar="S", help="silence that ends an utterance"
    )
    one.add_argument(
        "--sample-rate", type=int, metavar="HZ", help="rate to send (default: the file's)"
    )
    one.add_argument("--channels", type=int, metavar="N", help="1 mixes (default: the file's)")
    one.add_argument("--chunk-ms", type=float, default=100, metavar="N", help="default: 100")
    one.add_argument("--speed", type=float, default=1.0, metavar="X", help="1 is real time")
    one.add_argument("--tail", type=float, default=0.0, metavar="S", help="silence after the audio")
    one.add_argument("--json-audio", action="store_true", help="base64 in JSON, not binary")
    one.add_argument("--region", metavar="NAME", help="eu-west or us-west")
    one.add_argument("--url", metavar="URL", help="another service (default: Gladia, with a key)")
    one.set_defaults(run=_transcribe)

    page = commands.add_parser("report", help="write a page about one run, or several side by side")
    page.add_argument("runs", nargs="+", metavar="RUN", help="run files")
    page.add_argument(
        "--out", default="report.html", metavar="FILE", help="the page (default: report.html)"
    )
    page.add_argument("--title", metavar="TEXT", help="of the page")
    page.set_defaults(run=_report)

    serve = commands.add_parser("serve", help="run the embedded server for other programs")
    serve.add_argument("--port", type=int, default=8765, metavar="N", help="default: 8765")
    serve.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="default: 127.0.0.1")
    serve.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="KIND:NAME=VALUE,...",
        help="what is to go wrong, such as drop:at_byte=40000,times=2; can be repeated",
    )
    serve.set_defaults(run=_serve)

    lab = commands.add_parser("lab", help="open the Lab: a session with controls, in JupyterLab")
    lab.add_argument("--page", action="store_true", help="as a page without code, by Voila")
    lab.add_argument("--no-browser", action="store_true", help="print the address only")
    lab.add_argument("--port", type=int, metavar="N")
    lab.add_argument("options", nargs="*", metavar="-- OPTION", help="more, for the program itself")
    lab.set_defaults(run=_lab)
    return parser


def _demo(arguments: argparse.Namespace) -> int:
    from gladia_nb.sessions.samples import sample

    return _session(sample("conversation"), arguments.out, {"endpointing": 0.3}, {})


def _transcribe(arguments: argparse.Namespace) -> int:
    fields: dict[str, Any] = {}
    if arguments.preset is not None:
        fields = SessionConfig.preset(arguments.preset).to_dict()
    elif arguments.config is not None:
        fields = _read_config(arguments.config)
    for name in ("endpointing", "sample_rate", "channels"):
        if (value := getattr(arguments, name)) is not None:
            fields[name] = value
    options = {
        "chunk_ms": arguments.chunk_ms,
        "speed": arguments.speed,
        "tail_s": arguments.tail,
        "json_audio": arguments.json_audio,
        "region": arguments.region,
        "url": arguments.url,
    }
    return _session(Path(arguments.file), arguments.out, fields, options)


def _report(arguments: argparse.Namespace) -> int:
    from gladia_nb.reporting import report

    path = report([load(name) for name in arguments.runs], arguments.out, title=arguments.title)
    print(path)
    return 0


def _read_config(name: str) -> dict[str, Any]:
    path = Path(name).expanduser()
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"Cannot read the configuration {path}: {error.strerror or error}."
        ) from None
    except ValueError as error:
        raise ConfigError(f"The configuration {path} is not JSON: {error}.") from None
    return SessionConfig.from_dict(data).to_dict()


def _session(source: Path, out: str, fields: dict[str, Any], options: dict[str, Any]) -> int:
    """Run one session in view of the user and write its results."""
    from gladia_nb.api.target import resolve_target
    from gladia_nb.metrics import audit_note, latency_table, word_errors
    from gladia_nb.record.folders import new_path
    from gladia_nb.reporting.export import export_run
    from gladia_nb.sessions.runner import start

    config = SessionConfig.from_dict(fields)
    path = new_path(out, source.stem)
    directory = path.parent
    live = start(source, config, path=path, **options)
    target = resolve_target(url=options.get("url"))
    print(f"{source.name}: {live.duration_s:.1f} s of audio to {target.label}", file=sys.stderr)
    interrupted, run = _watch(live)
    written = export_run(run, directory, stem=path.stem)

    print(f"\n{run.text}\n")
    table = latency_table(run).to_string(index=False)
    print(f"Latency in milliseconds, partial versus final\n{table}\n")
    if len(run.reference):
        total = word_errors(run).iloc[-1]
        print(
            f"Word error rate {total['wer']:.3f} ({total['reference_words']:.0f} reference words)\n"
        )
    print(f"Measurement: {run.verdict}\n")
    for text in (*run.warnings, audit_note(run)):
        if text:
            print(f"Note: {text}", file=sys.stderr)
    for name, file in {"run": directory / path.name, **written}.items():
        print(f"{name:<15}{file}")
    return 130 if interrupted else 0


def _watch(live: Any) -> tuple[bool, Run]:
    """Show a session until it has ended; an interrupt stops it properly, a second one at once."""
    from gladia_nb.cli.terminal import TerminalView

    view = TerminalView(live.duration_s, live.channels)
    interrupted = False
    live.subscribe(view.post)
    try:
        while True:
            try:
                while not live.wait(0.05):
                    view.refresh(live.sent_s)
                view.refresh(live.sent_s)
                break
            except KeyboardInterrupt:
                if interrupted:
                    live.abort()
                interrupted = True
                live.stop()
    finally:
        view.close()
    if interrupted:
        print("Interrupted: what was recorded until then is kept.", file=sys.stderr)
    return interrupted, live.result(timeout_s=10)


def _serve(arguments: argparse.Namespace) -> int:
    from gladia_nb.server.local import LocalServer

    options = {"faults": arguments.fault} if arguments.fault else {}
    with LocalServer(host=arguments.host, port=arguments.port, any_key=True, **options) as server:
        print(f"Gladia-compatible live speech-to-text at {server.url} (English, any API key).")
        print(f"Try, in another terminal:  gladia-nb transcribe FILE --url {server.url}")
        print("Ctrl-C ends it.", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            server.wait()
            raise ServerError("The embedded server died; start it again.")
    return 0


def _lab(arguments: argparse.Namespace) -> int:
    module, name = ("voila", "Voila") if arguments.page else ("jupyterlab", "JupyterLab")
    try:
        importlib.import_module(module)
    except ImportError:
        raise GladiaNbError(
            f'{name} is not installed; install it with: pip install "gladia-nb[lab]".'
        ) from None
    try:
        return subprocess.call(_lab_command(arguments, _lab_notebook()))  # noqa: S603 - our own interpreter
    except KeyboardInterrupt:
        return 0


def _lab_command(arguments: argparse.Namespace, notebook: Path) -> list[str]:
    command = [sys.executable, "-m"]
    if arguments.page:
        command += ["voila", str(notebook)]
    else:
        command += ["jupyter", "lab", f"--notebook-dir={notebook.parent}", str(notebook)]
    if arguments.no_browser:
        command.append("--no-browser")
    if arguments.port is not None:
        command.append(f"--port={arguments.port}")
    return [*command, *arguments.options]


def _lab_notebook() -> Path:
    """The notebook with the Lab: that of the project, else one in the current folder."""
    own = Path("notebooks", "lab.ipynb").absolute()
    if own.is_file():
        return own
    path = Path("lab.ipynb").absolute()
    if not path.exists():
        cell: dict[str, Any] = {
            "cell_type": "code",
            "execution_count": None,
            "id": "lab",
            "metadata": {},
            "outputs": [],
            "source": "import gladia_nb as gn\n\nlab = gn.Lab()\nlab",
        }
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        book = {
            "cells": [cell],
            "metadata": {"kernelspec": kernel},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        try:
            path.write_text(json.dumps(book, indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            raise GladiaNbError(
                f"Cannot write {path}: {error.strerror or error}. Go to a folder of your own."
            ) from None
    return path
