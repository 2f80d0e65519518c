import json

from gladia_nb.cli.terminal import TerminalView


def event(text: str, *, final: bool, channel: int = 0, **more) -> dict:
    utterance = {"text": text, "start": 1.5, "channel": channel}
    data = {"id": "00_0", "is_final": final, "utterance": utterance}
    return {"event": "message", "raw": json.dumps({"type": "transcript", "data": data, **more})}


def shown(capsys, *events: dict, channels: int = 1) -> list[str]:
    view = TerminalView(5.0, channels)
    for one in events:
        view.post(one)
    view.refresh(1.0)
    view.close()
    return capsys.readouterr().err.splitlines()


def test_finals_are_lines_and_partials_are_not_where_nothing_can_be_overwritten(capsys):
    lines = shown(capsys, event(" hel", final=False), event(" hello there", final=True))
    assert lines == ["   1.50 s  hello there"]


def test_channels_are_named_when_there_are_several(capsys):
    lines = shown(capsys, event(" yes", final=True, channel=1), channels=2)
    assert lines == ["   1.50 s  [1] yes"]


def test_a_service_cannot_steer_the_terminal(capsys):
    (line,) = shown(capsys, event(" a\x1b[2Jb\r\nc", final=True))
    assert line == "   1.50 s  a [2Jb  c"


def test_warnings_errors_and_strange_messages(capsys):
    lines = shown(
        capsys,
        {"event": "warning", "text": "odd"},
        {"event": "retry", "attempt": 2, "wait_s": 0.1},
        {"event": "message", "raw": '{"type":"translation","error":{"message":"no"},"data":null}'},
        {"event": "message", "raw": "garbage"},
        {"event": "message", "raw": '{"type":"transcript","data":{"utterance":"x"}}'},
        {"event": "message", "raw": '{"type":"transcript","data":{"utterance":{"text":5}}}'},
        {"event": "chunk"},
    )
    assert lines == [
        "  ! odd",
        "  ! connection lost, attempt 2 to resume",
        "  ! translation: no",
    ]
