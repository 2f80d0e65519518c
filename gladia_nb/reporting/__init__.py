"""A page that says what one run, or several side by side, have shown; in one file.

Names are loaded when they are first used.
"""

import lazy_loader

# The names stand in `__init__.pyi`, where type checkers and editors read them too.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
