"""See and measure live transcription: Gladia live speech-to-text in Jupyter.

    import gladia_nb as gn

    run = gn.transcribe("data/conversation.flac", endpointing=0.3)
    run.messages                 # every message, one row each
    gn.latency_table(run)        # partial versus final
    gn.plot_overview(run)

Without an API key it talks to an embedded, compatible server with a real recogniser; with
`GLADIA_API_KEY` set, to Gladia. Names are loaded when they are first used.
"""

import lazy_loader

__version__ = "0.1.0"

# The names stand in `__init__.pyi`, where type checkers and editors read them too.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
