"""Alembic's entry point. Runs on the connection that the chassis opened and locked."""

from committee.store.meeting_tables import MeetingRow
from townhall.chassis.migrate import environment

environment(MeetingRow.metadata)
