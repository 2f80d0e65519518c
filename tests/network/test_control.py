import msgspec

from gladia_nb.network.control import Answer, Report, Way
from gladia_nb.network.link import Shape


def test_the_token_is_not_shown():
    assert "secret" not in repr(Way(1, "secret", Shape(seed=0)))


def test_a_report_is_read_as_an_answer():
    report = Report(up=[[1, 2, 3]])
    answer = msgspec.json.decode(msgspec.json.encode(report), type=Answer)
    assert (answer.up, answer.down, answer.port, answer.flushed) == ([[1, 2, 3]], [], None, False)
