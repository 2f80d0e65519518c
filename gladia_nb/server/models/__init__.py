"""Models that people fetch for the engines: where they lie, and how they get there."""
