"""Why a server does not serve, in one sentence; how it serves is seen in `test_main`."""

import errno
import socket

import pytest

from gladia_nb.server.engines.base import EngineError
from gladia_nb.server.engines.decoding_child import SPHINX, launch_decoding
from gladia_nb.server.serving import _sentence, serve


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.EADDRINUSE, "x"), "Port 80 is in use; choose another, or 0 for a free one."),
        (OSError(errno.EACCES, "x"), "Port 80 is not allowed to you; choose one above 1023."),
        (OSError(errno.EADDRNOTAVAIL, "x"), "This machine has no address here."),
        (socket.gaierror(socket.EAI_NONAME, "x"), "There is no host here."),
        (OSError(errno.EIO, "odd"), "Cannot listen on here:80 ([Errno 5] odd)."),
        (ValueError("port must be small"), "port must be small."),
        (EngineError("There is no model."), "There is no model."),
    ],
)
def test_errors_in_words(error: Exception, sentence: str) -> None:
    assert _sentence(error, "here", 80) == sentence


def test_a_process_that_was_started_for_it_is_left_to_its_owner() -> None:
    child = launch_decoding(SPHINX)
    try:
        assert serve({"host": "127.0.0.1", "port": 0, "speed": 2}, child=child) == 2
        assert child.is_running
    finally:
        child.close()
    assert not child.is_running
