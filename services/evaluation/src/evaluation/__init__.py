"""Initiatives, opinions on their results, and evaluation rounds."""
