"""TLS and SASL to the Kafka cluster: one description, and the arguments each client library takes for it."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from faststream.security import BaseSecurity

Protocol: TypeAlias = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism: TypeAlias = Literal["SCRAM-SHA-512", "PLAIN"]


@dataclass(frozen=True, slots=True)
class Security:
    """How a client encrypts its connections and proves who it is. The default does neither."""

    protocol: Protocol = "PLAINTEXT"
    ca_file: Path | None = None
    """Certificates to trust instead of the system's."""
    certificate_file: Path | None = None
    key_file: Path | None = None
    mechanism: Mechanism = "SCRAM-SHA-512"
    username: str = ""
    password: str = field(default="", repr=False)

    @property
    def encrypts(self) -> bool:
        """Whether connections use TLS."""
        return self.protocol.endswith("SSL")

    @property
    def logs_in(self) -> bool:
        """Whether connections authenticate with SASL."""
        return self.protocol.startswith("SASL")

    def context(self) -> ssl.SSLContext | None:
        """Return a TLS context that verifies certificate and host name; None without TLS.

        The files are read at each call, so a renewed certificate is used by the next client. Raises `OSError`.
        """
        if not self.encrypts:
            return None
        context = ssl.create_default_context(cafile=self.ca_file)
        if self.certificate_file:
            # An encrypted key fails instead of asking for its password on the terminal.
            context.load_cert_chain(self.certificate_file, self.key_file, password="")
        return context

    def aiokafka(self) -> dict[str, Any]:
        """Return the keyword arguments of aiokafka's producer, consumer, admin client and connection."""
        arguments: dict[str, Any] = {"security_protocol": self.protocol, "ssl_context": self.context()}
        if self.logs_in:
            arguments |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
            }
        return arguments

    def faststream(self) -> "BaseSecurity":
        """Return the `security` argument of FastStream's broker."""
        from faststream.security import (  # noqa: PLC0415  slow to load, and commands don't need it
            BaseSecurity,
            SASLPlaintext,
            SASLScram512,
        )

        if not self.logs_in:
            return BaseSecurity(ssl_context=self.context())
        kind = SASLScram512 if self.mechanism == "SCRAM-SHA-512" else SASLPlaintext
        return kind(self.username, self.password, ssl_context=self.context())

    def librdkafka(self) -> dict[str, str]:
        """Return the settings of a librdkafka client, such as confluent-kafka's admin client."""
        settings: dict[str, str | Path | None] = {
            "security.protocol": self.protocol,
            "ssl.ca.location": self.ca_file,
            "ssl.certificate.location": self.certificate_file,
            "ssl.key.location": self.key_file,
        }
        if self.logs_in:
            settings["sasl.mechanisms"] = self.mechanism
            settings["sasl.username"] = self.username
            settings["sasl.password"] = self.password
        return {name: str(value) for name, value in settings.items() if value}


PLAINTEXT: Final = Security()
"""Neither encryption nor authentication, as of the embedded brokers."""
