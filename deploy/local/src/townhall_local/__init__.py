"""The `townhall` command: the whole platform on one machine, rehearsals, and operator tasks."""
