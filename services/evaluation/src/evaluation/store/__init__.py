"""The tables of evaluation and the only SQL on them. Functions take and return domain values, never rows."""
