"""Items come in under their names, or it is told why not."""

from gladia_nb.sessions.formats.base import Problem, Reference, Row
from gladia_nb.studies.corpora.gathering import Gathering
from gladia_nb.studies.corpora.sounds import ArraySound, FileSound
from tests.support.sounds import bursts, sound_file

TEXT = Reference((Row("hello", None, None),), "text", language="en")
WORDS = Reference((Row("hello", 0.5, 0.9, 1, "ann"),), "word")
PLACE = ("list", 3)


def test_what_the_reference_does_not_say(tmp_path):
    path = sound_file(tmp_path / "a.wav")
    into = Gathering()
    into.add("a", FileSound(path), TEXT, PLACE, speaker="ben", language="fr")
    item = into.items["a"]
    assert (item.speaker, item.language, item.path) == ("ben", "en", path)
    assert (item.start_s, item.end_s, into.problems) == (0.0, None, [])


def test_a_part_of_a_file_says_which(tmp_path):
    into = Gathering()
    into.add("a", FileSound(sound_file(tmp_path / "a.wav"), 2000, 6000), TEXT, PLACE)
    assert (into.items["a"].start_s, into.items["a"].end_s) == (0.25, 0.75)


def test_of_one_channel_all_is_heard_on_it():
    into = Gathering()
    into.add("a", ArraySound(bursts([], 1.0)), WORDS, PLACE)
    (row,) = into.items["a"].reference.rows
    assert (row.channel, into.items["a"].speaker) == (0, "ann")


def test_what_cannot_be_an_item_is_told(tmp_path):
    into = Gathering()
    sound = ArraySound(bursts([], 0.6))
    into.add("a", sound, TEXT, PLACE)
    into.add("a", sound, TEXT, PLACE)
    into.add("b", FileSound(tmp_path / "none.wav"), TEXT, PLACE)
    into.add("c", sound, WORDS, PLACE)
    (tmp_path / "d.wav").write_text("hello")
    into.add("d", FileSound(tmp_path / "d.wav"), WORDS, PLACE)
    assert list(into.items) == ["a"]
    starts = ["there is an item 'a' already", "there is no sound file", "Word 1 of the reference"]
    assert [problem[:2] for problem in into.problems] == [PLACE] * 4
    for problem, start in zip(into.problems, [*starts, str(tmp_path / "d.wav")], strict=True):
        assert problem.sentence.startswith(start)
    assert "is it the reference of this audio?" in into.problems[2].sentence
    assert isinstance(into.problems[0], Problem)
