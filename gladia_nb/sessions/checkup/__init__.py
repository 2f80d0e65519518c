"""What this machine has for live sessions, what it lacks, and what to do about it."""
