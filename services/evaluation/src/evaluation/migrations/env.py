"""Alembic's entry: run on the connection the chassis opened and locked."""

from evaluation.store.tables import Row
from townhall.chassis.migrate import environment

environment(Row.metadata)
