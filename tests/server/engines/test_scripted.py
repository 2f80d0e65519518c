"""The scripted engine: what it plans, and that it says it at the moment that it promised."""

from __future__ import annotations

import asyncio
import json
import random
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import gladia_nb as gn
from gladia_nb.config import SessionConfig
from gladia_nb.errors import ServerError
from gladia_nb.server import LocalServer
from gladia_nb.server.engines.base import AddOn, Ended, Event, Progress, Speech, Transcript
from gladia_nb.server.engines.plan import Planned, Planner
from gladia_nb.server.engines.scripted import ScriptedEngine, Timetable
from gladia_nb.server.settings.script import Delay, Script
from tests.support.scripted_helpers import RATE, SCRIPT, TEXT, WORDS, ask, make_sound, trace_of


def planner(script: dict[str, Any], **options: Any) -> Planner:
    settings = {"endpointing": 0.3, "longest": 5.0, **options}
    return Planner(Script.from_dict(script), 0, **settings)


def told(planned: list[Planned]) -> list[tuple[Any, ...]]:
    """Position and content, short."""
    found: list[tuple[Any, ...]] = []
    for item in planned:
        event, position = item.event, round(item.position, 6)
        if isinstance(event, Speech):
            found.append((position, "start" if event.began else "end", event.time))
        elif isinstance(event, Transcript):
            text = " ".join(word.text for word in event.words)
            found.append((position, "FINAL" if event.is_final else "partial", text))
        else:
            found.append((position, event.kind, event.data))
    return found


def words(*spans: tuple[str, float, float], **more: Any) -> list[dict[str, Any]]:
    return [{"word": w, "start_s": a, "end_s": b, **more} for w, a, b in spans]


# -- the plan ---------------------------------------------------------------------------------


def test_an_utterance_from_its_first_word_to_its_final() -> None:
    plan = told(
        planner({"words": words(("a", 0.5, 0.8), ("b", 0.9, 1.2), ("c", 2.0, 2.5))}).events()
    )
    assert plan == [
        (0.5, "start", 0.5),
        (0.8, "partial", "a"),
        (1.2, "partial", "a b"),
        (1.5, "end", 1.2),
        (1.5, "FINAL", "a b"),
        (2.0, "start", 2.0),
        (2.5, "partial", "c"),
        (2.8, "end", 2.5),
        (2.8, "FINAL", "c"),
    ]
    late = planner({"words": words(("a", 0.5, 0.8))}, end_first=False)
    assert [what for _, what, _ in told(late.events())] == ["start", "partial", "FINAL", "end"]


def test_endpointing_is_a_bound_that_counts_as_silence() -> None:
    script = {"words": words(("a", 0.0, 1.0), ("b", 1.25, 2.0))}
    assert told(planner(script, endpointing=0.25).events())[-1][2] == "b"
    assert told(planner(script, endpointing=0.26).events())[-1][2] == "a b"


def test_speech_without_a_pause_is_cut_between_words() -> None:
    spans = [(f"w{k}", k * 1.0, k * 1.0 + 0.95) for k in range(8)]
    plan = told(planner({"words": words(*spans)}, longest=3.0).events())
    assert [item for item in plan if item[1] != "partial"] == [
        (0.0, "start", 0.0),
        (3.0, "FINAL", "w0 w1 w2"),
        (6.0, "FINAL", "w3 w4 w5"),
        (8.25, "end", 7.95),
        (8.25, "FINAL", "w6 w7"),
    ]


def test_a_cut_shortly_before_the_silence_leaves_only_the_end_of_speech() -> None:
    plan = told(planner({"words": words(("a", 0, 4.9))}, longest=5.0).events())
    assert plan[-2:] == [(5.0, "FINAL", "a"), (5.2, "end", 4.9)]
    longer = told(planner({"words": words(("a", 0, 6.0), ("b", 6.0, 7.0))}, longest=5.0).events())
    assert longer[1] == (6.0, "FINAL", "a")


