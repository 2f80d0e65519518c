import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from gladia_nb.audio import Audio
from gladia_nb.config import PRESETS
from gladia_nb.errors import AudioError, ConfigError
from gladia_nb.lab.form import fields
from gladia_nb.lab.recipe import OPTIONS
from gladia_nb.lab.setup import CHOICES, Setup, form


@pytest.fixture
def setup():
    made = Setup("sample:conversation", {}, {}, microphone=True)
    yield made
    made.close()


def test_the_form_has_every_field_and_option_as_json():
    names = [item["name"] for item in json.loads(json.dumps(form()))]
    assert names == [item.name for item in (*fields(), *OPTIONS)]


def test_a_view_is_json_and_says_what_the_source_is(setup):
    view = json.loads(json.dumps(setup.view()))
    assert view["sound"]["sample_rate"] == 16000
    assert view["sound"]["channels"] == 1
    assert len(view["sound"]["peaks"]) == 600
    assert view["problems"] == {}
    assert view["changed"] == []
    assert setup.missing() == ""


@pytest.mark.parametrize("choice", [name for name, _ in CHOICES if name.startswith("sample")])
def test_every_sample_can_be_chosen(setup, choice):
    setup.choose(choice)
    assert setup.audio is not None
    assert setup.recipe().source == choice


def test_a_file_that_is_none_is_said_beside_it(setup, tmp_path):
    setup.choose("file", str(tmp_path / "none.wav"))
    assert "There is no file" in setup.view()["sound"]["problem"]
    assert setup.missing() == setup.view()["sound"]["problem"]
    with pytest.raises(AudioError, match="There is no file"):
        setup.sound()
    setup.choose("file", "")
    assert setup.missing()


def test_a_source_that_is_none(setup):
    with pytest.raises(ConfigError, match="no source 'tape'"):
        setup.choose("tape")
    without = Setup("sample:call", {}, {})
    with pytest.raises(ConfigError, match="no source 'take'"):
        without.choose("take")
    without.close()


def test_what_is_typed_is_kept_even_while_it_is_wrong(setup):
    setup.set("endpointing", "3O")
    assert setup.view()["values"]["endpointing"] == "3O"
    assert "endpointing" in setup.view()["problems"]
    assert setup.missing() == "One setting needs to be mended first."
    for text in setup.view()["code"].values():
        assert text.startswith("Not yet: endpointing must be between")
    setup.set("speed", "1000")
    assert setup.missing() == "2 settings need to be mended first."
    setup.reset("endpointing")
    setup.reset("speed")
    assert setup.missing() == ""
    assert setup.view()["changed"] == []


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_and_back(setup, preset):
    setup.preset(preset)
    assert setup.view()["preset"] == preset
    assert setup.view()["changed"]
    setup.set("endpointing", "0.7")
    assert setup.view()["preset"] == ""
    setup.preset("")
    assert setup.view()["changed"] == []


def test_presets_are_not_changed_by_what_is_typed(setup):
    before = json.dumps({name: dict(values) for name, values in PRESETS.items()})
    setup.preset("captions")
    setup.set("messages_config.receive_errors", False)
    assert json.dumps({name: dict(values) for name, values in PRESETS.items()}) == before


def test_names_that_are_none(setup):
    with pytest.raises(ConfigError, match="no preset 'opera'"):
        setup.preset("opera")
    with pytest.raises(ConfigError, match="tempo is not a field"):
        setup.set("tempo", "1")


def test_an_upload_in_pieces(setup, tmp_path):
    path = tmp_path / "a b.wav"
    soundfile.write(path, np.zeros(8000), 8000)
    data = path.read_bytes()
    half = len(data) // 2
    assert not setup.upload("../a b.wav", 0, 2, data[:half])
    assert setup.upload("../a b.wav", 1, 2, data[half:])
    assert setup.choice == "upload"
    assert setup.audio is not None
    kept = Path(setup.recipe().source)
    assert kept.read_bytes() == data
    assert kept.name == "a_b.wav"
    setup.close()
    assert not kept.exists()


def test_a_piece_that_was_lost(setup):
    setup.upload("x.wav", 0, 3, b"RIFF")
    with pytest.raises(AudioError, match=r"A piece of x\.wav was lost"):
        setup.upload("x.wav", 2, 3, b"")


def test_an_upload_that_is_no_sound_is_said(setup):
    setup.upload("notes.wav", 0, 1, b"these are words")
    assert setup.view()["sound"]["problem"]
    assert setup.audio is None


def test_a_take_is_kept_as_a_file(setup):
    take = Audio(np.full((1600, 1), 0.5), 16000, "microphone")
    path = setup.keep_take(take)
    assert path.exists()
    assert setup.choice == "take"
    assert setup.missing() == ""
    assert str(path) in setup.view()["code"]["Python"]


def test_a_network_and_the_sound_are_set_shown_and_reset(setup):
    setup.set("network", "mobile")
    setup.set("audio", False)
    view = setup.view()
    assert {"network", "audio"} <= set(view["changed"])
    assert 'network="mobile"' in view["code"]["Python"]
    assert "audio=False" in view["code"]["Python"]
    setup.set("network", '{"delay": 80, "jitter": 90}')
    view = json.loads(json.dumps(setup.view()))
    assert view["values"]["network"] == {"delay": 80, "jitter": 90}
    assert "must not be above delay_ms" in view["problems"]["network"]
    assert setup.missing() == "One setting needs to be mended first."
    setup.reset("network")
    setup.reset("audio")
    assert setup.view()["changed"] == []
    setup.set("network", "")
    assert setup.recipe().network is None


def test_a_network_and_a_session_of_the_browser_do_not_go_together(setup):
    setup.set("network", "wifi")
    setup.choose("stream")
    assert setup.missing() == ""
    setup.choose("direct")
    assert "past the proxy" in setup.missing()
    setup.reset("network")
    assert setup.missing() == ""


def test_what_is_sent_while_it_is_spoken_needs_no_sound_before(setup):
    setup.choose("stream")
    assert setup.missing() == ""
    setup.keep_take(Audio(np.full((1600, 1), 0.5), 16000, "microphone"))
    assert setup.choice == "stream"
    assert setup.view()["sound"]["duration_s"] == 0.1


def test_the_sound_to_listen_to(setup):
    assert setup.sound().startswith(b"RIFF")


def test_what_was_spoken_is_taken_and_goes_with_its_sound(setup, tmp_path):
    words = [{"word": "hello", "start_s": 0.1, "end_s": 0.4}]
    data = json.dumps({"words": words}).encode()
    assert not setup.upload_reference("mine.words.json", 0, 2, data[:10])
    assert setup.upload_reference("mine.words.json", 1, 2, data[10:])
    assert setup.view()["reference"] == {"name": "mine.words.json", "size": "1 word"}
    assert setup.recipe().reference.endswith("mine.words.json")
    assert "reference=" in setup.view()["code"]["Python"]
    with pytest.raises(ConfigError):
        setup.upload_reference("mine.ctm", 0, 1, b"no such thing")
    setup.choose("sample:call")
    assert setup.recipe().reference is None
    setup.upload_reference("mine.words.json", 0, 1, data)
    setup.forget_reference()
    assert setup.view()["reference"] is None
