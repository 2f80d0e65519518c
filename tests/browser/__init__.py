"""Tests in a real browser, in the hosts that people use."""
