import numpy as np
import pytest
import soundfile

from gladia_nb.errors import ConfigError
from gladia_nb.studies.corpora.collection import Corpus
from gladia_nb.studies.given import items_of
from tests.support.studies import tones


def test_items_stay_what_they_are_and_paths_become_a_corpus(tmp_path):
    given = tones(2)
    assert list(items_of(iter(given))) == given
    soundfile.write(tmp_path / "a.wav", np.zeros(800), 16000)
    (tmp_path / "a.txt").write_text("hello")
    for paths in (tmp_path, str(tmp_path), [tmp_path / "a.wav"]):
        found = items_of(paths)
        assert isinstance(found, Corpus)
        assert [item.name for item in found] == ["a"]
    (tmp_path / "a.txt").unlink()
    with pytest.raises(ConfigError, match="no reference lies beside it"):
        items_of([tmp_path / "a.wav"])
