import numpy as np
import pytest
import soundfile

from gladia_nb.errors import ConfigError
from gladia_nb.studies.files import open_study, read_study

GOOD = """
folder = "kept"
items = ["a.wav", "b.wav"]
repeats = 2
plan = "paid"
price_per_hour = 0.5
[grid]
endpointing = [0.05, 0.3]
[arms.captions]
maximum_duration_without_endpointing = 10
[config]
language_config = {languages = ["en"]}
[options]
chunk_ms = 50
"""


@pytest.fixture
def folder(tmp_path):
    for number, name in enumerate("ab"):
        soundfile.write(tmp_path / f"{name}.wav", np.full(1600, 0.1 * number), 16000)
        (tmp_path / f"{name}.txt").write_text("nothing")
    return tmp_path


def test_everything_of_a_file_is_in_the_study(folder):
    (folder / "study.toml").write_text(GOOD)
    study = read_study(folder / "study.toml")
    assert study.path == folder / "kept"
    assert study.design.names == ("captions", "endpointing=0.05", "endpointing=0.3")
    assert study.design.repeats == 2
    assert {item.name for item in study.design.items} == {"a", "b"}
    for arm in study.design.arms:
        assert arm.options.chunk_ms == 50
        assert arm.config.language_config.languages == ("en",)
    assert study.plan().at_once == 30
    assert read_study(folder / "study.toml", repeats=3, budget_hours=None).design.repeats == 3
    assert open_study(folder / "study.toml").design.repeats == 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("items = [", "is not TOML"),
        ("[arms.a]", "names no items"),
        ("items = ['a.wav']", "needs arms"),
        ("items = ['a.wav']\nrepeat = 2", "repeat is not known; there are folder, items"),
        ("items = ['a.wav']\nrepeats = 'two'", "repeats cannot be 'two'"),
        ("items = ['a.wav']\nrepeats = true", "repeats cannot be True"),
        ("items = ['a.wav']\n[arms.a]\nendpointing = 99", "'a' cannot be run"),
        ("items = ['a.wav']\n[grid]\nendpointing = []", "no values"),
    ],
)
def test_bad_files(folder, content, sentence):
    (folder / "study.toml").write_text(content)
    with pytest.raises(ConfigError, match=sentence):
        read_study(folder / "study.toml")


def test_no_file_and_no_study(tmp_path):
    with pytest.raises(ConfigError, match="Cannot read"):
        read_study(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="There is no study in"):
        open_study(tmp_path)
