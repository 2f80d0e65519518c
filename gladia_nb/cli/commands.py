"""The doors from a terminal: what each command does, and the exit code that it ends with.

Exit codes: 0 done, 1 a gate fails or there is something to do, 2 bad input or a service that
refuses (one sentence on standard error says what happened and what to do), 3 undecided or not
complete, 130 interrupted (Ctrl-C), 143 terminated.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import importlib
import io
import json
import os
import secrets
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gladia_nb.child import KEY_VARIABLE, SERVER_KEYS_VARIABLE
from gladia_nb.cli.lab_address import tell_address
from gladia_nb.cli.parser import SENDING, command_parser
from gladia_nb.cli.signals import Interrupted, exit_code, raised_signals
from gladia_nb.cli.streams import discard_output, ready_streams
from gladia_nb.cli.text import plain
from gladia_nb.config import SessionConfig
from gladia_nb.errors import ConfigError, GladiaNbError, ServerError
from gladia_nb.network.control import Entry
from gladia_nb.network.process import NetworkProcess
from gladia_nb.network.profiles import Network, read_network
from gladia_nb.paths import content_of, expanded
from gladia_nb.run import Run, load
from gladia_nb.server.settings.options import CONTROL_HEADER
from gladia_nb.sessions.local_server import LocalServer

__all__ = ["main"]

#: How long JupyterLab may take to end its kernels.
_PARTING_S = 10.0


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    commands = {
        "demo": _demo,
        "transcribe": _transcribe,
        "report": _report,
        "study": _study,
        "check": _check,
        "anonymise": _anonymise,
        "compare-traffic": _compare_traffic,
        "contact": _contact,
        "serve": _serve,
        "models": _models,
        "lab": _lab,
        "doctor": _doctor,
    }
    ready_streams()
    try:
        with raised_signals():
            arguments = _read_arguments(argv)
            code = commands[arguments.command](arguments)
            # What cannot be written is said here, and not when the interpreter ends.
            sys.stdout.flush()
            return code
    except GladiaNbError as error:
        print(f"gladia-nb: {plain(error)}", file=sys.stderr)
        if isinstance(error.run, Run) and error.run.path is not None:
            print(f"gladia-nb: what was recorded is in {plain(error.run.path)}", file=sys.stderr)
        return 2
    except Interrupted as interrupted:
        return exit_code(interrupted.number)
    except BrokenPipeError:
        # Whoever read our output has enough of it, such as `head`.
        discard_output()
        return 0
    except OSError as error:
        if error.filename is not None:
            raise
        discard_output()
        why = f"standard output cannot be written ({error.strerror or error})"
        print(f"gladia-nb: {why}; send it elsewhere.", file=sys.stderr)
        return 2


def _read_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            return command_parser().parse_args(argv)
    finally:
        # What --help and --version say; argparse would not tell that it cannot be written.
        if text := said.getvalue():
            print(text, end="", flush=True)


def _demo(arguments: argparse.Namespace) -> int:
    from gladia_nb.cli.watched_session import run_session
    from gladia_nb.sessions.samples import sample

    return run_session(sample("conversation"), arguments.out, {"endpointing": 0.3}, {})


def _transcribe(arguments: argparse.Namespace) -> int:
    from gladia_nb.cli.watched_session import run_session

    fields: dict[str, Any] = {}
    if arguments.preset is not None:
        fields = SessionConfig.preset(arguments.preset).to_dict()
    elif arguments.config is not None:
        fields = _read_config(arguments.config)
    for name in ("endpointing", "sample_rate", "channels"):
        if (value := getattr(arguments, name)) is not None:
            fields[name] = value
    options = {name: getattr(arguments, name) for name in (*SENDING, "audio", "url", "reference")}
    return run_session(Path(arguments.file), arguments.out, fields, options)


def _report(arguments: argparse.Namespace) -> int:
    from gladia_nb.reporting import report, sound_size

    runs = [load(name) for name in arguments.runs]
    if arguments.audio is not None:
        size = sound_size(runs, arguments.audio)
        print(f"The sound takes {size / 1e6:.1f} MB of the page.", file=sys.stderr)
    sound = arguments.audio or False
    path = report(runs, arguments.out, title=arguments.title, audio=sound)
    print(plain(path))
    return 0


def _read_config(name: str) -> dict[str, Any]:
    path = expanded(name, ConfigError)
    try:
        data = json.loads(content_of(path).decode("utf-8"))
    except OSError as error:
        raise ConfigError(
            f"Cannot read the configuration {path}: {error.strerror or error}."
        ) from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"The configuration {path} is not JSON: {error}.") from None
    return SessionConfig.from_dict(data).to_dict()


def _study(arguments: argparse.Namespace) -> int:
    from gladia_nb.cli.study_commands import run_study

    return run_study(arguments)


def _check(arguments: argparse.Namespace) -> int:
    from gladia_nb.cli.study_commands import check

    return check(arguments)


def _doctor(arguments: argparse.Namespace) -> int:
    from gladia_nb.sessions.checkup.examination import examine

    found = []
    for finding in examine(url=arguments.url, session=not arguments.no_session):
        found.append(finding)
        if not arguments.json:
            print(finding.line, flush=True)
    if arguments.json:
        print(json.dumps([dataclasses.asdict(finding) for finding in found], indent=1))
    return int(any(finding.state == "todo" for finding in found))


def _anonymise(arguments: argparse.Namespace) -> int:
    from gladia_nb.cli.cassette_commands import anonymise

    return anonymise(arguments)


def _compare_traffic(arguments: argparse.Namespace) -> int:
    from gladia_nb.cli.cassette_commands import compare

    return compare(arguments)


def _contact(arguments: argparse.Namespace) -> int:
    from gladia_nb.cli.cassette_commands import contact

    return contact(arguments)


def _serve(arguments: argparse.Namespace) -> int:
    names = (
        "engine",
        "model",
        "model_languages",
        "faults",
        "host_names",
        "allow_origins",
        "max_sessions",
        "replay",
    )
    options = {name: value for name in names if (value := getattr(arguments, name)) is not None}
    if arguments.any_config:
        options["any_config"] = True
    network = read_network(arguments.network)
    # With a network, the address is the proxy's, and the server is behind it.
    place = {"host": arguments.host, "port": arguments.port}
    server = LocalServer(
        **(place if network is None else {**place, "port": 0}),
        keys=[key for key in os.environ.get(SERVER_KEYS_VARIABLE, "").split(",") if key],
        any_key=arguments.any_key,
        **options,
    )
    # However it is told to end, that is what was wanted; the server's processes end with it.
    with contextlib.suppress(Interrupted), contextlib.ExitStack() as stack:
        stack.enter_context(server)
        url = server.url
        if network is not None:
            url = stack.enter_context(_behind(network, url, arguments.host, arguments.port))
        print(f"Gladia-compatible {_what_is_served(arguments)} at {url}")
        key = f"{KEY_VARIABLE}={server.key} "
        if arguments.any_key:
            print("It takes any API key: whoever reaches this address can use it.")
            key = ""
        print("Try, in another terminal:\n")
        print(f"    {key}gladia-nb transcribe FILE --url {url}\n")
        if arguments.control:
            print("Faults and scripts while it runs take this header beside the key:\n")
            print(f"    {CONTROL_HEADER}: {server.control_token}\n")
        print("Ctrl-C ends it.", flush=True)
        server.wait()
        raise ServerError("The embedded server died; start it again.")
    return 0


def _models(arguments: argparse.Namespace) -> int:
    from gladia_nb.cli.model_commands import get, remove, show

    return {"get": get, "list": show, "remove": remove}[arguments.action](arguments)


def _what_is_served(arguments: argparse.Namespace) -> str:
    if arguments.replay:
        return "replay of recorded runs"
    what = "English" if arguments.engine is None else f"engine {plain(arguments.engine)}"
    return f"live speech-to-text ({what})"


@contextlib.contextmanager
def _behind(network: Network, url: str, host: str, port: int) -> Iterator[str]:
    """A server behind a network; yields the address at which it is reached over that."""
    place = urlsplit(url)
    inner = place.hostname or host
    # An address that means every one is none to connect to.
    inner = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(inner, inner)  # noqa: S104 - not bound
    entry = Entry(to=[(inner, place.port or 80)], host=host, port=port)
    seeded = network.seeded(secrets.randbelow(2**31))
    with (
        NetworkProcess() as process,
        contextlib.closing(process.forward(seeded.shape(), entry)) as way,
    ):
        shown = f"[{way.host}]" if ":" in way.host else way.host
        told = ", ".join(f"{name} {value}" for name, value in seeded.header().items())
        print(f"Behind a network, which shapes TCP and cannot lose packets: {told}")
        yield f"http://{shown}:{way.port}"


def _lab(arguments: argparse.Namespace) -> int:
    module, name = ("voila", "Voila") if arguments.page else ("jupyterlab", "JupyterLab")
    try:
        importlib.import_module(module)
    except ImportError:
        raise GladiaNbError(
            f'{name} is not installed; install it with: pip install "gladia-nb[lab]".'
        ) from None
    _check_root(arguments)
    notebook = _lab_notebook()
    told = None if arguments.page or not arguments.no_browser else notebook
    return _run_program(_lab_command(arguments, notebook), told)


def _check_root(arguments: argparse.Namespace) -> None:
    """Say what JupyterLab would say, before anything is written.

    Raises:
        GladiaNbError: it would not start.
    """
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if arguments.page or not is_root or "--allow-root" in arguments.options:
        return
    raise GladiaNbError(
        "JupyterLab does not run as root unless it is told to, because its pages can do whatever "
        f"root can. In a container go on with: {plain(_called())} lab -- --allow-root"
    )


def _called() -> str:
    """This program as it can be called again: it may lie in an environment that is not active."""
    name, place = "gladia-nb", Path(sys.argv[0]).absolute()
    if place.name != name or shutil.which(name) is not None:
        return name
    here = Path.cwd()
    return shlex.quote(str(place.relative_to(here) if place.is_relative_to(here) else place))


def _run_program(command: list[str], notebook: Path | None = None) -> int:
    """Run a program to its end; a signal to this one ends it properly, with what it started.

    Args:
        command: of the program.
        notebook: whose address is told once the server is there; None for none.
    """
    with subprocess.Popen(command) as process:  # noqa: S603 - our own interpreter
        if notebook is not None:
            threading.Thread(target=tell_address, args=(process, notebook), daemon=True).start()
        try:
            return process.wait()
        except Interrupted:
            process.terminate()
            try:
                process.wait(_PARTING_S)
            except (subprocess.TimeoutExpired, Interrupted):
                process.kill()
            return 0


def _lab_command(arguments: argparse.Namespace, notebook: Path) -> list[str]:
    command = [sys.executable, "-m"]
    if arguments.page:
        command += ["voila", str(notebook)]
    else:
        command += ["jupyterlab", f"--notebook-dir={notebook.parent}", str(notebook)]
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
