"""`python -m townhall_local.up.migrating SERVICE…`: migrate their databases in one short-lived process.

What migrations need in memory is gone afterwards, and it is loaded once instead of four times.
"""

import asyncio
import os
import sys
from collections.abc import Sequence

from townhall.chassis import migrate


async def main(services: Sequence[str]) -> None:
    """Migrate each service's database; `<SERVICE>_DATABASE_URL` says where it is."""
    for service in services:
        await migrate.upgrade(os.environ[f"{service.upper()}_DATABASE_URL"], service)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
