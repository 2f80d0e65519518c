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
from gladia_nb.sessions.reference import find_reference


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


@pytest.mark.parametrize("typed", ["{} ", '"{}"', " '{}'\n"])
def test_a_path_as_a_file_manager_copies_it(setup, tmp_path, typed):
    wav(tmp_path)
    setup.choose("file", typed.format(tmp_path / "made.wav"))
    assert setup.audio is not None
    assert setup.view()["path"] == str(tmp_path / "made.wav")


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


def test_an_upload_that_is_no_sound_leaves_the_one_before(setup):
    assert setup.upload("no tes.wav", 0, 1, b"these are words")
    sound = setup.view()["sound"]
    assert sound["problem"].endswith("conversation.flac is kept.")
    # By the name that it has where it came from, and not by where it lies here.
    assert "no tes.wav" in sound["problem"]
    assert "/" not in sound["problem"]
    assert (setup.choice, setup.audio.name) == ("sample:conversation", "conversation.flac")
    assert setup.missing() == ""
    setup.choose("upload")
    setup.upload("notes.wav", 0, 1, b"these are words")
    assert setup.audio is None
    assert setup.missing() == setup.view()["sound"]["problem"]
    setup.choose("sample:call")
    assert setup.view()["sound"]["problem"] == ""


def wav(tmp_path, seconds=1.0):
    path = tmp_path / "made.wav"
    soundfile.write(path, np.zeros(round(seconds * 8000)), 8000)
    return path.read_bytes()


def test_files_of_one_name_have_nothing_to_do_with_each_other(setup, tmp_path):
    words = json.dumps({"words": [{"word": "hello", "start_s": 0.1, "end_s": 0.9}]}).encode()
    setup.upload("short.wav", 0, 1, wav(tmp_path))
    setup.upload_reference("short.words.json", 0, 1, words)
    assert setup.view()["reference"]["size"] == "1 word"
    setup.forget_reference()
    for sound in (wav(tmp_path), wav(tmp_path, 0.5)):
        assert setup.view()["reference"] is None
        assert find_reference(setup.recipe().source, setup.recipe().reference) is None
        setup.upload("short.wav", 0, 1, sound)


def test_what_lies_beside_the_sound_is_shown_and_can_be_left_out(setup, tmp_path):
    beside = {"name": "conversation.words.json", "size": "131 words, beside the sound"}
    assert setup.view()["reference"] == beside
    assert setup.recipe().reference is None
    setup.forget_reference()
    assert setup.view()["reference"] is None
    assert setup.recipe().reference is False
    assert "reference=False" in setup.view()["code"]["Python"]
    setup.choose("sample:conversation")
    assert setup.view()["reference"] == beside
    # What is given goes before it, and leaves it when it is taken away.
    words = json.dumps({"words": [{"word": "hello", "start_s": 0.1, "end_s": 0.9}]}).encode()
    setup.upload_reference("mine.json", 0, 1, words)
    assert setup.view()["reference"] == {"name": "mine.json", "size": "1 word"}
    setup.forget_reference()
    assert setup.view()["reference"] == beside
    # One beside a sound that is none is said, and the sound is there.
    path = tmp_path / "made.wav"
    wav(tmp_path)
    path.with_suffix(".words.json").write_text("nonsense")
    setup.choose("file", str(path))
    assert "made.words.json" in setup.view()["sound"]["problem"]
    assert setup.audio is not None


def test_what_was_chosen_is_there_when_its_source_is_chosen_again(setup, tmp_path):
    words = json.dumps({"words": [{"word": "hello", "start_s": 0.1, "end_s": 0.9}]}).encode()
    setup.upload("short.wav", 0, 1, wav(tmp_path))
    setup.upload_reference("mine.json", 0, 1, words)
    uploaded = setup.recipe()
    setup.choose("sample:call")
    setup.forget_reference()
    setup.choose("upload")
    assert setup.recipe() == uploaded
    assert setup.view()["reference"] == {"name": "mine.json", "size": "1 word"}
    setup.choose("sample:call")
    assert setup.recipe().reference is False
    # Another sound has its own words, and one that is gone has none.
    setup.upload("other.wav", 0, 1, wav(tmp_path, 0.5))
    assert setup.view()["reference"] is None
    Path(setup.recipe().source).unlink()
    setup.choose("sample:call")
    setup.choose("upload")
    assert (setup.audio, setup.view()["reference"]) == (None, None)
    assert "other.wav" in setup.view()["sound"]["problem"]


def test_a_reference_that_cannot_be_of_the_sound_is_refused_at_once(setup):
    far = json.dumps({"words": [{"word": "far", "start_s": 500, "end_s": 501}]}).encode()
    with pytest.raises(ConfigError, match="is it the reference of this audio"):
        setup.upload_reference("far.words.json", 0, 1, far)
    assert setup.view()["reference"]["name"] == "conversation.words.json"


def test_code_names_an_upload_as_it_is_called_at_home(setup, tmp_path):
    words = json.dumps({"words": [{"word": "hello", "start_s": 0.1, "end_s": 0.9}]}).encode()
    setup.upload("a b.wav", 0, 1, wav(tmp_path))
    setup.upload_reference("a b.ctm", 0, 1, b"a 1 0.10 0.50 hello\n")
    setup.upload_reference("c d.words.json", 0, 1, words)
    code = setup.view()["code"]
    assert 'gn.transcribe("a b.wav", reference="c d.words.json"' in code["Python"]
    assert str(Path(setup.recipe().source).parent) not in json.dumps(code)


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
    assert setup.view()["reference"]["name"] == "call.words.json"
