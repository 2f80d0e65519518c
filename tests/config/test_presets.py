import pytest

from gladia_nb.config import PRESETS, SessionConfig
from gladia_nb.errors import ConfigError


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_valid_and_can_be_changed(name):
    config = SessionConfig.preset(name, endpointing=0.5)
    assert config.endpointing == 0.5
    assert (
        config.replace(messages_config={"receive_errors": False}).to_body()["messages_config"][
            "receive_errors"
        ]
        is False
    )


def test_an_unknown_preset_is_named():
    with pytest.raises(ConfigError, match="no preset 'podcast'; there are voice_agent, meeting"):
        SessionConfig.preset("podcast")
