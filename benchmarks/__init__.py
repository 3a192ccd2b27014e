"""Benchmarks of speed and memory, beside other ways to do the same: `python -m benchmarks [names]` or `make bench`."""
