"""One recording of a corpus."""

import dataclasses

import numpy as np
import pytest

from gladia_nb.audio import Audio
from gladia_nb.sessions.formats.base import Reference, Row
from gladia_nb.studies.corpora.items import Item
from gladia_nb.studies.corpora.sounds import ArraySound, digest

AUDIO = Audio(np.full((4000, 2), 0.25), 8000, "elsewhere")
ITEM = Item("talk", ArraySound(AUDIO), Reference((Row("good evening", 0.1, 0.4),), "segment"))


def test_what_it_says_of_itself():
    assert (ITEM.duration_s, ITEM.sample_rate, ITEM.channels) == (0.5, 8000, 2)
    assert ITEM.granularity == "segment"
    assert ITEM.sha256 == digest(AUDIO)
    assert repr(ITEM) == "Item('talk', segment, 2 words)"


def test_its_sound_has_its_name():
    assert ITEM.audio().name == "talk"
    assert ITEM.audio().samples.tolist() == AUDIO.samples.tolist()


def test_the_digest_does_not_depend_on_the_name():
    assert dataclasses.replace(ITEM, name="other").sha256 == ITEM.sha256


def test_it_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        ITEM.name = "other"
