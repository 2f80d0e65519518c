"""`python -m gladia_nb.server`: the embedded server in this process, until it is told to stop.

The recogniser loads its model in a process of its own, which takes as long as this one takes to
load what it serves with: that process is started first, and what is heavy is imported behind it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from typing import Any

from gladia_nb.child import SERVER_CONTROL_VARIABLE, SERVER_KEYS_VARIABLE
from gladia_nb.server.engines.decoding_child import SPHINX, launch_decoding

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Run the server.

    Prints one line of JSON with its URL when it is ready.

    Returns:
        The exit status: 0 after a signal or the end of the watched input, 2 when the server could
        not be started; one sentence on the standard error says why.
    """
    parsed = _parser().parse_args(arguments)
    keys = os.environ.pop(SERVER_KEYS_VARIABLE, "")
    control = os.environ.pop(SERVER_CONTROL_VARIABLE, "")
    try:
        values = dict(_assignment(text) for text in parsed.set)
        if parsed.options_fd is not None:
            with open(parsed.options_fd, encoding="utf-8") as file:  # noqa: PTH123 - it has no path
                values |= json.load(file)
    except ValueError as error:
        sys.stderr.write(f"{error}.\n")
        return 2
    values |= {
        **({"faults": parsed.fault} if parsed.fault else {}),
        "host": parsed.host,
        "port": parsed.port,
        **({"keys": keys.split(",")} if keys else {}),
        **({"control_token": control} if control else {}),
    }
    with contextlib.ExitStack() as stack:
        child = None
        if values.get("engine", "recogniser") == "recogniser" and not values.get("replay"):
            child = launch_decoding(SPHINX)
            stack.callback(child.close)
        from gladia_nb.server.serving import serve

        return serve(values, watch=parsed.watch_stdin, child=child)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m gladia_nb.server",
        description="Gladia-compatible live speech-to-text server with a recogniser of its own.",
        epilog=(
            f"Keys to accept are read from {SERVER_KEYS_VARIABLE}; without it all are accepted. "
            f"The token that opens the controls is read from {SERVER_CONTROL_VARIABLE}; "
            "without it they are closed."
        ),
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port; 0 takes a free one")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="another option of ServerOptions, its value in JSON; can be repeated",
    )
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="KIND:NAME=VALUE,...",
        help="what is to go wrong, such as drop:at_byte=40000,times=2; can be repeated",
    )
    parser.add_argument(
        "--options-fd",
        type=int,
        metavar="N",
        help="a file descriptor to read more options from, a JSON object",
    )
    parser.add_argument(
        "--watch-stdin", action="store_true", help="stop when the standard input ends"
    )
    return parser


def _assignment(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value)
    except ValueError:
        raise ValueError(f"the value of --set {name} must be JSON (got {value!r})") from None


if __name__ == "__main__":
    sys.exit(main())
