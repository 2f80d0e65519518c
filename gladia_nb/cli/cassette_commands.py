"""`gladia-nb anonymise`, `gladia-nb compare-traffic` and `gladia-nb contact`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from gladia_nb.child import KEY_VARIABLE
from gladia_nb.cli.text import plain
from gladia_nb.drafts import replacing
from gladia_nb.errors import AuthenticationError, ConfigError, RunFileError
from gladia_nb.metrics import compare_traffic
from gladia_nb.record.folders import new_path
from gladia_nb.run import load
from gladia_nb.sessions.first_contact import contact_plan, make_contact

__all__ = ["anonymise", "compare", "contact"]


def anonymise(arguments: argparse.Namespace) -> int:
    """Write a copy without speech of each run; a run is never overwritten."""
    for name in arguments.runs:
        run = load(name)
        found = Path(name).expanduser()
        place = new_path(arguments.out or found.parent, f"{found.stem}.anonymous")
        print(plain(run.without_speech().save(place)))
    return 0


def compare(arguments: argparse.Namespace) -> int:
    """Tell where the messages of two runs differ."""
    table = compare_traffic(load(arguments.a), load(arguments.b))
    if not len(table):
        print("The messages of both runs are alike.")
    for aspect, rows in table.groupby("aspect", sort=False):
        print(f"{aspect}:")
        for row in rows.to_dict("records"):
            print(plain(f"  {row['message']}  {row['what']}:  {_had(row['a'])} | {_had(row['b'])}"))
    if arguments.csv:
        try:
            with replacing(Path(arguments.csv).expanduser()) as new:
                table.to_csv(new, index=False)
        except OSError as error:
            raise RunFileError(
                f"Cannot write {arguments.csv}: {error.strerror or error}. Choose another place."
            ) from None
    return 0


def _had(value: object) -> str:
    return value if isinstance(value, str) else "-"


def contact(arguments: argparse.Namespace) -> int:
    """Say what it costs, ask, and run the session of the first contact."""
    if not os.environ.get(KEY_VARIABLE):
        raise AuthenticationError(
            f"A first contact is with the real service and takes its API key; set {KEY_VARIABLE}.",
            status=401,
        )
    for line in contact_plan():
        print(line)
    if not arguments.yes and not _agreed():
        print("Nothing was sent.")
        return 0
    found = make_contact(arguments.out, url=arguments.url)
    for check in found.checks:
        sign = "as expected" if check.is_as_expected else "DIFFERS"
        told = "" if check.is_as_expected else f" (expected: {check.expected})"
        print(plain(f"{sign:<12} {check.name}: {check.seen}{told}"))
    print(f"\n{len(found.differences)} differences from the traffic of the embedded server.")
    print(f"cassette       {plain(found.cassette)}")
    print(f"page           {plain(found.page)}")
    return 0


def _agreed() -> bool:
    if not sys.stdin.isatty():
        raise ConfigError("Nobody can be asked here whether to send it; say --yes.")
    try:
        return input("Send it? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False
