"""What the service does: load, decide, store, announce. Each in the one transaction it is given."""
