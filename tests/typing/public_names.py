"""Every public name, as a type checker sees it; `make check` has mypy read this file.

It is not run. `tests/test_init.py` sees that no name is missing here.
"""

from typing import assert_type

import pandas as pd

import gladia_nb as gn

NAMES = (
    gn.ApiError,
    gn.Audio,
    gn.AudioError,
    gn.AuthenticationError,
    gn.CallbackReceiver,
    gn.ConfigError,
    gn.Corpus,
    gn.DirectLive,
    gn.GladiaClient,
    gn.GladiaNbError,
    gn.Item,
    gn.Lab,
    gn.LimitError,
    gn.ModelError,
    gn.Live,
    gn.LiveAudio,
    gn.LocalMicrophone,
    gn.LocalServer,
    gn.Microphone,
    gn.NotFoundError,
    gn.PRESETS,
    gn.Reference,
    gn.Run,
    gn.RunFileError,
    gn.ServerError,
    gn.SessionConfig,
    gn.SessionError,
    gn.Study,
    gn.UnreachableError,
    gn.WorkerError,
    gn.ack_delays,
    gn.audio_audit,
    gn.cadence,
    gn.callback_delays,
    gn.check_latencies,
    gn.compare,
    gn.corpus,
    gn.corrections,
    gn.cursor_lag,
    gn.ending,
    gn.endpointing,
    gn.endpointing_cuts,
    gn.error_delay,
    gn.glossary,
    gn.grid,
    gn.health,
    gn.latency,
    gn.latency_table,
    gn.load,
    gn.load_reference,
    gn.match_rate,
    gn.message_audit,
    gn.pacing,
    gn.pings,
    gn.plot_comparison,
    gn.plot_effects,
    gn.plot_endpointing,
    gn.plot_error_delay,
    gn.plot_final_waterfall,
    gn.plot_flicker,
    gn.plot_health,
    gn.plot_latency_ecdf,
    gn.plot_latency_histogram,
    gn.plot_overview,
    gn.plot_pareto,
    gn.plot_partial_alignment,
    gn.plot_staircase,
    gn.plot_timeline,
    gn.plot_wer_at,
    gn.plot_word_latency,
    gn.read_audio,
    gn.record_audio,
    gn.report,
    gn.sample,
    gn.shutdown,
    gn.speech_spans,
    gn.stability,
    gn.stability_summary,
    gn.start,
    gn.start_direct,
    gn.startup,
    gn.stream,
    gn.summary,
    gn.transcribe,
    gn.translation_latency,
    gn.turns,
    gn.updates,
    gn.verdict,
    gn.vitals,
    gn.warm_up,
    gn.waterfall,
    gn.wer_at,
    gn.word_alignment,
    gn.word_errors,
    gn.word_states,
    gn.word_times,
)


def use(run: gn.Run, live: gn.Live) -> None:
    """What a user writes has the types that the documentation says."""
    assert_type(gn.transcribe("speech.flac", endpointing=0.3), gn.Run)
    assert_type(gn.start("speech.flac"), gn.Live)
    assert_type(live.result(), gn.Run)
    assert_type(run.messages, pd.DataFrame)
    assert_type(gn.latency_table(run), pd.DataFrame)
    assert_type(gn.__version__, str)
