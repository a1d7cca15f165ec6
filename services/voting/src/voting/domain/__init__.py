"""The rules of voting: pure functions over frozen values. The time is an argument."""
