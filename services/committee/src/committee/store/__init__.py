"""The tables of the service and the only SQL on them. Rows never leave; domain values do."""
