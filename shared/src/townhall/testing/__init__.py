"""What every suite uses: real PostgreSQL, a real broker, real tokens, and no waiting for time.

The fixtures are loaded by the root `conftest.py`. `TOWNHALL_TEST_DATABASE_URL` names a running PostgreSQL instead of
the embedded one (a role that may make roles and databases); `TOWNHALL_BROKER=kafka` takes Apache Kafka, not Tansu.
"""

from townhall.testing.consuming import hear, message_of, take
from townhall.testing.services import client_for
from townhall.testing.settling import Unsettled, settle

__all__ = ["Unsettled", "client_for", "hear", "message_of", "settle", "take"]
