"""An example for every public name: it runs when the handbook is built, and in a test.

What the last line gives is shown below it. Names beside `gn`: `run` and `other`, two sessions of
the file `sound`; `study`; `server`, which is running; `folder`. What begins with `# needs` is
shown only.
"""

from __future__ import annotations

__all__ = ["EXAMPLES", "GROUPS"]

#: Headings of the reference, and the names below each.
GROUPS: dict[str, tuple[str, ...]] = {
    "Sessions": (
        "transcribe",
        "start",
        "Live",
        "SessionConfig",
        "PRESETS",
        "start_direct",
        "DirectLive",
        "shutdown",
    ),
    "Sound and what was said": (
        "Audio",
        "read_audio",
        "sample",
        "LiveAudio",
        "LocalMicrophone",
        "record_audio",
        "Reference",
        "load_reference",
        "speech_spans",
    ),
    "Runs and reports": ("Run", "load", "report", "verdict", "health", "anonymise", "doctor"),
    "Latency": (
        "latency",
        "latency_table",
        "summary",
        "turns",
        "waterfall",
        "ending",
        "startup",
        "translation_latency",
        "warm_up",
        "check_latencies",
        "glossary",
    ),
    "Accuracy": (
        "word_errors",
        "word_alignment",
        "wer_at",
        "error_delay",
        "match_rate",
        "word_times",
    ),
    "Stability": (
        "stability",
        "stability_summary",
        "updates",
        "corrections",
        "word_states",
    ),
    "Streaming and endpointing": (
        "stream",
        "cursor_lag",
        "cadence",
        "endpointing",
        "endpointing_cuts",
    ),
    "Stopwatch and network": (
        "pacing",
        "vitals",
        "pings",
        "ack_delays",
        "network_delays",
        "audio_audit",
        "message_audit",
        "callback_delays",
        "compare_traffic",
    ),
    "Comparisons and studies": ("compare", "Study", "grid", "corpus", "Corpus", "Item"),
    "Pictures": (
        "plot_overview",
        "plot_timeline",
        "plot_word_latency",
        "plot_latency_ecdf",
        "plot_latency_histogram",
        "plot_final_waterfall",
        "plot_partial_alignment",
        "plot_flicker",
        "plot_wer_at",
        "plot_error_delay",
        "plot_staircase",
        "plot_endpointing",
        "plot_health",
        "plot_comparison",
        "plot_effects",
        "plot_pareto",
    ),
    "On a page": ("Lab", "Microphone"),
    "Service and protocol": ("LocalServer", "GladiaClient", "CallbackReceiver"),
    "Errors": (
        "GladiaNbError",
        "ConfigError",
        "AudioError",
        "ApiError",
        "AuthenticationError",
        "NotFoundError",
        "LimitError",
        "UnreachableError",
        "SessionError",
        "WorkerError",
        "ServerError",
        "RunFileError",
        "ModelError",
    ),
}

_CAUGHT = """\
try:
    {what}
except gn.{name} as error:
    said = str(error)
said"""


def _error(name: str, what: str) -> str:
    return _CAUGHT.format(name=name, what=what)


_WRONG_KEY = 'gn.transcribe(sound, url=server.url, key="another", progress=False)'
_GET = """\
import asyncio


async def get():
    async with gn.GladiaClient(server=server) as client:
        return await client.get({what})


list(asyncio.run(get()))"""

