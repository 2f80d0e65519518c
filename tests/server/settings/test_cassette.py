"""Cassettes from plain data: what is none is told in a sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gladia_nb.server.settings.cassette import Cassette, Closing, Said

ROW = ["audio", 0.5, 0.1, "websocket", '{"type":"novelty"}']
GOOD: dict[str, Any] = {
    "name": "a.run",
    "config": {"endpointing": 0.3},
    "free": ["custom_metadata"],
    "session_id": "s",
    "duration_s": 3.0,
    "messages": [["open", 0.0, 0.002, "websocket", "{}"], ROW, ["stop", 3.0, 0.5, "callback", ""]],
    "close": {"after": "stop", "position_s": 3.0, "delay_s": 0.6, "code": 1000},
    "left_s": 0.2,
    "result": None,
}


def test_from_a_mapping_and_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(GOOD))
    cassette = Cassette.load(path)
    assert cassette == Cassette.load(GOOD) == Cassette.load(str(path))
    assert cassette.messages[1] == Said("audio", 0.5, 0.1, "websocket", '{"type":"novelty"}')
    assert cassette.closing == Closing("stop", 3.0, 0.6, 1000)
    assert "novelty" not in repr(cassette)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"config": None}, "needs a config"),
        ({"messages": {}}, "needs a list of messages"),
        ({"messages": [ROW[:4]]}, r"messages\[0\] must be a list of five"),
        ({"messages": [["later", *ROW[1:]]]}, r"messages\[0\] must follow one of open, audio"),
        ({"messages": [[*ROW[:3], "post", "x"]]}, "websocket or callback"),
        ({"messages": [[*ROW[:4], 5]]}, "and a text"),
        ({"messages": [["audio", "1", 0, *ROW[3:]]]}, r"messages\[0\] must be seconds"),
        ({"messages": [["audio", float("nan"), 0, *ROW[3:]]]}, "must be seconds"),
        ({"messages": [["audio", -1, 0, *ROW[3:]]]}, "must be seconds from 0"),
        ({"messages": [ROW, ["open", 0, 0, *ROW[3:]]]}, "follows less than the one before"),
        ({"free": "x"}, "free of a cassette must be a list"),
        ({"duration_s": True}, "duration_s must be seconds"),
        ({"close": []}, "close of a cassette must be an object"),
        ({"close": {**GOOD["close"], "code": 5}}, "code of close must be"),
    ],
)
def test_what_is_none(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Cassette.from_dict({**GOOD, **changes})


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a cassette is an object"):
        Cassette.from_dict([])
    with pytest.raises(ValueError, match="cannot read the cassette"):
        Cassette.load(tmp_path / "none")
    run = tmp_path / "a.run"
    run.write_text('{"format":"gladia_nb.run"}\n{"event":"end"}\n')
    with pytest.raises(ValueError, match=r"gladia_nb\.LocalServer makes one"):
        Cassette.load(run)
