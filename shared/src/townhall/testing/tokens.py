"""The token fixtures: access tokens of an issuer that the tested services trust."""

from collections.abc import Callable
from pathlib import Path

import pytest

from townhall.contracts.roles import Role
from townhall.embedded.issuer import Issuer, new_key


class Token(str):
    """An access token and its HTTP header."""

    __slots__ = ()

    @property
    def header(self) -> dict[str, str]:
        """The `Authorization` header."""
        return {"Authorization": f"Bearer {self}"}


Mint = Callable[[Role | str, str], Token]


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    """The issuer of this run, trusted by the services of `client_of` and `running`."""
    return Issuer(new_key(), "https://issuer.townhall.invalid")


@pytest.fixture(scope="session")
def jwks_file(issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the issuer's JWKS."""
    file = tmp_path_factory.mktemp("issuer") / "jwks.json"
    file.write_bytes(issuer.jwks)
    return file


@pytest.fixture(scope="session")
def mint(issuer: Issuer) -> Mint:
    """A function that returns access tokens: `mint("citizen", "kim").header`."""
    return lambda role, subject: Token(issuer.token(str(role), subject))
