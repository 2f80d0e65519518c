"""Files that tell what was spoken in recordings, a module for each kind; none knows sessions."""
