"""Settings of the connections to Kafka: contradictions are refused at the start, each at its variable."""

from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from pydantic_settings import SettingsConfigDict

from shared.tests.test_settings import GOOD
from townhall.chassis.serve import bus_of
from townhall.chassis.settings import ServiceSettings, SettingsRefused, load

PROTOCOL = "KAFKA_SECURITY_PROTOCOL"


class Settings(ServiceSettings):
    """As a service has it."""

    model_config = SettingsConfigDict(env_prefix="VOTING_")


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Paths of a CA, a client certificate with its key, that key encrypted, and a file that is none of them."""
    authority = trustme.CA()
    issued = authority.issue_cert("voting.client", common_name="voting")
    authority.cert_pem.write_to_path(tmp_path / "ca")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "certificate")
    issued.private_key_pem.write_to_path(tmp_path / "key")
    key = load_pem_private_key(issued.private_key_pem.bytes(), None)
    encrypted = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"hunter2"))
    (tmp_path / "encrypted").write_bytes(encrypted)
    (tmp_path / "other").write_text("password=hunter2", encoding="utf-8")
    return {name: str(tmp_path / name) for name in ("ca", "certificate", "key", "encrypted", "other", "missing")}


def refused(monkeypatch: pytest.MonkeyPatch, **changed: str) -> set[str]:
    """Start with these settings; return the variables that were refused."""
    for name, value in (GOOD | changed).items():
        monkeypatch.setenv(f"VOTING_{name}", value)
    sentences: list[str] = []
    try:
        load(Settings)
    except SettingsRefused as error:
        sentences = error.sentences
    assert "hunter2" not in str(sentences)
    return {sentence.split()[0].removeprefix("VOTING_") for sentence in sentences}


@pytest.mark.parametrize("protocol", ["PLAINTEXT", "SASL_PLAINTEXT"])
def test_production_refuses_an_unencrypted_bus(monkeypatch: pytest.MonkeyPatch, protocol: str) -> None:
    """Unless it is declared by name; on one machine it needs no declaration."""
    login = {"KAFKA_USERNAME": "voting", "KAFKA_PASSWORD": "hunter2"} if protocol.startswith("SASL") else {}
    settings = {PROTOCOL: protocol, **login}
    assert refused(monkeypatch, **settings) == {PROTOCOL}
    assert refused(monkeypatch, **settings, ALLOW_PLAINTEXT_BROKER="true") == set()
    assert refused(monkeypatch, **settings, ALLOW_PLAINTEXT_BROKER="false", ENVIRONMENT="local") == set()


def test_plaintext_is_the_default_and_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deployment that sets nothing does not start."""
    for name, value in GOOD.items():
        if name != PROTOCOL:
            monkeypatch.setenv(f"VOTING_{name}", value)
    with pytest.raises(SettingsRefused, match=f"VOTING_{PROTOCOL} is PLAINTEXT, which production refuses"):
        load(Settings)


def test_sasl_needs_a_user_and_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are named; and neither may be set where it would not be used."""
    assert refused(monkeypatch, **{PROTOCOL: "SASL_SSL"}) == {"KAFKA_USERNAME", "KAFKA_PASSWORD"}
    login = {"KAFKA_USERNAME": "voting", "KAFKA_PASSWORD": "hunter2"}
    assert refused(monkeypatch, **{PROTOCOL: "SASL_SSL"}, **login) == set()
    assert refused(monkeypatch, **{PROTOCOL: "SSL"}, **login) == set(login)
    assert refused(monkeypatch, **{PROTOCOL: "SASL_SSL"}, **login, KAFKA_SASL_MECHANISM="GSSAPI") == {
        "KAFKA_SASL_MECHANISM"
    }


def test_the_password_can_be_a_file(monkeypatch: pytest.MonkeyPatch, files: dict[str, str]) -> None:
    """As every secret; and it is not shown."""
    settings = {PROTOCOL: "SASL_SSL", "KAFKA_USERNAME": "voting", "KAFKA_PASSWORD_FILE": files["other"]}
    assert refused(monkeypatch, **settings) == set()
    bus = bus_of(load(Settings))
    assert (bus.security.password, "hunter2" in repr(bus)) == ("password=hunter2", False)
    assert "hunter2" not in repr(load(Settings))


@pytest.mark.parametrize(
    ("given", "variables"),
    [
        ({"KAFKA_CA_FILE": "ca"}, set()),
        ({"KAFKA_CA_FILE": "ca", "KAFKA_CERTIFICATE_FILE": "certificate", "KAFKA_KEY_FILE": "key"}, set()),
        ({"KAFKA_CA_FILE": "missing"}, {"KAFKA_CA_FILE"}),
        ({"KAFKA_CA_FILE": "other"}, {"KAFKA_CA_FILE"}),
        ({"KAFKA_CERTIFICATE_FILE": "certificate"}, {"KAFKA_KEY_FILE"}),
        ({"KAFKA_KEY_FILE": "key"}, {"KAFKA_KEY_FILE"}),
        ({"KAFKA_CERTIFICATE_FILE": "ca", "KAFKA_KEY_FILE": "key"}, {"KAFKA_KEY_FILE"}),
        ({"KAFKA_CERTIFICATE_FILE": "certificate", "KAFKA_KEY_FILE": "encrypted"}, {"KAFKA_KEY_FILE"}),
        ({PROTOCOL: "PLAINTEXT", "ENVIRONMENT": "local", "KAFKA_CA_FILE": "ca"}, {"KAFKA_CA_FILE"}),
    ],
)
def test_certificates_are_read_at_the_start(
    monkeypatch: pytest.MonkeyPatch, files: dict[str, str], given: dict[str, str], variables: set[str]
) -> None:
    """A file that is missing, no PEM, or doesn't fit stops the start, and not the first connection."""
    settings = {name: files.get(value, value) for name, value in given.items()}
    assert refused(monkeypatch, **({PROTOCOL: "SSL"} | settings)) == variables
