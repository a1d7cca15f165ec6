"""The rules of the Committee and the strategy meeting, pure. docs/rulebook.md, C1 onwards."""