def test_partials_at_a_fixed_cadence() -> None:
    script = {"words": words(("a", 0.5, 0.7), ("b", 0.8, 1.3)), "partial_every_s": 0.3}
    partials = [item for item in told(planner(script).events()) if item[1] == "partial"]
    assert partials == [(0.9, "partial", "a"), (1.5, "partial", "a b")]


def test_revisions_of_words_and_of_utterances() -> None:
    spoken = words(("one", 0, 0.2), ("two", 0.3, 0.5), ("three", 0.6, 0.8))
    spoken[1]["revisions"] = ["too", "to"]
    plan = told(planner({"words": spoken}).events())
    texts = [text for _, what, text in plan if what == "partial"]
    assert texts == ["one", "one too", "one to three"]
    assert plan[-1][2] == "one two three"

    utterance = {"words": words(("one", 0, 0.2), ("two", 0.3, 0.6)), "revisions": ["won", "a b c"]}
    events = planner({"utterances": [utterance]}).events()
    shown = [item.event for item in events if isinstance(item.event, Transcript)]
    assert [" ".join(word.text for word in event.words) for event in shown] == [
        "won",
        "a b c",
        "one two",
    ]
    assert [(word.start, word.end) for word in shown[1].words] == [
        (0, 0.2),
        (0.3, 0.45),
        (0.45, 0.6),
    ]


@pytest.mark.parametrize(
    ("position", "rest"),
    [
        (0.4, []),
        (0.6, [("end", 0.6)]),
        (0.85, [("end", 0.8), ("FINAL", "a")]),
        (1.4, [("end", 1.2), ("FINAL", "a b")]),
        (1.5, []),
        (2.3, [("end", 2.3)]),
    ],
)
def test_what_a_stop_cuts_short(position: float, rest: list[Any]) -> None:
    plan = planner({"words": words(("a", 0.5, 0.8), ("b", 0.9, 1.2), ("c", 2.0, 2.5))})
    assert [(what, value) for _, what, value in told(plan.rest(position))] == rest


def test_a_stop_after_a_cut_by_force_ends_the_speech() -> None:
    plan = planner({"words": words(("a", 0, 2.9), ("b", 3.0, 4.0))}, longest=3.0)
    assert told(plan.rest(3.5)) == [(3.5, "end", 3.5)]
    assert told(plan.rest(4.1)) == [(4.1, "end", 4.0), (4.1, "FINAL", "b")]


def test_add_ons_follow_their_final() -> None:
    utterance = {
        "words": words(("good", 0, 0.2), ("morning", 0.3, 0.6)),
        "translations": {"fr": "bonjour"},
        "entities": [{"entity_type": "TIME", "text": "morning", "start": 0.3, "end": 0.6}],
        "sentiments": [{"sentiment": "positive"}],
    }
    script = {"utterances": [utterance]}
    plan = planner(script, languages=("fr", "de")).events()
    add_ons = [item.event for item in plan if isinstance(item.event, AddOn)]
    assert [event.kind for event in add_ons] == [
        "translation",
        "translation",
        "named_entity_recognition",
        "sentiment_analysis",
    ]
    first, second, entities, sentiments = add_ons
    assert first.data is not None
    assert first.data["translated_utterance"]["text"] == " bonjour"
    assert second.data is None
    assert second.problem == "The script has no translation to de."
    assert entities.data == {"results": utterance["entities"]}
    assert sentiments.data is not None
    assert sentiments.data["results"][0]["text"] == "good morning"
    assert Script.from_dict(script).supplies == {event.kind for event in add_ons}
    assert len({item.position for item in plan[-4:]}) == 1


# -- delays -----------------------------------------------------------------------------------


