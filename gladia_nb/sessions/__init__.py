"""One session, seen from the process that asks for it."""
