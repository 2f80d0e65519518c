import pytest

from gladia_nb.course.worlds import _MAKERS, make_world
from gladia_nb.errors import ConfigError
from gladia_nb.server.settings.faults import Fault
from gladia_nb.server.settings.script import Script
from gladia_nb.studies.corpora.readers import corpus


@pytest.mark.parametrize("lesson", _MAKERS)
def test_every_number_makes_a_world_that_can_be_served(lesson):
    for seed in range(5):
        world = make_world(lesson, seed)
        script = Script.load(world.script)
        assert [word.text for word in script.words[0]] == [word["word"] for word in world.words]
        assert world.words[-1]["end_s"] < world.audio.duration_s
        assert len(world.pcm) == len(world.audio.samples) * 2
        for fault in world.faults:
            Fault.parse(fault)


@pytest.mark.parametrize("lesson", _MAKERS)
def test_a_world_is_the_same_again(lesson):
    one, other = make_world(lesson, 3), make_world(lesson, 3)
    assert one.pcm == other.pcm
    assert one.script == other.script
    assert dict(one.facts) == dict(other.facts)
    if one.table is not None:
        assert one.table.equals(other.table)


@pytest.mark.parametrize("lesson", [0, 10, "1", None])
def test_a_lesson_that_is_none_is_told(lesson):
    with pytest.raises(ConfigError, match="has no world"):
        make_world(lesson, 1)


def test_the_line_breaks_amid_the_sound():
    for seed in range(50):
        world = make_world(6, seed)
        assert 0.25 * len(world.pcm) < world.facts["at_byte"] < 0.75 * len(world.pcm)
        # Off the boundaries of the client's chunks, where nothing would be lost by chance.
        assert world.facts["at_byte"] % 2 == 0
        assert world.facts["at_byte"] % 3200 != 0


def test_my_word_is_spoken_once():
    for seed in range(50):
        world = make_world(3, seed)
        assert [w["word"] for w in world.words].count(world.facts["word"]) == 1


def test_some_words_never_came_and_some_came_before_they_were_spoken():
    for seed in range(50):
        waits = make_world(4, seed).table.eval("shown_s - spoken_s")
        assert 9 <= waits.isna().sum() <= 15
        assert (waits < 0).any()
        assert waits.median() > 0


def test_services_of_the_study_differ_for_some_and_not_for_all():
    extras = {make_world(7, seed).facts["extra_ms"] for seed in range(30)}
    assert extras == {0, 40, 80}


def test_readings_are_recordings_with_words(tmp_path):
    world = make_world(7, 1)
    items = corpus(world.write_readings(tmp_path / "readings", 3))
    assert [item.granularity for item in items] == ["word"] * 3
    assert len({item.sha256 for item in items}) == 3
    assert items[0].reference.text.split() == [word["word"] for word in world.words]
