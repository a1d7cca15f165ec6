"""Where a service's database is, and by which path it is reached."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from townhall.chassis.database_url import DatabaseUrl
from townhall.chassis.libpq_options import InvalidDatabaseUrl
from townhall.chassis.server_settings import ServerSettings
from townhall.chassis.setting_errors import wrong


def _checked(url: str) -> str:
    """Return the URL if it can be used; the refusal never repeats a part of it that may be secret."""
    try:
        DatabaseUrl.parse(url)
    except InvalidDatabaseUrl as error:
        raise wrong(str(error)) from None
    return url


PostgresUrl = Annotated[str, AfterValidator(_checked)]
"""A PostgreSQL URL. It may hold a password, so its field has no `repr`."""


class DatabaseSettings(ServerSettings):
    """The part of a service's settings that is about its database."""

    allow_plaintext_database: bool = False
    """Let `production` use a database URL without `sslmode=require` or stricter. Unix sockets need no permission."""
    database_pooler: Literal["none", "transaction"] = "none"
    """`transaction`: the database URL leads through a pooler in transaction mode, such as PgBouncer. Then no setting
    and no prepared statement outlives a transaction, and the session URL is required."""
    database_url: PostgresUrl = Field(repr=False)
    """The service's own PostgreSQL database: a libpq URL. Its options may be `sslmode`, `sslrootcert`, `sslcert`,
    `sslkey`, `connect_timeout` (seconds for each host), and for several hosts `target_session_attrs=read-write`."""
    database_session_url: PostgresUrl | None = Field(None, repr=False, validate_default=True)
    """The same database without a pooler, for what needs a session of its own: the relay with its lock and LISTEN, the
    prepared statements of the bulk insert, migrations. By default the database URL."""

    @field_validator("database_url", "database_session_url")
    @classmethod
    def _encrypted(cls, url: str | None, field: ValidationInfo) -> str | None:
        permitted = field.data.get("allow_plaintext_database", False) or field.data.get("environment") == "local"
        if url and not permitted and not DatabaseUrl.parse(url).encrypted:
            raise wrong(
                "does not require TLS (sslmode=require, verify-ca or verify-full), which production refuses unless "
                "ALLOW_PLAINTEXT_DATABASE is true"
            )
        return url

    @field_validator("database_session_url")
    @classmethod
    def _without_pooler(cls, url: str | None, field: ValidationInfo) -> str | None:
        if url is None and field.data.get("database_pooler") == "transaction":
            raise wrong("is missing: DATABASE_POOLER=transaction needs it")
        return url

    @property
    def session_url(self) -> str:
        """The URL for what needs a session of its own."""
        return self.database_session_url or self.database_url
