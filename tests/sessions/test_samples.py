import pytest

from gladia_nb.errors import AudioError
from gladia_nb.sessions.samples import sample


@pytest.mark.parametrize("name", ["conversation", "call", "monologue"])
def test_recordings_and_their_words_are_there(name):
    assert sample(name).is_file()
    assert sample(name).with_suffix(".words.json").is_file()


@pytest.mark.parametrize("name", ["opera", "../README", "conversation.words"])
def test_others_are_not(name):
    with pytest.raises(AudioError, match="there are conversation, call, monologue"):
        sample(name)
