import json

import pytest

from gladia_nb.lab.live_state import LiveState


def test_a_snapshot_is_plain_data_and_does_not_change_with_the_session():
    state = LiveState(16000, 2, duration_s=5.0)
    state.feed({"event": "warning", "text": "Odd."})
    snapshot = state.snapshot()
    plain = json.loads(json.dumps(snapshot.to_dict()))
    assert plain["notes"] == [{"number": 0, "kind": "warning", "text": "Odd."}]
    assert plain["health"] == {"level": "good", "text": "Nothing has been sent yet."}
    state.feed({"event": "warning", "text": "Odder."})
    assert json.loads(json.dumps(snapshot.to_dict())) == plain
    with pytest.raises(AttributeError):
        snapshot.note = "another"
