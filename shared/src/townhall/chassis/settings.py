"""Settings of a service: read once from environment variables or files, validated whole, secrets never shown."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    BeforeValidator,
    Field,
    SecretBytes,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import from_json
from pydantic_settings import BaseSettings, SettingsConfigDict

from townhall.chassis.database_settings import DatabaseSettings
from townhall.chassis.kafka_settings import KafkaSettings
from townhall.chassis.setting_errors import wrong
from townhall.chassis.setting_files import misread, variable

DEMO_MARK = b"townhall-demo"
"""A key that contains this says of itself that everybody knows it."""


class SettingsRefused(Exception):
    """The service must not start. `sentences` names every setting at fault, and no value."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("\n".join(["The settings were refused:", *(f"- {each}" for each in sentences)]))
        self.sentences = sentences


def _key(given: object) -> bytes:
    """Read a key from hexadecimal digits; refuse one that could be guessed."""
    try:
        key = given if isinstance(given, bytes) else bytes.fromhex(str(given))
    except ValueError:
        raise wrong("must be written in hexadecimal digits") from None
    if len(key) < 32:  # noqa: PLR2004  256 bits
        raise wrong("must have at least 32 bytes (64 hexadecimal digits)")
    if len(set(key)) < 16:  # noqa: PLR2004  32 random bytes have about 30 different ones
        raise wrong("is too regular to be a random key")
    return key


def from_file(given: object) -> object:
    """Parse the JSON of a setting where it comes from a file."""
    try:
        return from_json(given) if isinstance(given, str) else given
    except ValueError:
        raise wrong("is not JSON") from None


def all_versions(current: int, key: SecretBytes, former: Mapping[int, SecretBytes]) -> Mapping[int, bytes]:
    """Return the keys of all versions, the former ones first."""
    return {version: each.get_secret_value() for version, each in [*former.items(), (current, key)]}


Key = Annotated[SecretBytes, BeforeValidator(_key)]
"""A secret key of at least 32 bytes, given in hexadecimal digits."""
KeysByVersion = Annotated[Mapping[int, Key], BeforeValidator(from_file)]
"""Former keys by their version."""
Versions = Annotated[frozenset[int], BeforeValidator(from_file)]
"""Versions of a key."""


PublicUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/?#]+(/[^\s/?#]+)*$")]
"""An absolute URL without query, fragment and final slash."""


class ServiceSettings(KafkaSettings, DatabaseSettings):
    """What every service needs. Each can also be read from the file that `<NAME>_FILE` names."""

    model_config = SettingsConfigDict(
        frozen=True, hide_input_in_errors=True, extra="ignore", use_attribute_docstrings=True
    )

    kafka_session_timeout_ms: int = Field(10_000, ge=1000, le=300_000)
    """Milliseconds without a heartbeat after which the broker gives a consumer's partitions to another one."""
    topic_prefix: str = Field("", pattern=r"^[a-z0-9.-]{0,60}$")
    """Prefix of every topic and consumer group, so that several platforms can share a Kafka cluster."""
    issuer: str = Field(min_length=1)
    """The exact `iss` claim that access tokens must have."""
    audience: str = Field("townhall", min_length=1)
    """The `aud` claim that access tokens must have."""
    jwks_url: str = Field(min_length=1)
    """The issuer's public keys (JWKS): a URL, or the path of a file."""
    public_url: PublicUrl | None = Field(None, validate_default=True)
    """Where this service is reached from outside, without a slash at the end: the base of the `ce_dataschema` of its
    events. Required in production; else `http://<host>:<port>`."""
    jwks_refresh_seconds: float = Field(300, ge=30, le=3600)
    """Seconds within which a key the issuer removed is no longer accepted, as long as the issuer answers."""
    jwks_max_age_seconds: float = Field(3600, ge=3600, le=86_400)
    """Seconds the last good keys are used while the issuer doesn't answer; then every token is answered with 503."""
    person_key: Key
    """Key of the HMAC that turns a token's issuer and subject into this service's pseudonym for the person."""
    person_key_version: int = Field(1, ge=1)
    """Increase it when you replace the person key, and move the old key to `FORMER_PERSON_KEYS`."""
    former_person_keys: KeysByVersion = Field(default_factory=dict)
    """Earlier person keys by version: `{"1": "<64 hexadecimal digits>"}`. Without one it needs, nobody can act."""
    retired_person_keys: Versions = frozenset()
    """Versions given up for good: `[1]`. Who never acted since a later version came counts as a new person."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Log records below this level are dropped."""

    @property
    def base_url(self) -> str:
        """The public URL, or where a local service listens."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"http://{host}:{self.port}"

    @field_validator("kafka_security_protocol")
    @classmethod
    def _encrypted_in_production(cls, value: str, field: ValidationInfo) -> str:
        production = field.data.get("environment", "production") == "production"
        if production and not value.endswith("SSL") and not field.data.get("allow_plaintext_broker"):
            raise wrong(f"is {value}, which production refuses unless ALLOW_PLAINTEXT_BROKER is true")
        return value

    @field_validator("*")
    @classmethod
    def _fit_for_production(cls, value: object, field: ValidationInfo) -> object:
        fault = _unfit(str(field.field_name), value)
        if fault and field.data.get("environment", "production") == "production":
            raise wrong(f"{fault}, which production refuses")
        return value

    @property
    def person_keys(self) -> Mapping[int, bytes]:
        """All person keys by version, the current one included."""
        return all_versions(self.person_key_version, self.person_key, self.former_person_keys)

    @model_validator(mode="after")
    def _one_person_key_a_version(self) -> Self:
        if self.person_key_version in self.former_person_keys:
            raise wrong("FORMER_PERSON_KEYS has an entry for PERSON_KEY_VERSION")
        return self


def _unfit(name: str, value: object) -> str | None:
    if name == "public_url" and not str(value or "").startswith("https://"):
        return "is missing or not an https:// URL"
    if name == "issuer" and not str(value).startswith("https://"):
        return "is not an https:// URL"
    if name == "issuer" and (urlsplit(str(value)).hostname or "").rstrip(".").endswith(".invalid"):
        return "ends in .invalid"
    if name == "jwks_url" and str(value).lower().startswith("http://"):
        return "is an http:// URL"
    keys = value.values() if isinstance(value, Mapping) else [value]
    if any(isinstance(key, SecretBytes) and DEMO_MARK in key.get_secret_value() for key in keys):
        return "is a demonstration key"
    return None


S = TypeVar("S", bound=BaseSettings)


def load(kind: type[S], **given: Any) -> S:  # noqa: ANN401  a setting can be of any type
    """Read the settings from the environment, or raise one `SettingsRefused` with everything that is wrong.

    What is given is not read.
    """
    sentences = misread(kind)
    try:
        settings = kind(**given)
    except ValidationError as errors:
        sentences += [_sentence(kind, dict(error)) for error in errors.errors(include_input=False)]
    else:
        if not sentences:
            return settings
    # Outside the handler: the error it caught knows the values.
    raise SettingsRefused(sentences)


def _sentence(kind: type[BaseSettings], error: dict[str, Any]) -> str:
    title = "is missing" if error["type"] == "missing" else error["msg"]
    if not error["loc"]:
        return str(title)
    return f"{variable(kind, str(error['loc'][0]))} {title}"
