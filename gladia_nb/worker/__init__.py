"""The process that holds the stopwatch; it loads neither pandas nor numpy nor pydantic."""
