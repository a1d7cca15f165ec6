"""Alembic's entry: run on the connection the chassis opened and locked."""

from townhall.chassis.migrate import environment
from voting.store.tables import Row

environment(Row.metadata)
