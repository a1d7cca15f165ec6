"""PostgreSQL and a broker as child processes, for development, demos and tests. Never for production.

The servers look alike: `start()`, `stop()`, `kill()`, `pid` and an address. They listen on the loopback interface only,
on a free port unless told otherwise, and end when the process that started them ends, however it ends.
"""

from townhall.embedded.child import CannotStart
from townhall.embedded.kafka import Kafka
from townhall.embedded.postgres import Postgres
from townhall.embedded.tansu import Tansu

__all__ = ["CannotStart", "Kafka", "Postgres", "Tansu"]
