"""The plan of a scripted engine: what it will say of a channel, and after how much audio."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.server.engines.base import AddOn, Speech, Transcript
from gladia_nb.server.engines.plan import Planned, Planner
from gladia_nb.server.settings.script import Script
from tests.support.scripted_helpers import WORDS, words


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


def test_a_seed_repeats_and_another_does_not() -> None:
    def delays(seed: int | None, channel: int = 0) -> list[float]:
        spoken = [{**word, "channel": channel} for word in WORDS]
        data = {"words": spoken, "delay": {"uniform": [0, 1]}, "seed": seed}
        plan = Planner(Script.from_dict(data), channel, endpointing=0.3, longest=5)
        return [item.delay for item in plan.events()]

    assert delays(1) == delays(1)
    assert delays(1) != delays(2)
    assert delays(1) != delays(1, channel=1)
    assert delays(None) != delays(None)  # drawn anew


def test_a_delay_for_each_kind_and_each_word() -> None:
    spoken = words(("a", 0, 0.2), ("b", 0.3, 0.5))
    spoken[1]["delay_s"] = 0.7
    script = {"words": spoken, "delay": 0.1, "final_delay": 0.4, "speech_delay": 0.05}
    plan = planner(script).events()
    assert [item.delay for item in plan] == [0.05, 0.1, 0.7, 0.05, 0.4]


# -- laws ----------------------------------------------------------------------------------------


@st.composite
def scripts(draw: st.DrawFn) -> dict[str, Any]:
    """Words that do not overlap, with pauses, revisions and delays of all sorts."""
    spoken, at = [], 0
    for number in range(draw(st.integers(0, 12))):
        at += draw(st.sampled_from([0, 5, 29, 30, 31, 200]))
        length = draw(st.integers(5, 150))
        word = {"word": f"w{number}", "start_s": at / 100, "end_s": (at + length) / 100}
        if draw(st.booleans()):
            word["revisions"] = ["x", "y"]
        spoken.append(word)
        at += length
    script: dict[str, Any] = {"words": spoken, "delay": {"uniform": [0, 1]}}
    if draw(st.booleans()):
        script["partial_every_s"] = draw(st.sampled_from([0.1, 0.3, 2.0]))
    return script


def finals(planned: list[Planned]) -> list[Transcript]:
    events = [item.event for item in planned]
    return [event for event in events if isinstance(event, Transcript) and event.is_final]


def texts(transcripts: list[Transcript]) -> list[str]:
    return [word.text for event in transcripts for word in event.words]


@given(scripts(), st.sampled_from([0.05, 0.3, 2.0]), st.booleans())
def test_every_word_is_in_one_final_and_all_is_in_order(
    script: dict[str, Any], endpointing: float, end_first: bool
) -> None:
    plan = planner(script, endpointing=endpointing, end_first=end_first).events()
    assert [item.position for item in plan] == sorted(item.position for item in plan)
    assert texts(finals(plan)) == [word["word"] for word in script["words"]]
    assert [event.utterance for event in finals(plan)] == list(range(len(finals(plan))))
    speech = [item.event.began for item in plan if isinstance(item.event, Speech)]
    assert speech == [True, False] * (len(speech) // 2)
    for item in plan:
        if isinstance(item.event, Transcript):
            assert max(word.end for word in item.event.words) <= item.position + 1e-6


@given(scripts())
def test_a_partial_shows_what_was_spoken_and_is_news(script: dict[str, Any]) -> None:
    plan = planner(script).events()
    shown = [item.event for item in plan if isinstance(item.event, Transcript)]
    for before, event in pairwise(shown):
        if event.is_final or before.is_final:
            continue
        assert event.utterance == before.utterance
        assert [word.text for word in event.words] != [word.text for word in before.words]
        assert len(event.words) >= len(before.words)
    last = {event.utterance: event for event in shown if event.is_final}
    for event in shown:
        times = [(word.start, word.end) for word in event.words]
        whole = [(word.start, word.end) for word in last[event.utterance].words]
        assert times == whole[: len(times)]


@given(scripts(), st.integers(0, 2000))
def test_a_stop_makes_final_what_was_spoken_by_then(script: dict[str, Any], cut: int) -> None:
    position = cut / 100
    plan = planner(script)
    said = [item for item in plan.events() if item.position <= position + 1e-9]
    rest = plan.rest(position)
    wanted = [word["word"] for word in script["words"] if word["end_s"] <= position]
    assert texts(finals([*said, *rest])) == wanted
    speech = [item.event.began for item in [*said, *rest] if isinstance(item.event, Speech)]
    assert speech == [True, False] * (len(speech) // 2), "what began has ended"
    assert all(item.position == position for item in rest)
