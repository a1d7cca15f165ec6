"""Settings: all errors are reported at once, and values are never printed."""

from pathlib import Path

import pytest
from pydantic_settings import SettingsConfigDict

from townhall.chassis.settings import DEMO_MARK, ServiceSettings, SettingsRefused, load

KEY = "d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35"
GOOD = {
    "PORT": "8102",
    "DATABASE_URL": "postgresql://voting:hunter2@db/voting?sslmode=require",
    "KAFKA_SERVERS": "kafka-1:9092,kafka-2:9092",
    "KAFKA_SECURITY_PROTOCOL": "SSL",
    "ISSUER": "https://issuer.example",
    "JWKS_URL": "https://issuer.example/jwks.json",
    "PUBLIC_URL": "https://voting.example",
    "PERSON_KEY": KEY,
}


class Settings(ServiceSettings):
    """As a service has it."""

    model_config = SettingsConfigDict(env_prefix="VOTING_")


def _given(monkeypatch: pytest.MonkeyPatch, **changed: str | None) -> None:
    for name, value in (GOOD | changed).items():
        if value is not None:
            monkeypatch.setenv(f"VOTING_{name}", value)


def test_good_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Production is the default, and fit settings are taken."""
    _given(monkeypatch)
    settings = load(Settings)
    assert settings.environment == "production"
    assert settings.person_key.get_secret_value() == bytes.fromhex(KEY)


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the key nor the password of the database is in what is printed of settings."""
    _given(monkeypatch)
    assert "hunter2" not in repr(load(Settings))
    assert KEY not in repr(load(Settings)).lower()


def test_everything_wrong_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """One start tells all that is missing, malformed or weak, and repeats none of it."""
    _given(monkeypatch, PORT="eighty", KAFKA_SERVERS="nowhere", ISSUER=None, PERSON_KEY="c0ffee")
    with pytest.raises(SettingsRefused) as refused:
        load(Settings)
    named = {sentence.split()[0] for sentence in refused.value.sentences}
    assert named == {"VOTING_PORT", "VOTING_KAFKA_SERVERS", "VOTING_ISSUER", "VOTING_PERSON_KEY"}
    assert not any(value in str(refused.value) for value in ("eighty", "nowhere", "c0ffee"))


@pytest.mark.parametrize(
    "unfit",
    [
        {"DATABASE_URL": "postgresql://voting:hunter2@db/voting"},
        {"DATABASE_URL": "postgresql://voting:hunter2@db/voting?sslmode=prefer"},
        {"DATABASE_SESSION_URL": "postgresql://voting:hunter2@db/voting"},
        {"ISSUER": "http://issuer.example"},
        {"ISSUER": "http://127.0.0.1:8100"},
        {"ISSUER": "https://issuer.invalid"},
        {"ISSUER": "https://issuer.INVALID."},
        {"ISSUER": "https://issuer.invalid/realm"},
        {"ISSUER": "townhall"},
        {"JWKS_URL": "http://issuer.example/jwks.json"},
        {"JWKS_URL": "HTTP://issuer.example/jwks.json"},
        {"PUBLIC_URL": "http://voting.example"},
        {"PERSON_KEY": (DEMO_MARK + bytes(range(32))).hex()},
    ],
)
def test_production_refuses(unfit: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What is meant for one machine never reaches production; there it starts."""
    _given(monkeypatch, **unfit)
    with pytest.raises(SettingsRefused, match="production"):
        load(Settings)
    monkeypatch.setenv("VOTING_ENVIRONMENT", "local")
    assert load(Settings).environment == "local"


def test_production_needs_a_public_url(monkeypatch: pytest.MonkeyPatch) -> None:
    """Locally it is where the service listens: event schemas need an absolute URL."""
    _given(monkeypatch, PUBLIC_URL=None)
    with pytest.raises(SettingsRefused, match="VOTING_PUBLIC_URL"):
        load(Settings)
    monkeypatch.setenv("VOTING_ENVIRONMENT", "local")
    assert load(Settings).base_url == "http://127.0.0.1:8102"


@pytest.mark.parametrize("url", ["voting.example", "https://voting.example/", "https://voting.example?a=1", "ftp://x"])
def test_a_public_url_is_absolute(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The path of a schema is appended to it."""
    _given(monkeypatch, PUBLIC_URL=url, ENVIRONMENT="local")
    with pytest.raises(SettingsRefused, match="VOTING_PUBLIC_URL"):
        load(Settings)


@pytest.mark.parametrize("weak", ["", "00" * 32, "ab" * 31, "0123456789abcdef" * 4, "not hexadecimal" * 8])
def test_weak_keys_are_refused_everywhere(weak: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that could be guessed is no key, on one machine either."""
    _given(monkeypatch, PERSON_KEY=weak, ENVIRONMENT="local")
    with pytest.raises(SettingsRefused, match="VOTING_PERSON_KEY"):
        load(Settings)


def test_plaintext_is_permitted_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database without TLS in production needs a permission; sockets of this machine need none."""
    _given(monkeypatch, DATABASE_URL="postgresql://voting:hunter2@db/voting", ALLOW_PLAINTEXT_DATABASE="on")
    assert load(Settings).session_url == "postgresql://voting:hunter2@db/voting"
    _given(monkeypatch, DATABASE_URL="postgresql:///voting?host=/run/postgresql", ALLOW_PLAINTEXT_DATABASE="off")
    assert load(Settings).database_pooler == "none"


def test_a_pooler_needs_a_second_url(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a pooler in transaction mode, locks of a session would be granted to several processes at once."""
    _given(monkeypatch, DATABASE_POOLER="transaction")
    with pytest.raises(SettingsRefused, match="VOTING_DATABASE_SESSION_URL is missing"):
        load(Settings)
    _given(monkeypatch, DATABASE_SESSION_URL="postgresql://voting:hunter2@other/voting?sslmode=require")
    assert load(Settings).session_url.startswith("postgresql://voting:hunter2@other/")


def test_a_database_url_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """The refusal says what is wrong with it, and never repeats the password."""
    _given(monkeypatch, DATABASE_URL="postgresql://voting:hunter2@db/voting?sslmod=require")
    with pytest.raises(SettingsRefused, match="VOTING_DATABASE_URL has the option sslmod") as refused:
        load(Settings)
    assert "hunter2" not in str(refused.value)


def test_secrets_from_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every setting can come from the file that `<NAME>_FILE` names."""
    (tmp_path / "key").write_text(KEY + "\n", encoding="utf-8")
    _given(monkeypatch, PERSON_KEY=None, PERSON_KEY_FILE=str(tmp_path / "key"))
    assert load(Settings).person_key.get_secret_value() == bytes.fromhex(KEY)


def test_unreadable_files_are_said_with_the_rest(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A file that isn't there, and a setting given twice, are named beside other mistakes."""
    (tmp_path / "port").write_text("1", encoding="utf-8")
    missing = str(tmp_path / "missing")
    _given(monkeypatch, PERSON_KEY=None, PERSON_KEY_FILE=missing, PORT_FILE=str(tmp_path / "port"), ISSUER=None)
    with pytest.raises(SettingsRefused) as refused:
        load(Settings)
    named = {sentence.split()[0] for sentence in refused.value.sentences}
    assert {"VOTING_PERSON_KEY_FILE", "VOTING_PORT", "VOTING_ISSUER"} <= named
    assert missing not in str(refused.value)
