"""Every latency of the table is defined, once, and in its order."""

from gladia_nb.metrics import field_name, latency
from gladia_nb.metrics.defined_latencies import LATENCIES
from tests.support.make_runs import rich_run


def test_every_latency_is_defined_in_the_order_of_the_table():
    names = dict.fromkeys(name.partition(" @")[0] for name in latency(rich_run())["name"])
    assert [definition.name for definition in LATENCIES] == list(names)


def test_no_two_latencies_have_one_name_in_the_field():
    names = [field_name(definition.name) for definition in LATENCIES]
    assert len(set(names)) == len(names)
    assert field_name("speech_end -> end_of_speech_detected @send").startswith("endpoint latency")


def test_what_the_field_names_has_a_source():
    assert all(definition.source for definition in LATENCIES if definition.field)
