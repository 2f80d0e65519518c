"""What the measures share: texts, alignment, clocks, intervals. The lowest of `metrics`."""
