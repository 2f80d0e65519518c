"""gladia_nb."""
