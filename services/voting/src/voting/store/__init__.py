"""The tables of voting and the only SQL on them. Functions take and return domain values, never rows."""
