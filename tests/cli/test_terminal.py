import json

from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.cli.terminal import TerminalView
from gladia_nb.lab.live_state import LiveState

MS = 1_000_000


def message(**body) -> dict:
    return {"event": "message", "recv_ns": 700 * MS, "raw": json.dumps(body)}


def event(text: str, *, final: bool, channel: int = 0, **more) -> dict:
    utterance = {"text": text, "start": 1.5, "channel": channel}
    data = {"id": "00_0", "is_final": final, "utterance": utterance}
    return message(type="transcript", data=data, **more)


def shown(capsys, *events: dict, channels: int = 1) -> list[str]:
    view = TerminalView(LiveState(16000, 2, duration_s=5.0), channels)
    for one in events:
        view.post(one)
    view.refresh()
    view.close()
    return capsys.readouterr().err.splitlines()


def test_finals_are_lines_and_partials_are_not_where_nothing_can_be_overwritten(capsys):
    lines = shown(capsys, event(" hel", final=False), event(" hello there", final=True))
    assert lines == ["   1.50 s  hello there"]


def test_channels_are_named_when_there_are_several(capsys):
    lines = shown(capsys, event(" yes", final=True, channel=1), channels=2)
    assert lines == ["   1.50 s  [2] yes"]


def test_a_service_cannot_steer_the_terminal(capsys):
    lines = shown(
        capsys,
        event(" a\x1b[2Jb\r\nc", final=True),
        message(type="error", error={"message": "x\x1b]0;y\x07"}),
    )
    assert lines == [r"   1.50 s  a\x1b[2Jb\r\nc", r"  ! The service says: x\x1b]0;y\x07"]


def test_warnings_errors_and_strange_messages(capsys):
    chunk = {"end_frame": 1600, "due_ns": 0, "send_start_ns": 0, "resend": False}
    lines = shown(
        capsys,
        {"event": "warning", "text": "odd"},
        {"event": "connect", "error": None},
        {"event": "retry", "attempt": 2, "wait_s": 0.1},
        message(type="translation", error={"message": "no"}, data=None),
        {"event": "message", "recv_ns": 1, "raw": "garbage"},
        message(type="transcript", data={"utterance": "x"}),
        message(type="transcript", data={"utterance": {"text": 5}}),
        {"event": "chunk", **chunk},
        {"event": "connect", "error": None},
        {"event": "error", "text": "said by who waits for the result"},
    )
    assert lines == [
        "  ! odd",
        "  ! The connection was lost; attempt 2 to resume it. "
        "The audio goes on and nothing of it is lost.",
        "  ! The service says (translation): no",
        "  ! The connection was lost and resumed; no audio was lost with it.",
    ]


def test_it_knows_what_it_told():
    view = TerminalView(LiveState(16000, 2, duration_s=5.0), 1)
    view.post({"event": "warning", "text": "odd"})
    view.post({"event": "error", "text": "the end"})
    view.refresh()
    view.close()
    assert view.told == {"odd"}


@given(st.lists(st.sampled_from(["final", "warning"]), max_size=300), st.integers(1, 300))
def test_everything_is_shown_once_and_in_order_however_much_comes_at_a_time(kinds, pause):
    written = []
    view = TerminalView(LiveState(16000, 2), 1)
    view._write = lambda text, file: written.append(text)
    for number, kind in enumerate(kinds):
        if kind == "final":
            view.post(event(f"f{number}", final=True))
        else:
            view.post({"event": "warning", "text": f"w{number}"})
        if number % pause == 0:
            view.refresh()
    view.refresh()
    view.refresh()
    view.close()
    finals = [f"   1.50 s  f{k}" for k, kind in enumerate(kinds) if kind == "final"]
    warnings = [f"  ! w{k}" for k, kind in enumerate(kinds) if kind == "warning"]
    assert [text for text in written if "!" not in text] == finals
    assert [text for text in written if "!" in text] == warnings
