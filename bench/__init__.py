"""Benchmarks: all figures of one run on one machine, with ratios that are comparable across machines."""
