"""One session of the embedded service, from its WebSocket to its stored result."""
