"""A text and nothing else."""

from gladia_nb.sessions.formats.base import Row
from gladia_nb.sessions.formats.plain import read_plain


def test_lines_are_one_text(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeffgood\r\n\r\n  evening\n".encode())
    (known,) = read_plain(path).references.values()
    assert known.granularity == "text"
    assert known.rows == (Row("good evening", None, None),)


def test_an_empty_file_is_told(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(" \n")
    found = read_plain(path)
    assert found.references == {}
    assert [str(problem) for problem in found.problems] == [f"{path}: it has no text."]
