"""The commands and their arguments; defaults, limits and help of settings are their models'."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from gladia_nb.child import SERVER_KEYS_VARIABLE
from gladia_nb.config import PRESETS
from gladia_nb.lab.form import Field, fields, fields_of
from gladia_nb.reporting.sound import SOUND_FORMATS
from gladia_nb.server.settings.options import SERVED_PORT, ServerOptions
from gladia_nb.sessions.options import SendOptions

__all__ = ["SENDING", "command_parser"]

_EPILOG = """\
Without an API key, sessions run on the embedded server, with a recogniser of its own (English).
Set GLADIA_API_KEY to talk to Gladia instead; nothing else changes.
"""
#: Options of sending: the flag of each, and what stands for its value.
SENDING: Mapping[str, tuple[str, str | None]] = {
    "chunk_ms": ("--chunk-ms", "N"),
    "speed": ("--speed", "X"),
    "tail_s": ("--tail", "S"),
    "json_audio": ("--json-audio", None),
    "region": ("--region", "NAME"),
    "network": ("--network", "PROFILE"),
}


def command_parser() -> argparse.ArgumentParser:
    """What reads the arguments; `command` of the result names the command."""
    parser = argparse.ArgumentParser(
        prog="gladia-nb",
        description="See and measure live transcription.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    from importlib.metadata import version

    parser.add_argument("--version", action="version", version=f"gladia-nb {version('gladia-nb')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")

    demo = commands.add_parser(
        "demo", help="a first session: speech in, tables and plots out; no key, no network"
    )
    demo.add_argument("--out", default="demo", metavar="DIR", help="where to (default: demo)")
    _add_transcribe(
        commands.add_parser("transcribe", help="stream a sound file and record everything")
    )
    _add_report(
        commands.add_parser("report", help="write a page about one run, or several side by side")
    )
    _add_study(commands.add_parser("study", help="run a study: many settings, many recordings"))
    _add_check(commands.add_parser("check", help="hold runs or a study against limits"))
    _add_anonymise(
        commands.add_parser("anonymise", help="take the speech out of runs that are handed on")
    )
    _add_compare_traffic(
        commands.add_parser("compare-traffic", help="where the messages of two runs differ")
    )
    _add_contact(
        commands.add_parser("contact", help="a first session with the real service; needs a key")
    )
    _add_serve(commands.add_parser("serve", help="run the embedded server for other programs"))
    _add_models(commands.add_parser("models", help="fetch models for serve --engine sherpa"))
    _add_lab(
        commands.add_parser("lab", help="open the Lab: a session with controls, in JupyterLab")
    )
    _add_doctor(
        commands.add_parser("doctor", help="look at what sessions need here, and say what to do")
    )
    return parser


def _add_doctor(doctor: argparse.ArgumentParser) -> None:
    doctor.epilog = "Exit code: 0 all is well, 1 there is something to do."
    doctor.add_argument("--json", action="store_true", help="the findings as JSON")
    doctor.add_argument(
        "--url", metavar="URL", help="of the service (default: Gladia's, or GLADIA_API_URL)"
    )
    doctor.add_argument(
        "--no-session", action="store_true", help="start no server, and run no short session"
    )


def _add_transcribe(one: argparse.ArgumentParser) -> None:
    one.add_argument("file", metavar="FILE", help="WAV, FLAC, OGG, MP3 or AIFF")
    one.add_argument("--out", default=".", metavar="DIR", help="where to (default: here)")
    which = one.add_mutually_exclusive_group()
    which.add_argument("--config", metavar="FILE", help="configuration as JSON")
    which.add_argument("--preset", metavar="NAME", help=f"one of {', '.join(PRESETS)}")
    (endpointing,) = (field for field in fields() if field.name == "endpointing")
    one.add_argument("--endpointing", type=float, metavar="S", help=_help(endpointing))
    one.add_argument(
        "--sample-rate", type=int, metavar="HZ", help="rate to send (default: the file's)"
    )
    one.add_argument("--channels", type=int, metavar="N", help="1 mixes (default: the file's)")
    for field in fields_of(SendOptions):
        if field.name in SENDING:
            _add_option(one, field)
    one.add_argument(
        "--no-audio", dest="audio", action="store_false", help="keep no sound beside the run"
    )
    one.add_argument(
        "--reference",
        metavar="FILE",
        help="what was spoken: .words.json, .TextGrid, .ctm, .stm, .srt, .vtt or .txt "
        "(default: NAME.words.json beside the sound)",
    )
    one.add_argument("--url", metavar="URL", help="another service (default: Gladia, with a key)")


def _add_option(parser: argparse.ArgumentParser, field: Field) -> None:
    flag, metavar = SENDING[field.name]
    more: dict[str, Any] = {"action": "store_true"}
    if metavar is not None:
        more = {"metavar": metavar, "type": float if field.kind == "number" else str}
    parser.add_argument(flag, dest=field.name, default=field.default, help=_help(field), **more)


def _help(field: Field) -> str:
    """What a setting does, what it can be, and its default."""
    facts = []
    if field.low is not None and field.high is not None:
        facts.append(f"{field.low:g} to {field.high:g}")
    if field.choices:
        facts.append(" or ".join(map(str, field.choices)))
    if field.default is not None and field.kind != "flag":
        facts.append(f"default: {field.default}")
    text = f"{field.help[:1].lower()}{field.help[1:].removesuffix('.')}"
    # argparse takes a percent sign for a place to fill in.
    return (f"{text} ({'; '.join(facts)})" if facts else text).replace("%", "%%")


def _add_report(page: argparse.ArgumentParser) -> None:
    page.add_argument("runs", nargs="+", metavar="RUN", help="run files")
    page.add_argument(
        "--out", default="report.html", metavar="FILE", help="the page (default: report.html)"
    )
    page.add_argument("--title", metavar="TEXT", help="of the page")
    page.add_argument(
        "--audio",
        nargs="?",
        const="flac",
        choices=SOUND_FORMATS,
        help="put the sound of the runs into the page: flac (default) is exact, opus is small",
    )


def _add_study(study: argparse.ArgumentParser) -> None:
    study.add_argument("design", metavar="DESIGN", help="the study as TOML")
    study.add_argument(
        "--plan", action="store_true", help="say what it takes and costs, and send nothing"
    )
    study.add_argument(
        "--budget", type=float, metavar="H", help="the most hours of audio that may be billed"
    )


def _add_check(check: argparse.ArgumentParser) -> None:
    check.epilog = "Exit code: 0 all pass, 1 one fails, 3 one is undecided, 2 bad input."
    check.add_argument(
        "runs", nargs="+", metavar="RUN", help="run files, the folder of a study, or its TOML file"
    )
    check.add_argument("--slo", required=True, metavar="FILE", help="the limits as TOML")
    check.add_argument("--arm", metavar="NAME", help="of a study (default: each)")
    check.add_argument("--baseline", metavar="STUDY", help="another study to compare with")
    check.add_argument("--junit", metavar="FILE", help="write the answers as JUnit XML too")
    check.add_argument("--markdown", metavar="FILE", help="write the answers as a table too")
    check.add_argument(
        "--confirm",
        action="store_true",
        help="where a gate fails, run every block once more and judge all runs together",
    )


def _add_anonymise(anonymise: argparse.ArgumentParser) -> None:
    anonymise.add_argument("runs", nargs="+", metavar="RUN", help="run files")
    anonymise.add_argument(
        "--out",
        metavar="DIR",
        help="where to (default: beside each run, as NAME.anonymous.run)",
    )


def _add_compare_traffic(compare: argparse.ArgumentParser) -> None:
    compare.add_argument("a", metavar="REAL.run", help="such as a run of the real service")
    compare.add_argument("b", metavar="EMULATED.run", help="such as one of the embedded server")
    compare.add_argument("--csv", metavar="FILE", help="write the table as CSV too")


def _add_contact(contact: argparse.ArgumentParser) -> None:
    contact.add_argument(
        "--out", default="contact", metavar="DIR", help="where to (default: contact)"
    )
    contact.add_argument("--yes", action="store_true", help="do not ask before it is sent")
    contact.add_argument("--url", metavar="URL", help="another service (default: Gladia)")


def _add_serve(serve: argparse.ArgumentParser) -> None:
    serve.add_argument(
        "--port", type=int, default=SERVED_PORT, metavar="N", help=f"default: {SERVED_PORT}"
    )
    serve.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="default: 127.0.0.1")
    _add_engine(serve)
    _add_replay(serve)
    serve.add_argument(
        "--any-key",
        action="store_true",
        help="accept every API key (default: the one that is printed, and those in "
        f"{SERVER_KEYS_VARIABLE}, separated by commas)",
    )
    serve.add_argument(
        "--max-sessions",
        type=int,
        metavar="N",
        help="sessions that a key may have at a time; more are answered with 429 (default: "
        f"{ServerOptions().max_sessions})",
    )
    serve.add_argument(
        "--host-name",
        dest="host_names",
        action="append",
        metavar="NAME",
        help="a name under which the server is reached, such as a proxy's; can be repeated",
    )
    serve.add_argument(
        "--allow-origin",
        dest="allow_origins",
        action="append",
        metavar="ORIGIN",
        help="pages that may use all routes, such as https://hub.example; can be repeated",
    )
    serve.add_argument(
        "--control",
        action="store_true",
        help="print the token that sets faults and scripts while the server runs",
    )
    serve.add_argument(
        "--fault",
        dest="faults",
        action="append",
        metavar="KIND:NAME=VALUE,...",
        help="what is to go wrong, such as drop:at_byte=40000,times=2; can be repeated",
    )
    (network,) = (field for field in fields_of(SendOptions) if field.name == "network")
    _add_option(serve, network)


def _add_engine(serve: argparse.ArgumentParser) -> None:
    serve.add_argument(
        "--engine",
        metavar="NAME",
        help="what recognises: recogniser (English, the default), sherpa with --model, or the "
        "engine of another package",
    )
    serve.add_argument(
        "--model",
        metavar="DIR",
        help="of --engine sherpa: the folder of a streaming model, or the name of a fetched one",
    )
    serve.add_argument(
        "--language",
        dest="model_languages",
        action="append",
        metavar="CODE",
        help="a language that the model knows, such as fr; can be repeated (default: as its name "
        "tells)",
    )


def _add_replay(serve: argparse.ArgumentParser) -> None:
    serve.add_argument(
        "--replay",
        nargs="+",
        metavar="FILE",
        help="play these runs back, in turn, instead of recognising anything",
    )
    serve.add_argument(
        "--any-config",
        action="store_true",
        help="play them to every session, whatever it asks for",
    )


def _add_models(models: argparse.ArgumentParser) -> None:
    actions = models.add_subparsers(required=True, metavar="ACTION", dest="action")
    get = actions.add_parser("get", help="fetch a model and unpack it into the user's cache")
    get.add_argument("url", metavar="URL", help="of a .tar.bz2, .tar.gz, .tar.xz or .zip")
    get.add_argument("--name", metavar="NAME", help="of the model (default: the archive's)")
    get.add_argument("--sha256", metavar="HEX", help="checksum that the archive must have")
    actions.add_parser("list", help="models that were fetched")
    remove = actions.add_parser("remove", help="delete a model")
    remove.add_argument("name", metavar="NAME")


def _add_lab(lab: argparse.ArgumentParser) -> None:
    lab.add_argument("--page", action="store_true", help="as a page without code, by Voila")
    lab.add_argument("--no-browser", action="store_true", help="print the address only")
    lab.add_argument("--port", type=int, metavar="N")
    lab.add_argument("options", nargs="*", metavar="-- OPTION", help="more, for the program itself")
