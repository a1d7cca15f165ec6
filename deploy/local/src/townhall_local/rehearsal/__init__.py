"""Rehearsals: replay a recorded consultation through the public APIs and compare the totals with a recount."""
