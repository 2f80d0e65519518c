"""The layout of LibriSpeech."""

from gladia_nb.studies.corpora.gathering import Gathering
from gladia_nb.studies.corpora.librispeech import chapters_in, read_librispeech
from tests.support.sounds import sound_file


def test_with_and_without_alignments(tmp_path):
    first, second = tmp_path / "dev" / "84" / "121", tmp_path / "dev" / "85" / "9"
    for path in (first / "84-121-0000", first / "84-121-0001", second / "85-9-0000"):
        sound_file(path.with_suffix(".flac"))
    (first / "84-121.trans.txt").write_text("84-121-0000 GO DO\n84-121-0001 YOU\n84-121-0002 SO\n")
    (first / "84-121.alignment.txt").write_text(
        '84-121-0000 ",GO,,DO," "0.25,0.5,0.6,0.9,1.0"\n84-121-0009 "X" "1.0"\n'
    )
    (second / "85-9.trans.txt").write_text("85-9-0000 HELLO\n")
    into = Gathering()
    read_librispeech(tmp_path, into)
    facts = {n: (i.granularity, i.reference.text, i.speaker) for n, i in into.items.items()}
    assert facts == {
        "84-121-0000": ("word", "GO DO", "84"),
        "84-121-0001": ("text", "YOU", "84"),
        "85-9-0000": ("text", "HELLO", "85"),
    }
    assert {item.language for item in into.items.values()} == {"en"}
    assert [p.sentence for p in into.problems] == ["there is no sound of '84-121-0002' beside it."]
    assert [path.name for path in chapters_in(tmp_path)] == ["84-121.trans.txt", "85-9.trans.txt"]
