"""The rules of the Committee and the strategy meeting (docs/rulebook.md, C1 onwards): pure functions, frozen values."""
