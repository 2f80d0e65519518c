"""Corpora: many recordings with what was said in them, read from the layouts that are in use."""
