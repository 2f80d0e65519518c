import json
from types import MappingProxyType

from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.record.packed import _BLOCK, Events, Packed, PackedTexts


def read(line):
    return MappingProxyType(json.loads(line))


def filled(events):
    found = Events(read)
    for event in events:
        found.append(MappingProxyType(event), json.dumps(event).encode() + b"\n")
    return found


KINDS = st.sampled_from(["message", "chunk", "ping", "end"])


@given(st.lists(KINDS, max_size=30), st.integers(1, 7))
def test_events_are_what_was_put_in_however_they_are_held(kinds, repeats):
    events = [{"event": kind, "n": n, "raw": str(n)} for n, kind in enumerate(kinds * repeats)]
    found = filled(events)
    assert found == events
    assert list(found) == events
    assert [found[k] for k in range(len(events))] == events
    assert list(found[1:-1]) == events[1:-1]
    for chosen in (("message",), ("chunk", "end"), ("ping",), ("none",)):
        assert list(found.of(chosen)) == [e for e in events if e["event"] in chosen]


@given(st.integers(0, 3 * _BLOCK), st.integers(-5, 600), st.integers(-5, 600))
def test_slices_cross_blocks(n, start, stop):
    events = [{"n": k} for k in range(n)]
    packed = Packed(json.loads)
    for event in events:
        packed.append(json.dumps(event).encode())
    assert list(packed[start:stop]) == events[start:stop]
    assert packed == events
    assert packed != [*events, 1]
    assert packed != 5


def test_texts_are_those_of_the_events():
    found = filled([{"event": "message", "raw": str(k)} for k in range(600)])
    texts = PackedTexts(found.of(("message",)))
    assert list(texts) == list(map(str, range(600)))
    assert (texts[599], texts[255:258], len(texts)) == ("599", ["255", "256", "257"], 600)


TEXTS = st.lists(st.text(max_size=5) | st.just("\udc80"), max_size=8)


@given(TEXTS, st.integers(1, 120), st.integers(0, 900), st.integers(0, 900), st.booleans())
def test_arrived_messages_are_those_of_the_events(texts, repeats, start, stop, closed):
    events = [
        {"event": "message", "raw": text, "recv_ns": n, "via": "websocket", "more": [n]}
        for n, text in enumerate(texts * repeats)
    ]
    found = filled(events)
    if closed:
        found.close()
    packed = found.of(("message",))
    stop = min(stop, len(events))
    start = min(start, stop)
    got = packed.arrived(start, stop)
    assert [(a.raw, a.recv_ns, a.via, a.connection) for a in got] == [
        (e["raw"], e["recv_ns"], e["via"], None) for e in events[start:stop]
    ]
    raws = [event["raw"] for event in events]
    texts = PackedTexts(packed)
    assert list(texts) == raws
    assert texts[start:stop] == raws[start:stop]
    assert texts[start:stop:3] == raws[start:stop:3]
    assert texts == raws


def test_a_block_that_grows_is_read_again():
    packed = Packed(json.loads)
    for n in range(3):
        packed.append(b'{"raw":"%d"}' % n)
        assert [a.raw for a in packed.arrived(0, n + 1)] == list(map(str, range(n + 1)))


def test_many_like_texts_take_little():
    packed = Packed(read)
    line = json.dumps({"raw": "the same words again and again " * 20}).encode()
    for _ in range(10 * _BLOCK):
        packed.append(line)
    assert sum(map(len, packed._blocks)) < len(line) * 10 * _BLOCK / 20


def test_a_block_is_read_once_for_all_its_events():
    reads = []

    def read(line):
        reads.append(line)
        return json.loads(line)

    packed = Packed(read)
    for number in range(300):
        packed.append(b'{"event":"chunk","n":%d}' % number)
    assert [packed[k]["n"] for k in range(300)] == list(range(300))
    assert len(reads) == 300
    packed.append(b'{"event":"chunk","n":300}')
    assert packed[300]["n"] == 300
    assert packed[-2]["n"] == 299


@given(st.integers(0, 2 * _BLOCK + 3), st.integers(0, 2))
def test_what_is_closed_takes_little_and_goes_on(n, more):
    packed = Packed(json.loads)
    for k in range(n):
        packed.append(json.dumps({"n": k, "raw": "the same again " * 9}).encode())
    before = list(packed)
    packed.close()
    assert (packed._open, len(packed)) == ([], n)
    assert list(packed) == before
    packed.close()
    for k in range(more):
        packed.append(json.dumps({"n": n + k}).encode())
    assert len(packed) == n + more
    assert [event["n"] for event in packed] == list(range(n + more))


def test_all_kinds_are_closed():
    found = filled([{"event": kind, "n": 1} for kind in ("message", "chunk", "ping")])
    before = list(found)
    found.close()
    assert [packed._open for packed in found._many.values()] == [[], []]
    assert list(found) == before
