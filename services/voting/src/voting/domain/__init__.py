"""The rules of voting: pure functions over frozen facts. Time and facts come in as arguments."""
