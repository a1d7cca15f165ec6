"""Alembic's entry point. Runs on the connection that the chassis opened and locked."""

from proposal.store.tables import Row
from townhall.chassis.migrate import environment

environment(Row.metadata)
