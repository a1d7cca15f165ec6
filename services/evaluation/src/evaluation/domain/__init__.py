"""The rules of delivery and evaluation: pure functions over frozen values. The time is an argument."""
