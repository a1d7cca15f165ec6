"""Proposals, their screening, and the tasks selected from them."""
