"""`python -m townhall_local.up.migrate SERVICE…`: migrate the databases of these services in one process.

A separate process frees the memory of the migration tool afterwards; one for all services loads it only once.
"""

import asyncio
import os
import sys
from collections.abc import Sequence

from townhall.chassis import migrate


async def main(services: Sequence[str]) -> None:
    """Migrate each service's database, at the URL in `<SERVICE>_DATABASE_URL`."""
    for service in services:
        await migrate.upgrade(os.environ[f"{service.upper()}_DATABASE_URL"], service)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
