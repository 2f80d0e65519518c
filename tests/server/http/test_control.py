"""The controls of the embedded server: faults at its start and at run time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gladia_nb.errors import ServerError
from gladia_nb.server import LocalServer
from gladia_nb.server.engines.scripted import ScriptedEngine
from gladia_nb.server.settings.faults import Fault
from gladia_nb.server.settings.options import CONTROL_HEADER
from gladia_nb.server.settings.script import Script
from tests.support.faulty import (
    check_whole,
    left,
    run_session,
)
from tests.support.scripted_helpers import SCRIPT, ask
from tests.support.serving import serving


def test_faults_of_a_server_from_its_start(sound: tuple[Path, bytes]) -> None:
    faults = ["drop:at_byte=40000", {"kind": "refuse"}, Fault("malformed")]
    with LocalServer(engine="scripted", script=SCRIPT, faults=faults) as server:
        assert len(left(server)) == 3
        run = run_session(server, sound[0])
        check_whole(server, run, sound[1])
        assert left(server) == []
        assert ask(server, f"/_trace/{run.session_id}")[0] == 404
    with pytest.raises(ServerError, match="there is no fault 'explode'"):
        LocalServer(faults=["explode"]).start()


@pytest.mark.parametrize(
    ("path", "body"),
    [("/_control/faults", ["drop"]), ("/_control/script", {}), ("/_trace/x", None)],
)
def test_the_controls_want_the_key(server: LocalServer, path: str, body: Any) -> None:
    assert ask(server, path, body, key="")[0] == 401
    assert ask(server, path, body, key="wrong")[0] == 401


@pytest.mark.parametrize(
    ("path", "body"),
    [("/_control/faults", ["drop"]), ("/_control/script", {}), ("/_trace/x", None)],
)
def test_the_controls_want_a_token_of_their_own(server: LocalServer, path: str, body: Any) -> None:
    for token in ("", "wrong", server.key):
        status, answer = ask(server, path, body, **{CONTROL_HEADER: token})
        assert status == 401
        assert b"control token" in answer
    assert ask(server, path, body, Origin="http://localhost:8888")[0] == 403
    assert server.control_token not in repr(server)
    assert left(server) == []


async def test_without_a_token_there_are_no_controls() -> None:
    engine = ScriptedEngine(Script.load(None))
    async with serving(engine) as client:
        for method in ("GET", "POST", "DELETE"):
            headers = {CONTROL_HEADER: ""}
            url = f"{client.base}/_control/faults"
            async with client.http.request(method, url, headers=headers) as response:
                assert response.status == 404


def test_wrong_requests_to_the_controls(server: LocalServer) -> None:
    for path in ("/_control/faults", "/_control/script"):
        status, body = ask(server, path, "explode")
        assert status == 400
        assert json.loads(body)["validation_errors"]
        assert ask(server, path, method="PUT")[0] == 404
    assert ask(server, "/_trace/unknown")[0] == 404
