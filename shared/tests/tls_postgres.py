"""A PostgreSQL that refuses connections without TLS, from the binaries of the system."""

import os
from pathlib import Path
from typing import Final

from typing_extensions import override

from shared.tests.certificates import Authority, written
from townhall.embedded.binaries import system_binaries
from townhall.embedded.postgres import DataPath, Postgres
from townhall.embedded.process import Owner

BY_CERTIFICATE: Final = "by_certificate"
"""The role that logs in with a client certificate and no password."""
_RULES: Final = f"""
hostssl all {BY_CERTIFICATE} 127.0.0.1/32 cert
hostssl all all 127.0.0.1/32 scram-sha-256
"""
_TLS: Final = ("ssl=on", "ssl_cert_file=server.pem", "ssl_key_file=server.key", "ssl_ca_file=ca.pem")


class TlsPostgres(Postgres):
    """Its certificate is for the name `localhost` and not for the address it listens on."""

    def __init__(self, directory: Path, authority: Authority, *, password: str) -> None:
        super().__init__(directory, password=password, durable=False, settings=_TLS)
        self._authority = authority

    @staticmethod
    @override
    def _binaries(owner: Owner) -> Path:
        return system_binaries(owner)

    @override
    def _fill(self, data: DataPath, owner: Owner) -> None:
        super()._fill(data, owner)
        certificate, key = self._authority.issue("postgres", dns="localhost")
        files = {"server.pem": certificate, "server.key": key, "ca.pem": self._authority.pem}
        for name, content in {**files, "pg_hba.conf": _RULES.encode()}.items():
            os.chown(written(Path(data.path), name, content), *owner)
