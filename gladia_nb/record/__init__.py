"""What is kept of a session, and how it becomes frames; no network, no event loop."""
