"""A first contact, with embedded servers in the place of the service: alike, and not alike."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import gladia_nb as gn
from gladia_nb.server.settings.script import Script
from gladia_nb.sessions.first_contact import CONFIG, Contact, contact_plan, make_contact, script_of
from tests.support.make_runs import make_run, message, transcript, words

SPOKEN = json.loads(gn.sample("call").with_suffix(".words.json").read_text())["words"]
SCRIPT = {"words": [word for word in SPOKEN if word["end_s"] < 15], "delay": 0.05}


def contact(out: Path, **options: object) -> Contact:
    with gn.LocalServer(engine="scripted", script=SCRIPT, **options) as service:
        return make_contact(out, url=service.url, key=service.key, speed=8)


def points(found: Contact) -> set[tuple[str, str, str]]:
    rows = found.differences[["aspect", "message", "what"]]
    return set(rows.itertuples(index=False, name=None))


def test_a_service_that_is_as_the_embedded_server(tmp_path):
    found = contact(tmp_path / "out")
    assert [check for check in found.checks if not check.is_as_expected] == []
    assert points(found) == set()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "contact.html",
        "contact.run",
    ]
    kept = found.cassette.read_text() + found.page.read_text()
    for word in ("morning", "problem", "phone", "happen", "made_by"):
        assert word not in kept
    run = gn.load(found.cassette)
    assert run.outcome == "finished"
    # It is a cassette: who asks for the same hears the same.
    with gn.LocalServer(replay=found.cassette) as server:
        sound = gn.read_audio(gn.sample("call"))
        part = sound.samples[: round(15.3 * sound.sample_rate)], sound.sample_rate
        again = gn.transcribe(part, CONFIG, server=server, speed=20, tail_s=1, progress=False)
    assert again.text == run.text


def test_deliberate_differences_are_found(tmp_path):
    found = contact(
        tmp_path,
        hyphen_ids=True,
        inclusive_acks=True,
        short_utterance_ids=False,
        start_session_on_socket=True,
        speech_end_first=False,
        faults=["unknown_type", "unknown_fields:type=speech_start", "null_data:type=speech_end"],
    )
    assert points(found) >= {
        ("type", "novelty", "came"),
        ("type", "start_session", "came"),
        ("field", "speech_start", "novelty"),
        ("value", "speech_end", "data"),
        ("id", "transcript", "data.id"),
        ("order", "(all)", "first of all"),
        ("order", "transcript", "behind final on a channel"),
        ("acknowledgement", "audio_chunk", "each begins"),
        ("acknowledgement", "audio_chunk", "the last ends"),
    }
    odd = {check.name: check.seen for check in found.checks if not check.is_as_expected}
    assert odd["No other type comes"] == "novelty, start_session"
    assert "All audio is acknowledged" in odd
    page = found.page.read_text()
    assert "99-99999999" in page
    assert "differs</td>" in page


def test_a_session_that_fails_is_kept(tmp_path):
    with gn.LocalServer(engine="scripted", script=SCRIPT) as service:
        faults = ["close:code=4429,at_byte=20000"]
        url, key = service.url, service.key
        with pytest.raises(gn.AuthenticationError):
            make_contact(tmp_path, url=url, key="another-key-of-mine", speed=20)
    assert list(tmp_path.iterdir()) == [], "of no session there is nothing to keep"
    with (
        gn.LocalServer(engine="scripted", script=SCRIPT, faults=faults) as service,
        pytest.raises(gn.SessionError) as caught,
    ):
        make_contact(tmp_path, url=service.url, key=service.key, speed=20)
    assert caught.value.run.path.exists()
    assert key not in "".join(path.read_text() for path in tmp_path.iterdir())


def test_what_it_costs_is_said():
    told = " ".join(contact_plan())
    assert "33 s of audio: 16.3 s on 2 channels, under one minute" in told
    assert CONFIG.channels == 2


def test_a_script_of_what_was_heard():
    spoken = words("bonjour tout")
    about = {"utterance_id": "0", "utterance": {"channel": 0, "start": spoken[0][1]}}
    translated = {**about, "target_language": "en", "translated_utterance": {"text": " hello all"}}
    run = make_run(
        [
            transcript(2.0, spoken, final=True),
            message(2.1, "translation", translated, error=None),
            message(2.2, "named_entity_recognition", {**about, "results": [{"text": "x"}, 5]}),
            message(2.3, "translation", None, error={"message": "no"}),
        ]
    )
    script = script_of(run)
    (utterance,) = script["utterances"]
    assert [word["word"] for word in utterance["words"]] == ["bonjour", "tout"]
    assert utterance["translations"] == {"en": "hello all"}
    assert utterance["entities"] == [{"text": "x"}]
    assert Script.from_dict(script).supplies == {"translation", "named_entity_recognition"}


def test_a_script_of_a_service_that_heard_nothing():
    reference = [{"word": "yes", "start_s": 0.1, "end_s": 0.2, "channel": 0}]
    assert script_of(make_run(reference=reference))["words"] == reference
    assert script_of(make_run())["words"] == []
    nonsense = transcript(1.0, [("x", 0.5, 0.1), (" ", 0.1, 0.2)], final=True)
    assert script_of(make_run([nonsense]))["words"] == []
