"""Which revision a database is at. Reads file names only: a service that serves doesn't carry the migration tool."""

from importlib import resources

from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection

_CURRENT = text("SELECT version_num FROM alembic_version")


def known(package: str) -> list[str]:
    """Return the revisions this code knows, oldest first: each is the number its file's name begins with."""
    files = resources.files(package).joinpath("migrations", "versions").iterdir()
    return sorted(file.name.partition("_")[0] for file in files if file.name.endswith(".py") and file.name[0].isdigit())


async def behind(connection: AsyncConnection, package: str) -> bool:
    """Tell whether the database is older than this code. A newer one, unknown here, is not."""
    *older, newest = known(package)
    try:
        current = (await connection.execute(_CURRENT)).scalar_one_or_none()
    except ProgrammingError:
        return True
    return current != newest and (current is None or current in older)
