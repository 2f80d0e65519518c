"""What was on the screen, and when."""

import json

from gladia_nb.metrics import screen
from gladia_nb.metrics.base.shown import Shown
from tests.support.make_runs import make_run, transcript, utterance, words

SAID = words("hello it is", 0.5)


def test_texts_of_an_utterance_up_to_its_first_final():
    late = [transcript(3.0, SAID[:1]), transcript(3.5, SAID[:2], final=True)]
    run = make_run([*utterance(SAID, partial_s=0.2, final_s=0.5), *late])
    assert screen(run) == [
        Shown(
            channel=0,
            id="00_00000000",
            start_s=0.5,
            end_s=1.6,
            is_final=True,
            recv_ns=(6_000_000_000, 6_400_000_000, 6_800_000_000, 7_100_000_000),
            texts=(" hello", " hello it", " hello it is", " hello it is"),
            ends_s=(0.8, 1.2, 1.6, 1.6),
        )
    ]


def test_utterances_come_in_the_order_of_their_first_transcript():
    arrivals = [
        transcript(1.0, SAID, "b"),
        transcript(1.1, SAID, "a"),
        transcript(1.2, SAID, "a", channel=1),
        transcript(1.3, SAID, "b", final=True),
    ]
    found = screen(make_run(arrivals, channels=2))
    assert [(item.channel, item.id, item.is_final) for item in found] == [
        (0, "b", True),
        (0, "a", False),
        (1, "a", False),
    ]


def by_callback(recv_s, spoken):
    """A transcript that was posted to the callback URL."""
    _, raw = transcript(recv_s, spoken)
    payload = json.dumps({"id": "s", "event": "live.transcript", "payload": json.loads(raw)})
    stamp = 5_000_000_000 + round(recv_s * 1e9)
    return {"event": "message", "recv_ns": stamp, "ns": stamp, "via": "callback", "raw": payload}


def test_callbacks_count_only_where_nothing_came_over_the_websocket():
    run = make_run([transcript(1.0, SAID)], extra=[by_callback(1.1, SAID[:2])])
    assert len(screen(run)[0].texts) == 1
    alone = make_run(extra=[by_callback(1.0, SAID), by_callback(1.1, SAID[:2])])
    assert len(screen(alone)[0].texts) == 2


def test_nothing_was_shown():
    assert screen(make_run()) == []
