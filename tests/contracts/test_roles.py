"""Each role may call the routes listed in docs/reference/roles.md, and no others."""

import re
from pathlib import Path
from uuid import uuid4

import pytest

from tests.contracts.assembled_services import NAMES
from tests.contracts.openapi import OPERATIONS, Operation
from townhall.contracts.roles import Role
from townhall.testing.databases import DatabaseOf
from townhall.testing.services import ClientOf
from townhall.testing.tokens import Mint

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "roles.md"


def promised() -> dict[tuple[str, str], frozenset[str]]:
    """Read the table: roles by service and route."""
    found = {}
    for section in PAGE.read_text().split("\n## ")[1:]:
        for route, roles in re.findall(r"^\| `([A-Z]+ /\S+)` \| ([a-z ]+) \|$", section, re.MULTILINE):
            found[section.partition("\n")[0], route] = frozenset(roles.split())
    return found


def test_the_openapi_documents_agree_with_the_table() -> None:
    """Every route that needs a role is in the table with exactly its roles; all others are public."""
    assert promised() == {(each.service, each.label): each.roles for each in OPERATIONS if each.roles}


def test_public_routes_only_read() -> None:
    """Only GET is possible without a token."""
    assert {each.method for each in OPERATIONS if not each.roles} == {"GET"}


def path_of(operation: Operation) -> str:
    """Return the path with ids that don't exist."""
    return re.sub(r"\{version\}", "99", re.sub(r"\{\w+_id\}", lambda _: str(uuid4()), operation.path))


@pytest.mark.parametrize("name", NAMES)
async def test_the_routes_agree_with_the_table(
    name: str, database_of: DatabaseOf, client_of: ClientOf, mint: Mint, subtests: pytest.Subtests
) -> None:
    """401 without a token and 403 in another role, both before any other check; else neither."""
    client = await client_of(await database_of(name))
    for operation in (each for each in OPERATIONS if each.service == name):
        with subtests.test(operation.label):
            path = path_of(operation)
            anonymous = await client.request(operation.method, path)
            assert (anonymous.status_code == 401) is bool(operation.roles)
            for role in Role:
                answer = await client.request(operation.method, path, headers=mint(role, "kim").header)
                assert (answer.status_code == 403) is bool(operation.roles and role not in operation.roles), role
                assert answer.status_code != 401
