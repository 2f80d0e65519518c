"""The two files of a chapter of LibriSpeech."""

from gladia_nb.sessions.formats.base import Row
from gladia_nb.sessions.formats.librispeech import read_alignments, read_transcripts


def test_texts_by_utterance(tmp_path):
    path = tmp_path / "84-121.trans.txt"
    path.write_text("84-121-0000 GO DO YOU\n84-121-0001\n84-121-0002 BUT\n")
    found = read_transcripts(path)
    assert found.references.keys() == {"84-121-0000", "84-121-0002"}
    known = found.references["84-121-0000"]
    assert known.rows == (Row("GO DO YOU", None, None, 0, "84"),)
    assert (known.granularity, known.language) == ("text", "en")
    assert [problem.line for problem in found.problems] == [2]


def test_words_begin_where_the_one_before_them_ended(tmp_path):
    path = tmp_path / "84-121.alignment.txt"
    path.write_text(
        '84-121-0000 ",GO,,DO,<unk>," "0.490,0.890,1.270,1.380,1.5,2.0"\n'
        '84-121-0001 ",GO" "0.490"\n'
        "84-121-0002 GO\n"
        '84-121-0003 "GO,DO" "0.5,0.4"\n'
    )
    found = read_alignments(path)
    known = found.references["84-121-0000"]
    assert known.rows == (Row("GO", 0.49, 0.89, 0, "84"), Row("DO", 1.27, 1.38, 0, "84"))
    assert (known.granularity, known.left_out) == ("word", 1)
    assert [(p.line, p.sentence[:24]) for p in found.problems] == [
        (2, "it has 2 words and silen"),
        (3, "it is not written as NAM"),
        (4, "it ends (0.4 s) before i"),
    ]
