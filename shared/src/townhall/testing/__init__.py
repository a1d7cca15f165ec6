"""Fixtures and helpers of all test suites: real PostgreSQL, a real broker, real tokens, no sleeping.

The root `conftest.py` loads the fixtures. `TOWNHALL_TEST_DATABASE_URL` names a running PostgreSQL to use instead of the
embedded one (a role that may create roles and databases); `TOWNHALL_BROKER=kafka` uses Apache Kafka instead of Tansu.
"""

from townhall.testing.deliveries import deliver_events, deliver_messages, message_of
from townhall.testing.pipeline import Unsettled, settle
from townhall.testing.services import client_for

__all__ = ["Unsettled", "client_for", "deliver_events", "deliver_messages", "message_of", "settle"]
