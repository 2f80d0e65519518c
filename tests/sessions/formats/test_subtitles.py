"""SRT and WebVTT with their oddities."""

import sys

import pytest

from gladia_nb.errors import ConfigError
from gladia_nb.sessions.formats.base import Row
from gladia_nb.sessions.formats.subtitles import read_subtitles

VTT = """WEBVTT - a title
Kind: captions

NOTE
00:09.000 --> is no cue

STYLE
::cue { color: red }

intro
00:01.000 --> 00:02.500 align:start position:0%
<v.loud Ann Lee>We are <b>in</b> <c.yellow>New</c> York
&amp; <00:02.000>so on</v>

NOTE between two cues

2
01:00:03.000 --> 01:00:04.000
Two

00:05.000 --> 00:06.000
<i></i>
"""

SRT = """1
00:00:01,000 --> 00:00:02,500
<i>Hello</i> there,
{\\an8}general

two
00:00:03,000 -> 00:00:04,000
a broken arrow

3
bad --> 00:00:05,000
no time

4
00:00:07,000 --> 00:00:06,000
backwards

5
00:00:08,000 --> 00:00:09,000
last
"""


def test_webvtt(tmp_path):
    path = tmp_path / "a.vtt"
    path.write_bytes(b"\xef\xbb\xbf" + VTT.replace("\n", "\r\n").encode())
    found = read_subtitles(path)
    assert found.problems == []
    known = found.references[""]
    assert known.granularity == "segment"
    assert known.rows == (
        Row("We are in New York & so on", 1.0, 2.5, 0, "Ann Lee"),
        Row("Two", 3603.0, 3604.0),
    )


def test_srt_names_broken_cues_and_keeps_the_rest(tmp_path):
    path = tmp_path / "a.srt"
    path.write_text(SRT)
    found = read_subtitles(path)
    assert found.references[""].rows == (
        Row("Hello there, general", 1.0, 2.5),
        Row("last", 8.0, 9.0),
    )
    assert [(p.line, p.sentence[:24]) for p in found.problems] == [
        (7, "its times are not writte"),
        (11, "its times are not writte"),
        (15, "it ends (6 s) before it "),
    ]


def test_without_its_library_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pysubs2", None)
    with pytest.raises(ConfigError, match=r'pip install "gladia-nb\[corpora\]"'):
        read_subtitles(tmp_path / "a.srt")
