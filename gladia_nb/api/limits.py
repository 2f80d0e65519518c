"""How much a service may say: the only place where these numbers stand.

A service, or whatever answers in its place, can send without end. What is beyond a limit is not
read; the error or the warning that follows names the limit. Each is far above what a session of
three hours needs, and low enough that the process which runs sessions stays below 1 GiB while it
meets it: measured at each of them, the stored result at its limit included.
"""

from __future__ import annotations

__all__ = [
    "MAX_AUDIO_BYTES",
    "MAX_DETAILS",
    "MAX_ERROR_BYTES",
    "MAX_MESSAGE_BYTES",
    "MAX_REDIRECTS",
    "MAX_REPLY_BYTES",
    "MAX_RESULT_BYTES",
    "MAX_SAID",
    "TOO_LARGE_MESSAGE",
]

#: One message over the WebSocket; that with the whole transcript of three hours has some 5 MB.
MAX_MESSAGE_BYTES = 16 << 20
#: What a service did that sent more, to follow "The service".
TOO_LARGE_MESSAGE = f"sent a message of more than {MAX_MESSAGE_BYTES >> 20} MiB"
#: The answer to a request, unpacked.
MAX_REPLY_BYTES = 4 << 20
#: A stored result, unpacked: it repeats every message of its session.
MAX_RESULT_BYTES = 96 << 20
#: A stored recording: three hours of eight channels at 16 kHz and 16 bit have 2.8 GB; longer ones
#: are for a program that does not hold them in memory.
MAX_AUDIO_BYTES = 3 << 30
#: What is read of the answer that comes with an error status.
MAX_ERROR_BYTES = 64 << 10
#: Characters of one sentence of the service inside one of ours.
MAX_SAID = 200
#: Sentences about single fields that are kept of a refusal.
MAX_DETAILS = 20
#: Redirects within the service that a request follows.
MAX_REDIRECTS = 3
