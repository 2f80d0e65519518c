"""CTM with its oddities."""

from gladia_nb.sessions.formats.base import Row
from gladia_nb.sessions.formats.ctm import read_ctm


def test_words_of_each_recording(tmp_path):
    path = tmp_path / "a.ctm"
    path.write_bytes(
        b"\xef\xbb\xbf;; made by hand\r\n"
        b"call A 0.50 0.25 hello 0.98\r\n"
        b"call B 0.60 0.30 there\r\n"
        b"call A 1.00 0.20 <unk> 0.1\r\n"
        b"\r\n"
        b"talk 1 2.00 0.10 second\r\n"
        b"talk 1 1.00 0.10 first 1.0 lex ann\r\n"
        b"talk 1 3.00 0.10 cough 1.0 non-lex ann\r\n"
    )
    found = read_ctm(path)
    assert found.problems == []
    call, talk = found.references["call"], found.references["talk"]
    assert (call.granularity, call.left_out, talk.left_out) == ("word", 1, 1)
    assert call.rows == (Row("hello", 0.5, 0.75), Row("there", 0.6, 0.9, 1))
    assert talk.rows == (Row("first", 1.0, 1.1, 0, "ann"), Row("second", 2.0, 2.1))


def test_of_alternatives_the_first_is_taken(tmp_path):
    path = tmp_path / "a.ctm"
    path.write_text(
        "a 1 * * <ALT_BEGIN>\n"
        "a 1 0.5 0.2 i'm\n"
        "a 1 * * <ALT>\n"
        "a 1 0.5 0.1 i\n"
        "a 1 0.6 0.1 am\n"
        "a 1 * * <ALT_END>\n"
        "a 1 * * <ALT_BEGIN>\n"
        "a 1 0.8 0.1 @\n"
        "a 1 * * <ALT>\n"
        "a 1 0.8 0.1 uh\n"
        "a 1 * * <ALT_END>\n"
        "a 1 1.0 0.1 here\n"
    )
    found = read_ctm(path)
    assert found.problems == []
    assert found.references["a"].text == "i'm here"


def test_broken_lines_are_told_and_the_rest_is_there(tmp_path):
    path = tmp_path / "a.ctm"
    path.write_text(
        "a 1 0.5 0.2 good\na 1 0.9\na left 1.0 0.1 x\na 1 x 0.1 x\na 1 2.0 -1 x\na 1 3 0 end\n"
    )
    found = read_ctm(path)
    assert found.references["a"].text == "good end"
    assert [(p.line, p.sentence.split(";")[0]) for p in found.problems] == [
        (2, "it has 3 columns"),
        (3, "its channel 'left' is none of A, B, 1, 2."),
        (4, "its times ('x' and '0.1') are no numbers of seconds."),
        (5, "it ends (1 s) before it starts (2 s), or starts below 0."),
    ]
