"""The part of a page in which a run is heard: what stands in it, once."""

import base64
import io
import json
import re

import numpy as np
import pytest
import soundfile

from gladia_nb.errors import ConfigError
from gladia_nb.reporting.hearing import hear_runs, sound_size
from tests.support.make_runs import make_run, utterance, words
from tests.support.tones import RATE, run_of_tones


def data_of(body):
    return [
        json.loads(text)
        for text in re.findall(r'<script type="application/json">(.*?)</script>', body)
    ]


def sounds_of(body):
    return re.findall(r'data-from="([\d.]+)" data-until="([\d.]+)">([^<]*)</script>', body)


def test_a_run_with_its_sound(tmp_path):
    run = run_of_tones(tmp_path)
    heard = hear_runs([run], ["one"], "flac")
    (found,) = data_of(heard.body)
    assert found["rate"] == RATE
    assert found["data"]["duration"] == 36.0
    place = re.search(r'data-sound="(.+?)"', heard.body)[1]
    assert f'id="{place}"' in heard.body
    pieces = sounds_of(heard.body)
    assert [(float(start), float(until)) for start, until, _ in pieces] == [(0, 30), (30, 36)]
    samples, _ = soundfile.read(io.BytesIO(base64.b64decode(pieces[1][2])))
    assert np.array_equal(samples, run.audio.samples[30 * RATE :, 0])
    size = sound_size([run, run])
    assert sum(len(data) for *_, data in pieces) < size < len(heard.body)
    assert heard.style.startswith("<style>")
    assert heard.script.startswith('<script type="module">')


def test_the_same_sound_is_there_once(tmp_path):
    run = run_of_tones(tmp_path)
    heard = hear_runs([run, run], ["a", "b"], "flac")
    assert len(data_of(heard.body)) == 2
    assert len(sounds_of(heard.body)) == 2
    assert heard.body.count("<details>") == 2


def test_without_sound_and_without_words(tmp_path):
    silent = run_of_tones(tmp_path, sound=False)
    for kind in (None, "flac"):
        heard = hear_runs([silent], ["a"], kind)
        assert sounds_of(heard.body) == []
    assert sound_size([silent]) == 0
    empty = hear_runs([make_run()], ["a"], "flac")
    assert (empty.body, empty.style, empty.script) == ("", "", "")


def test_foreign_text_ends_no_element():
    evil = "</script><script>alert(1)</script><!-- &"
    body = hear_runs([make_run(utterance([*words("a"), (evil, 1, 2)]))], ["x"], None).body
    assert body.count("<script") == body.count("</script>") == 1
    (found,) = data_of(body)
    assert found["data"]["words"]["text"] == ["a", evil]


def test_a_format_that_there_is_not(tmp_path):
    with pytest.raises(ConfigError, match="flac or opus"):
        hear_runs([run_of_tones(tmp_path)], ["a"], "mp3")
