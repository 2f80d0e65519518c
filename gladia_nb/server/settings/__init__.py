"""What can be set of the embedded service: options, faults, scripts."""
