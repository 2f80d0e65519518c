"""What the definitions say about turns and stability is what their modules hold."""

from gladia_nb.metrics import TURNS, stability_summary
from gladia_nb.metrics.defined_measures import MEASURES
from gladia_nb.metrics.turn_taking import LIVEKIT_WAITS_S, PIPECAT_WAITS_S
from tests.support.make_runs import rich_run

KNOWN = {definition.name: definition for definition in MEASURES}


def test_every_duration_of_a_turn_is_defined():
    turns = {name.removeprefix("turns: ") for name in KNOWN if name.startswith("turns: ")}
    assert turns == {name for name in TURNS if name.endswith("_ms")} | {"premature_finals"}


def test_the_waits_of_others_are_those_of_the_code():
    assert f"within {PIPECAT_WAITS_S} s" in KNOWN["turns: ttfs_ms"].meaning
    livekit = KNOWN["turns: end_of_utterance_delay_ms"]
    assert f"ends the turn: {LIVEKIT_WAITS_S} s later" in livekit.meaning
    assert livekit.value == LIVEKIT_WAITS_S * 1000


def test_units_of_stability_are_those_of_the_table():
    units = stability_summary(rich_run()).set_index("measure")["unit"].to_dict()
    named = {name: KNOWN[key].unit for name in units if (key := name.replace("_", " ")) in KNOWN}
    assert len(named) == 4
    assert named == {name: units[name] for name in named}
