"""The worker as a process, spoken to by hand."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from gladia_nb.record.file import FORMAT, VERSION, dump_line
from gladia_nb.worker.pipe import pack_frame

HEADER: dict[str, Any] = {"format": FORMAT, "version": VERSION, "config": {"sample_rate": 16000}}


class Hand:
    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gladia_nb.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def send(self, audio: bytes = b"", *, session: int = 1, **command) -> None:
        order = {"session": session, "command": command}
        self.write(json.dumps(order).encode() + b"\n", audio)

    def write(self, line: bytes, audio: bytes = b"") -> None:
        self.process.stdin.write(b"".join(pack_frame(line, audio)))
        self.process.stdin.flush()

    def read(self) -> tuple[int, dict]:
        number, _, event = self.process.stdout.readline().partition(b" ")
        return int(number), json.loads(event)

    def until(self, kind: str) -> list[tuple[int, dict]]:
        found = [self.read()]
        while found[-1][1]["event"] != kind:
            found.append(self.read())
        return found


def start(path: Path, server, **changes) -> dict:
    path.write_text(dump_line(HEADER))
    return {
        "cmd": "start",
        "session": 1,
        "path": str(path),
        "base_url": server.url,
        "key": server.key,
        "region": None,
        "body": {"messages_config": {"receive_partial_transcripts": True}},
        "frame_bytes": 2,
        "sample_rate": 16000,
        "chunk_ms": 100,
        "speed": 10,
        "json_audio": False,
        **changes,
    }
