"""STM with its oddities."""

from gladia_nb.sessions.formats.base import Row
from gladia_nb.sessions.formats.stm import read_stm


def test_segments_of_each_recording(tmp_path):
    path = tmp_path / "a.stm"
    path.write_bytes(
        b'\xef\xbb\xbf;; CATEGORY "0" "" ""\r\n'
        b"talk 1 inter_segment_gap 0.00 1.50 <o,f0,> ignore_time_segment_in_scoring\r\n"
        b"talk 1 ann 1.50 3.25 <o,f0,female> we { are / 're } (uh) in <unk> paris\r\n"
        b"talk 1 ann 3.25 4.00 <NA>\r\n"
        b"call A ann 2.00 2.50 second\r\n"
        b"call B ben 1.00 1.50 <O> first\r\n"
    )
    found = read_stm(path)
    assert found.problems == []
    talk, call = found.references["talk"], found.references["call"]
    assert talk.granularity == "segment"
    assert talk.rows == (Row("we are uh in paris", 1.5, 3.25, 0, "ann"),)
    assert (talk.left_out, talk.ignored) == (1, ((0.0, 1.5, 0),))
    assert call.rows == (Row("first", 1.0, 1.5, 1, "ben"), Row("second", 2.0, 2.5, 0, "ann"))


def test_broken_lines_are_told_and_the_rest_is_there(tmp_path):
    path = tmp_path / "a.stm"
    path.write_text("a 1 ann 0.5 1.0 good\na 1 ann 2.0\na 1 ann 3.0 2.0 x\n")
    found = read_stm(path)
    assert found.references["a"].text == "good"
    assert [(p.line, p.sentence[:20]) for p in found.problems] == [
        (2, "it has 4 columns; an"),
        (3, "it ends (2 s) before"),
    ]
