"""What turns audio into words: the recogniser, or a script."""
