"""Callers: roles are enforced, and a person has one pseudonym per service that no one else can compute."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from shared.tests.sample_service import app_of, client_of
from shared.tests.token_variants import CLAIMS, Issuer, token
from townhall.chassis.db import Database


@pytest.fixture
async def sample_service(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the small service."""
    async with client_of(app_of(Issuer(), database)) as client:
        yield client


def bearing(*tokens: str) -> list[tuple[str, str]]:
    """Return the headers that carry these tokens."""
    return [("authorization", f"Bearer {each}") for each in tokens]


@pytest.mark.parametrize(
    ("roles", "acts_as"),
    [
        (["citizen"], "citizen"),
        (["citizen", "chair"], "chair"),
        (["auditor", "citizen", "astronaut"], "citizen"),
        (["citizen", 7, None, {}], "citizen"),
    ],
)
async def test_role_that_lets_in(roles: list[object], acts_as: str, sample_service: httpx.AsyncClient) -> None:
    """The caller acts in the first role the route names that they have; roles nobody knows are ignored."""
    answer = await sample_service.get("/me", headers=bearing(token(roles=roles)))
    assert (answer.status_code, answer.json()["role"]) == (200, acts_as)
    assert "astronaut" not in answer.json()["roles"]


@pytest.mark.parametrize("roles", [[], ["officer"], ["Citizen"], ["citizen "], ["auditor", "agency"]])
async def test_roles_that_do_not(roles: list[str], sample_service: httpx.AsyncClient) -> None:
    """Known, and not allowed: 403 with the code, and no word of which role would do."""
    answer = await sample_service.get("/me", headers=bearing(token(roles=roles)))
    assert (answer.status_code, answer.json()["code"]) == (403, "role-not-allowed")
    assert answer.headers["www-authenticate"] == 'Bearer error="insufficient_scope"'


@pytest.mark.parametrize(
    "headers",
    [
        [],
        bearing(token(), token()),
        [("authorization", token())],
        [("authorization", f"Basic {token()}")],
        [("authorization", "Bearer")],
        [("authorization", "Bearer ")],
        [("x-authorization", f"Bearer {token()}")],
        [("cookie", f"authorization=Bearer {token()}")],
    ],
)
async def test_no_token(headers: list[tuple[str, str]], sample_service: httpx.AsyncClient) -> None:
    """One bearer token in the one header, or none at all."""
    answer = await sample_service.get("/me", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "token-missing")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_refused_token(sample_service: httpx.AsyncClient) -> None:
    """A bad token and a missing one are distinguished, and the token is not echoed."""
    answer = await sample_service.get("/me", headers=bearing("x.y.z"))
    assert (answer.status_code, answer.json()["code"]) == (401, "token-malformed")
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


async def test_issuer_away(sample_service: httpx.AsyncClient) -> None:
    """Before any key was seen, the trouble is here and passes."""
    issuer = Issuer()
    issuer.error = ConnectionRefusedError()
    async with client_of(app_of(issuer)) as client:
        answer = await client.get("/me", headers=bearing(token()))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


async def test_person_is_a_pseudonym(sample_service: httpx.AsyncClient) -> None:
    """The same person is the same in every request, another is another, and the subject isn't in it."""
    people = [
        (await sample_service.get("/me", headers=bearing(token(sub=subject, jti=jti)))).json()["person"]
        for subject, jti in (("kim", "1"), ("kim", "2"), ("lee", "3"), (CLAIMS["sub"], "4"))
    ]
    assert people[0] == people[1]
    assert len(set(people)) == 3
    assert all(re.fullmatch(r"[0-9a-f]{64}", person) for person in people)


async def test_the_document_tells_the_roles(sample_service: httpx.AsyncClient) -> None:
    """Roles are the scopes of the bearer requirement, in the order they count."""
    document = (await sample_service.get("/openapi.json")).json()
    assert document["paths"]["/me"]["get"]["security"] == [{"bearer": ["chair", "citizen"]}]
    assert "security" not in document["paths"]["/notes"]["get"]
