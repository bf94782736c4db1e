"""Benchmarks: every claim about speed, measured side by side; `make bench` does it."""
