"""Rehearsals: a recorded consultation of real people, played again through the public APIs and checked by a recount."""
