"""The tables of voting and the only SQL on them. Rows never leave; domain values do."""
