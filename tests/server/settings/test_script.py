"""Scripts: what is one, what is none, and how its delays are drawn."""

from __future__ import annotations

import random
import statistics
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gladia_nb as gn
from gladia_nb.errors import ServerError
from gladia_nb.server import LocalServer
from gladia_nb.server.engines.plan import Planner
from gladia_nb.server.settings.script import Delay, Notes, Script, ScriptWord

_WORD = {"word": "a", "start_s": 0, "end_s": 1}


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
        ({"seed": "x"}, "seed must be a whole number or null"),
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
    with pytest.raises(
        ServerError, match="There is no engine 'magic'; there are recogniser, scripted, sherpa"
    ):
        LocalServer(engine="magic").start()


def test_utterances_by_hand() -> None:
    spoken = {"word": " good ", "start_s": 0.5, "end_s": 1, "revisions": ["god"], "delay_s": 0.2}
    script = Script.from_dict(
        {
            "utterances": [
                {
                    "channel": 1,
                    "words": [spoken, {"word": "day", "start_s": 1, "end_s": 2, "confidence": 0.5}],
                    "revisions": ["could say"],
                    "translations": {"fr": "bonjour"},
                    "entities": [],
                }
            ],
            "words": [{"word": "later", "start_s": 3, "end_s": 4, "channel": 1}],
            "delay": 0.1,
            "final_delay": {"uniform": [0, 1]},
            "language": "fr",
        }
    )
    notes = Notes(entities=(), translations={"fr": "bonjour"})
    assert script.words == {
        1: (
            ScriptWord("good", 0.5, 1, 0.9, 0.2, ("god",), ("could say",)),
            ScriptWord("day", 1, 2, 0.5, notes=notes),
            ScriptWord("later", 3, 4),
        )
    }
    assert script.delay == {
        "partial": Delay("constant", (0.1,)),
        "final": Delay("uniform", (0.0, 1.0)),
        "speech": Delay("constant", (0.1,)),
    }
    assert script.language == "fr"
    assert script.supplies == {"translation", "named_entity_recognition"}


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ({"delay": {"uniform": ["a", 1]}}, "delay must be a number from 0"),
        ({"delay": {"uniform": [0, None]}}, "delay must be a number from 0"),
        ({"delay": {"uniform": 1}}, "uniform of .*delay must be"),
        ({"delay": {"constant": True}}, "delay must be a number from 0"),
        ({"delay": {"uniform": [0, 1], "constant": 1}}, "delay must have one model"),
        ({"delay": float("nan")}, "delay must be a number from 0"),
        (
            {"words": [{"word": "a", "start_s": 0, "end_s": 1, "channel": 8}]},
            r"channel of words\[0\] must be a whole number from 0 to 7",
        ),
        (
            {"words": [{"word": "a", "start_s": 0, "end_s": 1, "revisions": "b"}]},
            r"revisions of words\[0\] must be a list of texts",
        ),
        (
            {"utterances": [{"words": [_WORD], "translations": ["fr"]}]},
            r"translations of utterances\[0\] must be a mapping of languages to texts",
        ),
        (
            {"utterances": [{"words": [_WORD], "translations": {"fr": 3}}]},
            r"translations of utterances\[0\] must be a mapping of languages to texts",
        ),
        (
            {"utterances": [{"words": [_WORD], "sentiments": {}}]},
            r"sentiments of utterances\[0\] must be a list of mappings",
        ),
    ],
)
def test_what_is_wrong_is_named(script: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Script.from_dict(script)


def test_a_file_that_nobody_can_read(tmp_path: Path) -> None:
    for content in (b"\xff\xfe", b"[" * 100_000, b"[]", b'{"words": 3}'):
        (tmp_path / "bad.json").write_bytes(content)
        with pytest.raises(ValueError, match="script"):
            Script.load(tmp_path / "bad.json")


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 3),
    st.floats(-1, 3) | st.just(float("nan")),
    st.text(max_size=3),
)
PLAIN = st.recursive(
    VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner)
)
DELAYS = PLAIN | st.dictionaries(
    st.sampled_from(["constant", "uniform", "lognormal", "schedule"]),
    PLAIN | st.lists(VALUES, max_size=3) | st.dictionaries(st.just("median"), VALUES),
    min_size=1,
)
FOREIGN_WORDS = st.lists(
    st.fixed_dictionaries(
        {"word": st.just("a") | PLAIN, "start_s": VALUES, "end_s": VALUES},
        optional={"channel": VALUES, "revisions": PLAIN, "delay_s": VALUES, "confidence": VALUES},
    )
    | PLAIN,
    max_size=3,
)
UTTERANCES = st.lists(
    st.fixed_dictionaries(
        {"words": FOREIGN_WORDS},
        optional={
            "channel": VALUES,
            "revisions": PLAIN,
            "translations": PLAIN | st.dictionaries(st.just("fr"), VALUES),
            "entities": PLAIN,
            "sentiments": PLAIN,
        },
    )
    | PLAIN,
    max_size=2,
)
SCRIPTS = st.fixed_dictionaries(
    {},
    optional={
        "words": FOREIGN_WORDS,
        "utterances": UTTERANCES,
        "delay": DELAYS,
        "final_delay": DELAYS,
        "partial_every_s": st.sampled_from([None, 0.1, 1, 0, -1, "x", True]),
        "real_time_factor": VALUES,
        "seed": VALUES,
        "language": PLAIN,
    },
)


@given(SCRIPTS | PLAIN)
def test_whatever_passes_the_check_can_be_planned(data: Any) -> None:
    try:
        script = Script.from_dict(data)
    except ValueError:
        return
    for channel, spoken in script.words.items():
        options: dict[str, Any] = {"endpointing": 0.3, "longest": 5.0, "languages": ("fr",)}
        plan = Planner(script, channel, **options).events()
        assert plan
        assert all(item.delay >= 0 for item in plan)
        assert list(spoken) == sorted(spoken, key=lambda word: (word.start, word.end))


@given(st.floats(0, 5), st.floats(0, 5), st.integers(0, 100), st.integers(0, 9))
def test_delays_stay_within_their_model(one: float, two: float, seed: int, number: int) -> None:
    least, most = sorted((one, two))
    rng = random.Random(seed)
    assert least <= Delay.parse({"uniform": [least, most]}, "d").draw(rng, number) <= most
    assert Delay.parse({"constant": one}, "d").draw(rng, number) == one
    assert Delay.parse({"schedule": [one, two]}, "d").draw(rng, number) == (one, two)[number % 2]
    spiked = Delay.parse({"lognormal": {"median": 1, "sigma": 0, "spike_probability": 1}}, "d")
    assert spiked.draw(rng, number) == 1
    likewise = {"lognormal": {"median": one, "sigma": 0, "spike_probability": 1, "spike_s": two}}
    assert Delay.parse(likewise, "d").draw(rng, number) == one + two
