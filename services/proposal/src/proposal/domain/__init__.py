"""The rules of proposals and tasks (docs/rulebook.md, P1 onwards): pure functions and frozen values."""
