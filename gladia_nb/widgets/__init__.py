"""Controls and live views for notebooks: `Lab`.

What they do is done by plain functions and classes that a script can call as well: sessions by
`gladia_nb.start`, what is shown of them by `gladia_nb.lab.live_state`, and so on.
"""

from gladia_nb.widgets.lab import Lab

__all__ = ["Lab"]
