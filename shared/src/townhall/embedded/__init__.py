"""PostgreSQL and a Kafka-protocol broker as child processes, for development, demos and tests. Never for production.

All servers have `start()`, `stop()`, `kill()`, `pid` and an address. They listen on the loopback interface only, on a
free port by default, and end when the process that started them ends, even if it is killed.
"""

from townhall.embedded.kafka import Kafka
from townhall.embedded.postgres import Postgres
from townhall.embedded.process import CannotStart
from townhall.embedded.standby import Standby
from townhall.embedded.tansu import Tansu

__all__ = ["CannotStart", "Kafka", "Postgres", "Standby", "Tansu"]
