"""Alembic's entry: run on the connection the chassis opened and locked."""

from committee.store.meeting_tables import MeetingRow
from townhall.chassis.migrate import environment

environment(MeetingRow.metadata)
