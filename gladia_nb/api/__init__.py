"""Gladia's live API from the client's side; beside `server` the only room that knows aiohttp."""