#: Those that are not simply called with the run.
_OTHERS: dict[str, str] = {
    "transcribe": "gn.transcribe(sound, endpointing=0.3, server=server, speed=20, progress=False)",
    "start": "live = gn.start(sound, server=server, speed=20)\nlive.result()",
    "Live": (
        "live = gn.start(sound, server=server, speed=20)\nkinds = set()\n"
        'live.subscribe(lambda event: kinds.add(event["event"]))\nlive.result()\nsorted(kinds)'
    ),
    "SessionConfig": 'gn.SessionConfig(endpointing=0.3, language_config={"languages": ["en"]})',
    "PRESETS": "sorted(gn.PRESETS)",
    "start_direct": (
        "live = gn.start_direct(server=server)\nticket = live.ticket()  # for the browser\n"
        "live.abort()\nlive.wait(10)"
    ),
    "DirectLive": (
        "live = gn.start_direct(server=server)\nlive.finish()  # told by the page\nlive.wait(10)"
    ),
    "shutdown": "gn.shutdown()",
    "Audio": "gn.Audio(np.zeros((16000, 1), dtype=np.float32), 16000).duration_s",
    "read_audio": "gn.read_audio(sound)",
    "sample": 'gn.sample("conversation").name',
    "LiveAudio": (
        "import threading\n\nwith gn.LiveAudio(16000) as audio:\n"
        "    live = gn.start(audio, server=server)\n"
        "    audio.feed(np.zeros(16000, dtype=np.int16))\nlive.result()"
    ),
    "LocalMicrophone": (
        "# needs a microphone of this machine, and the extra mic-local\n"
        "with gn.LocalMicrophone() as microphone:\n    live = gn.start(microphone.audio)"
    ),
    "record_audio": (
        "# needs a microphone of this machine, and the extra mic-local\nsound = gn.record_audio(5)"
    ),
    "Reference": 'gn.load_reference(sound.with_suffix(".words.json")).granularity',
    "load_reference": 'len(gn.load_reference(sound.with_suffix(".words.json")).rows)',
    "speech_spans": "gn.speech_spans(gn.read_audio(sound))",
    "Run": "run",
    "load": "gn.load(run.path)",
    "report": 'gn.report([run, other], folder / "page.html", title="Two", figures=False).name',
    "anonymise": "gn.anonymise(run).text",
    "compare_traffic": "gn.compare_traffic(run, other)",
    "doctor": 'gn.doctor(session=False)[["name", "state", "found"]]',
    "check_latencies": "gn.check_latencies(gn.latency(run))",
    "glossary": 'gn.glossary("TTFS")[["name", "meaning"]]',
    "updates": 'gn.updates(run, run.utterances["utterance_id"].iloc[0])',
    "endpointing": "gn.endpointing([run, other])",
    "network_delays": (
        'far = gn.transcribe(sound, server=server, speed=20, network="wifi", progress=False)\n'
        "gn.network_delays(far)"
    ),
    "compare": "gn.compare(run, other)",
    "Study": "study.plan()",
    "grid": "gn.grid(endpointing=[0.2, 0.4], chunk_ms=[100])",
    "corpus": 'gn.corpus(folder / "items")',
    "Corpus": '[item.name for item in gn.corpus(folder / "items")]',
    "Item": 'gn.corpus(folder / "items")[0].duration_s',
    "plot_endpointing": "gn.plot_endpointing([run, other])",
    "plot_comparison": "gn.plot_comparison(run, other)",
    "plot_effects": "gn.plot_effects(study.compare())",
    "plot_pareto": (
        'gn.plot_pareto(study.pareto("word_end -> first_seen @send", "WER"), '
        'xlabel="latency (ms)", ylabel="word error rate")'
    ),
    "Lab": "lab = gn.Lab(str(sound), server=server)\nlab.close()",
    "Microphone": "microphone = gn.Microphone()\nmicrophone.close()",
    "LocalServer": "server",
    "GladiaClient": _GET.format(what="run.session_id"),
    "CallbackReceiver": (
        "again = gn.transcribe(sound, server=server, callbacks=True, speed=20, progress=False)\n"
        'again.messages["via"].value_counts()'
    ),
    "GladiaNbError": _error("GladiaNbError", 'gn.load(folder / "no.run")'),
    "ConfigError": _error("ConfigError", "gn.SessionConfig(endpointing=30)"),
    "AudioError": _error("AudioError", 'gn.read_audio(folder / "no.wav")'),
    "ApiError": _error("ApiError", _WRONG_KEY),
    "AuthenticationError": _error("AuthenticationError", _WRONG_KEY),
    "LimitError": (
        "with gn.LocalServer(engine='scripted', script={'words': []}, max_sessions=1) as small:\n"
        "    first = gn.start(sound, server=small)\n"
        "    first.wait(1)\n"
        "    try:\n        gn.transcribe(sound, server=small, progress=False)\n"
        "    except gn.LimitError as error:\n        said = str(error)\n"
        "    first.abort()\nsaid"
    ),
    "UnreachableError": _error(
        "UnreachableError", 'gn.transcribe(sound, url="http://127.0.0.1:9", progress=False)'
    ),
    "SessionError": _error("SessionError", 'gn.start_direct(url="http://127.0.0.1:9").ticket()'),
    "WorkerError": "issubclass(gn.WorkerError, gn.GladiaNbError)",
    "ServerError": _error("ServerError", "gn.LocalServer(port=-1).start()"),
    "RunFileError": _error("RunFileError", 'gn.load(folder / "no.run")'),
    "ModelError": "issubclass(gn.ModelError, gn.GladiaNbError)",
}
_OTHERS["NotFoundError"] = (
    _GET.format(what='"no-such-session"').rpartition("\n")[0]
    + "\n"
    + _error("NotFoundError", "asyncio.run(get())")
)

EXAMPLES: dict[str, str] = {
    name: _OTHERS.get(name, f"gn.{name}(run)") for names in GROUPS.values() for name in names
}