def test_models_of_delay() -> None:
    rng = random.Random(1)
    assert Delay.parse(0.3, "delay").draw(rng, 5) == 0.3
    assert Delay.parse({"constant": 1}, "delay").draw(rng, 0) == 1
    schedule = Delay.parse({"schedule": [0.1, 0.2]}, "delay")
    assert [schedule.draw(rng, k) for k in range(3)] == [0.1, 0.2, 0.1]
    uniform = [Delay.parse({"uniform": [0.1, 0.5]}, "d").draw(rng, 0) for _ in range(2000)]
    assert 0.1 <= min(uniform) < 0.11
    assert 0.49 < max(uniform) <= 0.5
    shape = {"median": 0.2, "sigma": 0.3, "spike_probability": 0.1, "spike_s": 5}
    model = Delay.parse({"lognormal": shape}, "delay")
    drawn = [model.draw(rng, 0) for _ in range(4000)]
    assert statistics.median(d for d in drawn if d < 5) == pytest.approx(0.2, rel=0.05)
    assert sum(d > 5 for d in drawn) / len(drawn) == pytest.approx(0.1, abs=0.02)


def test_a_seed_repeats_and_another_does_not() -> None:
    def delays(seed: int, channel: int = 0) -> list[float]:
        spoken = [{**word, "channel": channel} for word in WORDS]
        data = {"words": spoken, "delay": {"uniform": [0, 1]}, "seed": seed}
        plan = Planner(Script.from_dict(data), channel, endpointing=0.3, longest=5)
        return [item.delay for item in plan.events()]

    assert delays(1) == delays(1)
    assert delays(1) != delays(2)
    assert delays(1) != delays(1, channel=1)


