"""Where the Kafka cluster is, and how to encrypt and authenticate the connections to it."""

import ssl
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints, ValidationInfo, field_validator
from pydantic_settings import SettingsConfigDict

from townhall.chassis.broker_security import Mechanism, Protocol, Security
from townhall.chassis.setting_errors import wrong
from townhall.chassis.setting_files import FileSettings

Servers = Annotated[str, StringConstraints(pattern=r"^[^\s,:]+:\d{1,5}(,[^\s,:]+:\d{1,5})*$")]
"""Kafka bootstrap servers, `host:port` separated by commas."""


class KafkaSettings(FileSettings):
    """The part of the settings that is about the Kafka cluster. Contradictions are refused."""

    model_config = SettingsConfigDict(use_attribute_docstrings=True)

    kafka_servers: Servers
    """The Kafka bootstrap servers."""
    allow_plaintext_broker: bool = False
    """Allow connections to Kafka without TLS in production too, where another layer encrypts them."""
    kafka_security_protocol: Protocol = "PLAINTEXT"
    """TLS is `SSL`, TLS with SASL `SASL_SSL`. The two without TLS are refused in production, unless
    `ALLOW_PLAINTEXT_BROKER` is true."""
    kafka_ca_file: Path | None = None
    """PEM file of the certificates to trust instead of the system's. The host name is always verified."""
    kafka_certificate_file: Path | None = None
    """PEM file of the client certificate with its chain, if the cluster wants one."""
    kafka_key_file: Path | None = None
    """PEM file of the client certificate's key, not encrypted. Read again for each new client, as the other two are."""
    kafka_sasl_mechanism: Mechanism = "SCRAM-SHA-512"
    """The SASL mechanism of `SASL_SSL` and `SASL_PLAINTEXT`."""
    kafka_username: str | None = Field(None, min_length=1)
    """The SASL user name: the service's own principal, as in `townhall topics acl`."""
    kafka_password: SecretStr | None = Field(None, min_length=1)
    """The SASL password."""

    @property
    def security(self) -> Security:
        """How clients connect."""
        return Security(
            self.kafka_security_protocol,
            self.kafka_ca_file,
            self.kafka_certificate_file,
            self.kafka_key_file,
            mechanism=self.kafka_sasl_mechanism,
            username=self.kafka_username or "",
            password=self.kafka_password.get_secret_value() if self.kafka_password else "",
        )

    @field_validator("kafka_ca_file", "kafka_certificate_file", "kafka_key_file")
    @classmethod
    def _needs_tls(cls, value: Path | None, field: ValidationInfo) -> Path | None:
        protocol = field.data.get("kafka_security_protocol", "SSL")
        if value is not None and not protocol.endswith("SSL"):
            raise wrong(f"is set, but KAFKA_SECURITY_PROTOCOL is {protocol}: use SSL or SASL_SSL")
        return value

    @field_validator("kafka_ca_file")
    @classmethod
    def _holds_certificates(cls, value: Path | None) -> Path | None:
        if value is not None:
            try:
                ssl.create_default_context(cafile=value)
            except OSError:
                raise wrong("names a file that can't be read as PEM certificates") from None
        return value

    @field_validator("kafka_key_file")
    @classmethod
    def _belongs_to_the_certificate(cls, value: Path | None, field: ValidationInfo) -> Path | None:
        certificate = field.data.get("kafka_certificate_file")
        if (value is None) != (certificate is None) and "kafka_certificate_file" in field.data:
            raise wrong("and KAFKA_CERTIFICATE_FILE belong together: only one of them is set")
        if value is not None and certificate is not None:
            try:
                Security("SSL", certificate_file=certificate, key_file=value).context()
            except OSError:
                raise wrong("and KAFKA_CERTIFICATE_FILE are not a PEM certificate and its unencrypted key") from None
        return value

    @field_validator("kafka_username", "kafka_password")
    @classmethod
    def _needs_sasl(cls, value: object, field: ValidationInfo) -> object:
        protocol = field.data.get("kafka_security_protocol")
        if protocol and value is not None and not protocol.startswith("SASL"):
            raise wrong(f"is set, but KAFKA_SECURITY_PROTOCOL is {protocol}: use SASL_SSL")
        if protocol and value is None and protocol.startswith("SASL"):
            raise wrong(f"is missing: KAFKA_SECURITY_PROTOCOL is {protocol}")
        return value
