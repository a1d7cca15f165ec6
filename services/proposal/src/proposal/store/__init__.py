"""The tables of the service and the only SQL on them. Functions take and return domain values, never rows."""
