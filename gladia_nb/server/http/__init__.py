"""What the embedded service answers over HTTP: sessions, lists, files, control."""
