"""Where speech is, to the sample, on sounds whose truth is known."""

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from gladia_nb.audio import Audio, audio_from_array, read_audio
from gladia_nb.errors import AudioError, ConfigError
from gladia_nb.metrics import SPEECH, latency, speech_spans
from gladia_nb.metrics.vad import speech_of
from gladia_nb.sessions.samples import sample
from tests.support.make_runs import make_run, reference, utterance, words

RATE = 16000
#: Alternating samples: each of them has full power.
SQUARE = np.where(np.arange(60 * RATE) % 2, 1.0, -1.0)


def sound(*spans, seconds=4.0, level=0.5, noise=0.0, rate=RATE):
    """Square waves in silence, or in noise, between samples."""
    samples = np.random.default_rng(1).normal(0, 1, round(seconds * rate)) * noise
    for start, end in spans:
        samples[start:end] += level * SQUARE[: end - start]
    return audio_from_array(samples, rate)


def found(audio, **options):
    table = speech_spans(audio, **options)
    return list(zip(table["start_frame"].tolist(), table["end_frame"].tolist(), strict=True))


@settings(max_examples=60)
@given(st.integers(0, 20000), st.integers(2700, 16000), st.sampled_from([8000, 16000, 44100]))
def test_spans_are_exact_in_silence(start, length, rate):
    audio = sound((start, start + length), rate=rate, seconds=6.0)
    assert found(audio) == [(start, start + length)]


def test_quiet_and_loud_noise_moves_the_floor():
    for noise in (0.0005, 0.005, 0.05):
        audio = sound((16000, 32000), noise=noise)
        ((start, end),) = found(audio)
        assert abs(start - 16000) <= 320
        assert abs(end - 32000) <= 320
    assert found(sound(noise=0.05)) == []
    assert found(sound()) == []


def test_the_floor_follows_the_noise():
    quiet, loud = sound((16000, 32000)), sound((64000, 80000), noise=0.05, seconds=8.0)
    both = np.concatenate([quiet.samples[:, 0], loud.samples[:, 0]])
    spans = found(audio_from_array(both, RATE))
    assert spans[0] == (16000, 32000)
    # Where the noise begins it is sound, until it has become the floor.
    start, end = spans[-1]
    assert abs(start - 128000) <= 320
    assert abs(end - 144000) <= 320


@pytest.mark.parametrize(("pause", "spans"), [(3199, 1), (3200, 2)])
def test_pauses_are_counted_in_samples(pause, spans):
    audio = sound((8000, 16000), (16000 + pause, 30000))
    assert len(found(audio, min_silence_s=0.2)) == spans


@pytest.mark.parametrize(("length", "spans"), [(959, 0), (960, 1)])
def test_short_sounds_are_counted_in_samples(length, spans):
    assert len(found(sound((8000, 8000 + length)), min_speech_s=0.06)) == spans


def test_hysteresis_keeps_speech_up():
    # 7 dB above the floor of -60 dB: not enough to begin, enough to go on.
    weak = 10 ** (-53 / 20)
    alone = np.zeros(4 * RATE)
    alone[32000:40000] = weak * SQUARE[:8000]
    assert found(audio_from_array(alone, RATE)) == []
    behind = alone.copy()
    behind[24000:32000] = 0.5 * SQUARE[:8000]
    assert found(audio_from_array(behind, RATE)) == [(24000, 40000)]


def test_channels_are_apart_and_the_schema_is_the_same():
    left, right = sound((8000, 16000)), sound((24000, 32000))
    both = Audio(np.column_stack([left.samples[:, 0], right.samples[:, 0]]), RATE)
    table = speech_spans(both)
    assert table["channel"].tolist() == [0, 1]
    assert table["start_s"].tolist() == [0.5, 1.5]
    assert table["end_s"].tolist() == [1.0, 2.0]
    for made in (table, speech_spans(sound())):
        assert {name: str(dtype) for name, dtype in made.dtypes.items()} == dict(SPEECH)


def test_the_same_samples_give_the_same_spans():
    audio = read_audio(sample("conversation"))
    assert speech_spans(audio).equals(speech_spans(audio))


def test_a_recording_is_spoken_where_its_words_are():
    from gladia_nb.sessions.reference import find_reference

    known = find_reference(sample("conversation")).records
    table = speech_spans(read_audio(sample("conversation")))
    for word in known:
        middle = (word["start_s"] + word["end_s"]) / 2
        assert ((table["start_s"] <= middle) & (middle <= table["end_s"])).any(), word


