"""Summaries made of quoted sentences."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.server.session.summary import summarise

TALK = [
    "good morning everyone",
    "the budget of the museum grows next year",
    "yes",
    "we want a new roof for the museum",
    "it is nice weather today",
    "the roof takes half of the budget",
    "okay",
    "i had an egg for breakfast",
    "so the museum needs another budget for the garden",
    "thank you all and goodbye",
]


def test_types() -> None:
    general = summarise(TALK)
    assert general == (
        "the budget of the museum grows next year. "
        "so the museum needs another budget for the garden."
    )
    bullets = summarise(TALK, "bullet_points")
    assert bullets == "\n".join(
        (
            "- the budget of the museum grows next year",
            "- so the museum needs another budget for the garden",
        )
    )
    assert summarise(TALK, "concise") in TALK
    assert "museum" in summarise(TALK, "concise")


def test_sentences_of_one_utterance_are_told_apart() -> None:
    text = "The boat sails at nine. Oh well. The boat is an old ferry!"
    assert summarise([text], "concise") == "The boat sails at nine."


def test_nothing_and_little() -> None:
    assert summarise([]) == summarise([" "], "bullet_points") == ""
    assert summarise(["okay"], "concise") == "okay"
    assert summarise(["okay", "yes"]) == "okay. yes."


@given(st.lists(st.text(max_size=40), max_size=20), st.sampled_from(["general", "concise"]))
def test_a_summary_is_a_part_of_what_was_said(texts: list[str], kind: str) -> None:
    words = [word for text in texts for word in text.split()]
    said = iter(words)
    for word in summarise(texts, kind).split():
        assert any(word in (other, f"{other}.") for other in said)  # in the same order
