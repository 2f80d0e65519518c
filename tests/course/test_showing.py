import json
from types import SimpleNamespace

import pytest

from gladia_nb.course import showing
from gladia_nb.course.showing import plot_guesses, watch
from gladia_nb.errors import ConfigError


def transcript(text, *, final, via="websocket"):
    data = {"is_final": final, "utterance": {"text": text}}
    return {
        "event": "message",
        "via": via,
        "raw": json.dumps({"type": "transcript", "data": data}),
    }


class Display:
    """What a notebook would show."""

    def __init__(self):
        self.pages = []

    def show(self, page, display_id=False):
        assert display_id
        self.pages.append(page.data)
        return self

    def update(self, page):
        self.pages.append(page.data)


@pytest.fixture
def display(monkeypatch):
    import IPython
    import IPython.display

    made = Display()
    monkeypatch.setattr(IPython, "get_ipython", object)
    monkeypatch.setattr(IPython.display, "display", made.show)
    monkeypatch.setattr(showing, "_STEP_S", 0)
    return made


def live_of(*events):
    return SimpleNamespace(events=lambda: iter(events), done=True, sent_s=1.0)


def test_finals_stay_and_partials_go(display):
    watch(
        live_of(
            transcript(" hello wor", final=False),
            transcript(" hello world", final=True),
            transcript(" and", final=False),
        )
    )
    first, second, third = display.pages[:3]
    assert "hello wor …" in first
    assert "<div>hello world</div>" in second
    assert "hello wor …" not in second
    assert "and …" in third
    assert "<div>hello world</div>" in display.pages[-1]


def test_what_is_heard_is_text_and_no_markup(display):
    watch(live_of(transcript("<img src=x>", final=True)))
    assert "<img" not in display.pages[-1]


def test_what_is_no_transcript_is_not_shown(display):
    watch(
        live_of(
            transcript("by callback", final=True, via="callback"),
            {"event": "chunk"},
            {"event": "message", "via": "websocket", "raw": "not json"},
            {"event": "message", "via": "websocket", "raw": '{"type": "transcript", "data": null}'},
            {"event": "message", "via": "websocket", "raw": '{"type": "audio_chunk"}'},
        )
    )
    assert "by callback" not in display.pages[-1]
    assert "1.0 s sent" in display.pages[-1]


def test_outside_of_a_notebook_it_waits(capsys):
    seen = []

    def events():
        yield transcript("hello", final=True)
        seen.append("to the end")

    watch(SimpleNamespace(events=events, done=True, sent_s=1.0))
    assert seen == ["to the end"]
    assert capsys.readouterr().out == ""


def test_guesses_are_a_histogram_with_a_line():
    ax = plot_guesses([100, 300, 300, 5000, 1e5, 1], 450)
    assert sum(patch.get_height() for patch in ax.patches) == 6
    assert ax.get_title(loc="left") == "6 guesses"
    assert [line.get_xdata()[0] for line in ax.lines] == [450]
    assert any("450 ms" in text.get_text() for text in ax.texts)


def test_what_is_no_guess_is_left_out_and_counted():
    ax = plot_guesses([300, "soon", ..., -1, None], None)
    assert ax.get_title(loc="left").startswith("1 guesses; 4 left out")
    assert not ax.lines


@pytest.mark.parametrize("measured", [None, ..., "450", [1, 2]])
def test_no_line_without_a_measurement(measured):
    assert not plot_guesses([300], measured).lines


def test_no_guesses():
    (text,) = plot_guesses([]).texts
    assert text.get_text() == "no guesses yet"


@pytest.mark.parametrize("guesses", ["300", 300, ...])
def test_guesses_are_a_list(guesses):
    with pytest.raises(ConfigError, match="list of milliseconds"):
        plot_guesses(guesses)