@pytest.mark.parametrize(
    "options",
    [{"on_db": 3.0}, {"off_db": 0.0}, {"on_db": float("nan")}, {"min_speech_s": -1.0}],
)
def test_contradictions_are_refused(options):
    with pytest.raises(ConfigError, match="speech_spans"):
        speech_spans(sound(), **options)


# -- as an anchor --

SAID = words("one two three", 0.5)  # 0.5 to 1.6


def spoken(*spans, **options):
    return sound(*((round(a * RATE), round(b * RATE)) for a, b in spans), **options)


def of(run, name, audio):
    rows = latency(run, anchor="vad", audio=audio)
    return rows[rows["name"] == name]["latency_ms"].tolist()


def test_utterances_are_anchored_by_speech():
    run = make_run(utterance(SAID, partial_s=0.2, final_s=0.5), reference=reference(SAID))
    audio = spoken((0.45, 1.65))
    assert of(run, "speech_start -> first_partial @capture", audio) == pytest.approx([550])
    assert of(run, "speech_end -> final @capture", audio) == pytest.approx([450])
    assert of(run, "speech_end -> end_of_speech_detected @capture", audio) == pytest.approx([250])
    rows = latency(run, anchor="vad", audio=audio)
    assert set(rows["anchor"]) == {"vad"}
    assert set(rows["unit"]) == {"utterance"}
    everything = latency(run, audio=speech_spans(audio))
    assert set(everything["anchor"]) == {"reference", "service", "vad", "stopwatch"}


def test_a_path_of_the_audio(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, spoken((0.45, 1.65)).samples, RATE, subtype="PCM_16")
    run = make_run(utterance(SAID))
    assert of(run, "speech_end -> final @capture", path) == pytest.approx([450])
    with pytest.raises(AudioError, match="no file"):
        latency(run, audio=tmp_path / "b.wav")


def test_speech_that_goes_on_does_not_end_with_a_cut():
    first, second = words("one two", 0.5), words("three four", 1.3)
    arrivals = [
        *utterance(first, "00_0", speech_end_s=None),
        *utterance(second, "00_1"),
    ]
    run = make_run(arrivals)
    rows = latency(run, anchor="vad", audio=spoken((0.5, 2.0)))
    ends = rows[rows["name"] == "speech_end -> final @capture"]
    assert ends[["utterance_id", "anchor_s"]].to_numpy().tolist() == [["00_1", 2.0]]
    starts = rows[rows["name"] == "speech_start -> first_partial @capture"]
    assert starts[["utterance_id", "anchor_s"]].to_numpy().tolist() == [["00_0", 0.5]]


def test_what_was_not_heard_anchors_nothing():
    run = make_run(utterance(SAID))
    assert not len(latency(run, anchor="vad", audio=spoken((3.0, 3.5))))
    assert not len(latency(run, anchor="vad", audio=sound()))


@pytest.mark.parametrize(
    ("audio", "sentence"),
    [
        (sound(rate=8000), "has 8000 Hz, and the run sent 16000 Hz"),
        (audio_from_array(np.zeros((64000, 2)), RATE), "has 2 channels, and the run sent 1"),
        (sound(seconds=3.0), "is 3.00 s long, and the audio of the run 4.00 s"),
        (speech_spans(sound((79000, 90000), seconds=7)), "end at 5.62 s, and the audio of the run"),
        (speech_spans(sound((0, 9000))).assign(channel=1), "have a channel 1, and the run has 1"),
        (speech_spans(sound()).drop(columns="end_s"), "end_s is missing"),
    ],
)
def test_other_audio_is_refused(audio, sentence):
    with pytest.raises(ConfigError, match=sentence):
        latency(make_run(utterance(SAID)), anchor="vad", audio=audio)


def test_a_tail_of_silence_need_not_be_in_the_file():
    run = make_run(utterance(SAID), duration_s=5.0)
    run.record.header["options"]["tail_s"] = 1.0
    assert len(speech_of(run, spoken((0.45, 1.65)))) == 1


def test_anchors_that_cannot_be():
    run = make_run(utterance(SAID))
    with pytest.raises(ConfigError, match="no anchor 'ear'; there are reference, service, vad"):
        latency(run, anchor="ear")
    with pytest.raises(ConfigError, match="No sound was kept with this run"):
        latency(run, anchor="vad")
