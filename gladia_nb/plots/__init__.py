"""Pictures of a run: pure functions, a run in, `Axes` out.

Each draws into the axes given, or into a new figure; none shows it, and none changes matplotlib's
settings. Colours are those of Okabe and Ito, and every line and mark also differs in shape.

Names are loaded when they are first used: who wants the palette alone waits for no matplotlib.
"""

import lazy_loader

# The names stand in `__init__.pyi`, where type checkers and editors read them too.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
