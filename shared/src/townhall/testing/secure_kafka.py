"""Apache Kafka with TLS, SASL, client certificates and ACLs, where nothing is allowed that no ACL allows."""

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import trustme
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from typing_extensions import override

from townhall.chassis.broker_security import Mechanism, Security
from townhall.embedded import Kafka
from townhall.embedded.kafka_probe import broker_ready
from townhall.embedded.ports import HOST, free_port
from townhall.embedded.process import Child

ADMIN: Final = "admin"
"""The super user."""
_SETTINGS: Final = """
controller.quorum.voters=1@{host}:{controller}
listeners=CLIENTS://{host}:{port},CERTIFICATES://{host}:{certificates},INTERNAL://{host}:{internal},\
CONTROLLER://{host}:{controller}
advertised.listeners=CLIENTS://{host}:{port},CERTIFICATES://{host}:{certificates},INTERNAL://{host}:{internal}
listener.security.protocol.map=CLIENTS:SASL_SSL,CERTIFICATES:SSL,INTERNAL:SSL,CONTROLLER:SSL
inter.broker.listener.name=INTERNAL
ssl.keystore.type=PEM
ssl.keystore.location=store.pem
ssl.truststore.type=PEM
ssl.truststore.location=ca.pem
ssl.principal.mapping.rules=RULE:^CN=([^,]+),.*$/$1/
listener.name.certificates.ssl.client.auth=required
listener.name.internal.ssl.client.auth=required
listener.name.controller.ssl.client.auth=required
listener.name.clients.sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN
listener.name.clients.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.clients.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required {users};
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
super.users=User:{admin};User:broker
listener.name.clients.scram-sha-512.connections.max.reauth.ms=5000
"""
"""What differs from the plaintext broker."""


class SecureKafka(Kafka):
    """A broker whose port speaks SASL_SSL; another one accepts client certificates. `users` have one password each."""

    NAME = "Apache Kafka with TLS"

    def __init__(self, directory: Path, users: Sequence[str]) -> None:
        super().__init__(directory)
        self.certificates_port = 0
        self._passwords = {name: secrets.token_hex(8) for name in (ADMIN, *users)}
        self._ca = trustme.CA()

    @property
    def ca_file(self) -> Path:
        """The certificate of the authority that signed the broker's and the clients' certificates."""
        return self.directory / "ca.pem"

    def security(self, user: str, mechanism: Mechanism = "SCRAM-SHA-512", password: str | None = None) -> Security:
        """Return how a user connects with a password, by default the right one."""
        return Security(
            "SASL_SSL",
            self.ca_file,
            mechanism=mechanism,
            username=user,
            password=password or self._passwords[user],
        )

    def certified(self, user: str) -> Security:
        """Return how a user connects with a client certificate, at `certificates_address`."""
        certificate, key = self.directory / f"{user}.crt", self.directory / f"{user}.key"
        if not key.exists():
            issued = self._ca.issue_cert(f"{user}.client", common_name=user)
            certificate.write_bytes(issued.cert_chain_pems[0].bytes())
            key.write_bytes(issued.private_key_pem.bytes())
        return Security("SSL", self.ca_file, certificate, key)

    @property
    def certificates_address(self) -> str:
        """`host:port` of the listener for client certificates."""
        return f"{HOST}:{self.certificates_port}"

    @override
    def _prepare(self) -> None:
        self._ca.cert_pem.write_to_path(self.ca_file)
        issued = self._ca.issue_cert(HOST, "localhost", common_name="broker")
        key = load_pem_private_key(issued.private_key_pem.bytes(), password=None)
        pkcs8 = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        store = pkcs8 + issued.cert_chain_pems[0].bytes() + self._ca.cert_pem.bytes()
        (self.directory / "store.pem").write_bytes(store)
        super()._prepare()

    @override
    def _users(self) -> list[str]:
        return [
            f"--add-scram=SCRAM-SHA-512=[name={user},password={password}]" for user, password in self._passwords.items()
        ]

    @override
    def _more_settings(self, port: int, controller: int) -> str:
        self.certificates_port = free_port()
        plain = " ".join(f'user_{user}="{password}"' for user, password in self._passwords.items())
        return _SETTINGS.format(
            host=HOST,
            port=port,
            certificates=self.certificates_port,
            internal=free_port(),
            controller=controller,
            users=plain,
            admin=ADMIN,
        )

    @override
    def _ready(self, _child: Child, port: int) -> bool:
        return broker_ready(self.certificates_port, cluster=self._cluster, tls=self.certified(ADMIN).context())
