"""The evaluation service: initiatives, opinions on their results, and evaluation rounds."""
