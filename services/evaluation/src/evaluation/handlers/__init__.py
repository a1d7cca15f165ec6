"""Use cases: load, decide, store and announce, each in the transaction it is given."""
