"""The commands as real processes, however they were started."""

import signal
import sys

import pytest

COMMAND = [
    sys.executable,
    "-c",
    "import sys; from gladia_nb.cli.commands import main; sys.exit(main())",
]
IGNORING = ["sh", "-c", 'trap "" INT; exec "$@"', "sh"]
#: A signal, and how the command was started: a shell lets its background jobs ignore SIGINT.
SIGNALS = [
    pytest.param(signal.SIGINT, [], id="int"),
    pytest.param(signal.SIGTERM, [], id="term"),
    pytest.param(signal.SIGINT, IGNORING, id="int-ignored-at-start"),
    pytest.param(signal.SIGTERM, IGNORING, id="term-int-ignored-at-start"),
]
