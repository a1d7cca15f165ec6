"""The use cases: load, decide, store, announce, each in the transaction of its caller."""