def test_a_delay_for_each_kind_and_each_word() -> None:
    spoken = words(("a", 0, 0.2), ("b", 0.3, 0.5))
    spoken[1]["delay_s"] = 0.7
    script = {"words": spoken, "delay": 0.1, "final_delay": 0.4, "speech_delay": 0.05}
    plan = planner(script).events()
    assert [item.delay for item in plan] == [0.05, 0.1, 0.7, 0.05, 0.4]


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ([], "a script must be a mapping"),
        ({"word": []}, "a script has no 'word'"),
        ({"words": [{"word": "", "start_s": 0, "end_s": 1}]}, r"word of words\[0\] must be text"),
        ({"words": [{"word": "a", "start_s": 1, "end_s": 0}]}, r"end_s of words\[0\] must not be"),
        ({"words": [{"word": "a", "end_s": 0}]}, r"start_s of words\[0\] must be a number"),
        ({"words": ["a"]}, "words of a script must be a list of mappings"),
        ({"utterances": [{"words": []}]}, r"words of utterances\[0\] must have at least one"),
        ({"delay": -1}, "delay must be a number from 0"),
        ({"delay": {"normal": 1}}, "delay has no model 'normal'"),
        ({"delay": {"uniform": [2, 1]}}, "uniform of .*delay must be"),
        ({"delay": {"lognormal": {"mean": 1}}}, "lognormal of .*delay has no 'mean'"),
        ({"delay": {"schedule": []}}, "schedule of .*delay must be a list"),
        ({"partial_every_s": 0}, "partial_every_s must be above 0"),
        ({"seed": "x"}, "seed must be a whole number"),
    ],
)
def test_a_wrong_script(script: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Script.from_dict(script)


def test_scripts_from_files(tmp_path: Path) -> None:
    script = Script.load(gn.sample("conversation").with_suffix(".words.json"))
    assert len(script.words[0]) > 50
    assert Script.load(None).words == {}
    with pytest.raises(ValueError, match="cannot be read"):
        Script.load(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(ValueError, match="is not JSON"):
        Script.load(tmp_path / "bad.json")
    with pytest.raises(ServerError, match="a script has no 'word'"):
        LocalServer(engine="scripted", script={"word": 1}).start()
    with pytest.raises(ServerError, match="engine must be 'recogniser' or 'scripted'"):
        LocalServer(engine="magic").start()


# -- virtual time -----------------------------------------------------------------------------


class VirtualClock:
    """Time stands still until everybody sleeps."""

    def __init__(self) -> None:
        self.ns = 1_000_000_000

    def now_ns(self) -> int:
        return self.ns

    async def sleep_until(self, deadline_ns: int) -> None:
        await asyncio.sleep(0)
        self.ns = max(self.ns, deadline_ns)


async def heard(script: dict[str, Any], chunk_s: float, chunks: int) -> list[tuple[int, Event]]:
    """Feed silence in virtual time; what is said when, in nanoseconds from the start."""
    clock = VirtualClock()
    engine = ScriptedEngine(Script.from_dict(script), Timetable(clock))
    found: list[tuple[int, Event]] = []
    start = clock.ns
    config = SessionConfig(endpointing=0.3)
    stream = await engine.open(config, 0, lambda event: found.append((clock.ns - start, event)))
    step = round(chunk_s * RATE)
    for number in range(chunks):
        due = start + (number + 1) * step * 1_000_000_000 // RATE
        while True:
            calls = engine._timetable._calls
            if not calls or calls[0][0] > due:
                break
            await asyncio.sleep(0)
        clock.ns = due
        stream.feed(bytes(2 * step), due)
    stream.finish()
    while not isinstance(found[-1][1], Ended):
        await asyncio.sleep(0)
    await engine.close()
    return found


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.3, 1.0])
@pytest.mark.parametrize("chunk_s", [0.02, 0.05, 0.1, 0.25])
async def test_in_virtual_time_each_event_comes_to_the_nanosecond(
    delay: float, chunk_s: float
) -> None:
    found = await heard({"words": WORDS, "delay": delay}, chunk_s, round(3 / chunk_s))
    said = [(ns, event) for ns, event in found if isinstance(event, Speech | Transcript)]
    assert len(said) == 2 * 3 + 7
    step_ns = round(chunk_s * 1e9)
    for ns, event in said:
        assert event.due is not None
        covered = -(-round(event.due.position * 1e9) // step_ns) * step_ns
        assert event.due.received_ns - 1_000_000_000 == covered
        assert ns == event.due.ns - 1_000_000_000 == covered + round(delay * 1e9)


async def test_nothing_overtakes() -> None:
    script = {"words": WORDS, "delay": {"schedule": [0.9, 0.0, 0.4]}}
    found = await heard(script, 0.1, 30)
    said = [(ns, event) for ns, event in found if isinstance(event, Speech | Transcript)]
    positions = [event.due.position for _, event in said if event.due is not None]
    assert positions == sorted(positions)
    assert [ns for ns, _ in said] == sorted(ns for ns, _ in said)


async def test_an_engine_slower_than_real_time_falls_behind() -> None:
    found = await heard({"words": WORDS, "real_time_factor": 1.5}, 0.1, 30)
    said = [(ns / 1e9, event) for ns, event in found if isinstance(event, Transcript)]
    for seconds, event in said:
        assert event.due is not None
        # The first chunk is there after 0.1 s; from then on each second of audio takes 1.5 s.
        assert seconds == pytest.approx(0.1 + 1.5 * event.due.position, abs=1e-6)
    progress = [(ns / 1e9, event) for ns, event in found if isinstance(event, Progress)]
    assert progress[-1][0] == pytest.approx(0.1 + 1.5 * 3.0, abs=1e-6)
    assert found[-1][1] == Ended()


# -- over the wire ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with LocalServer(engine="scripted", script=SCRIPT, trace=True) as server:
        yield server


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scripted") / "sound.wav"
    make_sound(path)
    return path


def session(server: LocalServer, sound: Path, **options: Any) -> gn.Run:
    settings = {"speed": 8, "endpointing": 0.3, **options}
    return gn.start(sound, server=server, **settings).result(30)


def test_the_trace_and_the_record_tell_the_same(server: LocalServer, sound: Path) -> None:
    run = session(server, sound)
    assert run.text == TEXT
    trace = trace_of(server, run.session_id or "")
    assert trace["clock"] == "perf_counter_ns"
    received = run.record.of("message")
    assert [item["text"] for item in trace["sent"]] == [event["raw"] for event in received]
    for item, event in zip(trace["sent"], received, strict=True):
        assert item["before_ns"] <= item["after_ns"]
        assert item["before_ns"] < event["recv_ns"]
    chunks = run.record.of("chunk")
    assert [item["byte_range"] for item in trace["received"]] == [
        [chunk["start_byte"], chunk["end_byte"]] for chunk in chunks
    ]
    for item, chunk in zip(trace["received"], chunks, strict=True):
        assert item["length"] == chunk["end_byte"] - chunk["start_byte"]
        assert item["ns"] > chunk["send_start_ns"]
    (opened, closed) = trace["connections"]
    assert (opened["event"], closed["event"], closed["code"]) == ("open", "close", 1000)
    assert opened["ns"] < trace["received"][0]["ns"]


def test_nothing_leaves_before_it_is_due(server: LocalServer, sound: Path) -> None:
    script = {"words": WORDS, "delay": {"uniform": [0.02, 0.2]}, "seed": 3}
    assert ask(server, "/_control/script", script) == (200, b'{"waiting": 1}')
    run = session(server, sound, speed=1, chunk_ms=50)
    trace = trace_of(server, run.session_id or "")
    scripted = [item for item in trace["sent"] if "due_ns" in item]
    assert len(scripted) == 2 * 3 + 7
    covered = {item["byte_range"][1]: item["ns"] for item in trace["received"]}
    for item in scripted:
        assert item["before_ns"] >= item["due_ns"] >= item["received_ns"] + 0.02e9
        first = -(-round(item["position_s"] * RATE * 2) // 1600) * 1600
        assert item["received_ns"] == covered[first]
    shown = [item for item in scripted if item["type"] == "transcript"]
    assert shown[0]["words"] == [{"word": "one", "start_s": 0.2, "end_s": 0.35}]
    assert (shown[0]["id"], shown[0]["is_final"], shown[0]["channel"]) == ("00_00000000", False, 0)
    assert "due_ns" not in next(item for item in trace["sent"] if item["type"] == "audio_chunk")


def test_a_script_for_the_next_session_only(server: LocalServer, sound: Path) -> None:
    for text in ("first", "second"):
        ask(server, "/_control/script", {"words": words((text, 0.2, 0.5))})
    texts = [session(server, sound).text for _ in range(3)]
    assert texts == ["first", "second", TEXT]


def test_channels_and_add_ons(server: LocalServer, sound: Path) -> None:
    script = {
        "utterances": [
            {
                "words": words(("hello", 0.2, 0.5)),
                "translations": {"fr": "bonjour"},
                "entities": [
                    {"entity_type": "GREETING", "text": "hello", "start": 0.2, "end": 0.5}
                ],
            },
            {"channel": 1, "words": words(("goodbye", 0.3, 0.6))},
        ],
        "language": "en",
    }
    ask(server, "/_control/script", script)
    run = session(
        server,
        sound,
        channels=2,
        realtime_processing={
            "translation": True,
            "translation_config": {"target_languages": ["fr"]},
            "named_entity_recognition": True,
        },
    )
    assert sorted(run.utterances["channel"].tolist()) == [0, 1]
    messages = [json.loads(event["raw"]) for event in run.record.of("message")]
    (translation,) = [message for message in messages if message["type"] == "translation"]
    assert translation["data"]["utterance_id"] == "00_00000000"
    assert translation["data"]["translated_utterance"]["text"] == " bonjour"
    (entities,) = [m for m in messages if m["type"] == "named_entity_recognition"]
    assert entities["data"]["results"][0]["entity_type"] == "GREETING"
    result = json.loads(run.record.of("result")[0]["raw"])["result"]
    assert result["translation"]["results"][0]["full_transcript"] == "bonjour"


def test_a_silent_script(sound: Path) -> None:
    with LocalServer(engine="scripted") as server:
        run = session(server, sound)
    assert run.outcome == "finished"
    assert run.text == ""
    assert not {"transcript", "speech_start", "speech_end"} & set(run.messages["type"])


def test_a_script_on_a_server_that_recognises(local_server: LocalServer, sound: Path) -> None:
    ask(local_server, "/_control/script", SCRIPT)
    assert session(local_server, sound).text == TEXT
