"""Alembic's entry point. Runs on the connection that the chassis opened and locked."""

from townhall.chassis.migrate import environment
from voting.store.tables import Row

environment(Row.metadata)
