"""Each role may do what docs/reference/roles.md says, and nothing else."""

import re
from pathlib import Path
from uuid import uuid4

import pytest

from tests.contracts.assembled import NAMES
from tests.contracts.documents import OPERATIONS, Operation
from townhall.contracts.roles import Role
from townhall.testing.databases import DatabaseOf
from townhall.testing.people import Mint
from townhall.testing.services import ClientOf

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "roles.md"


def promised() -> dict[tuple[str, str], frozenset[str]]:
    """Read the table: roles by service and route."""
    found = {}
    for section in PAGE.read_text().split("\n## ")[1:]:
        for route, roles in re.findall(r"^\| `([A-Z]+ /\S+)` \| ([a-z ]+) \|$", section, re.MULTILINE):
            found[section.partition("\n")[0], route] = frozenset(roles.split())
    return found


def test_the_documents_say_what_the_table_says() -> None:
    """Every route that needs a role is in the table with exactly its roles; all others are public."""
    assert promised() == {(each.service, each.label): each.roles for each in OPERATIONS if each.roles}


def test_everything_public_is_reading() -> None:
    """Nothing changes without a token."""
    assert {each.method for each in OPERATIONS if not each.roles} == {"GET"}


def somewhere(operation: Operation) -> str:
    """Return a path with ids that nothing has."""
    return re.sub(r"\{version\}", "99", re.sub(r"\{\w+_id\}", lambda _: str(uuid4()), operation.path))


@pytest.mark.parametrize("name", NAMES)
async def test_the_routes_do_what_the_table_says(
    name: str, database_of: DatabaseOf, client_of: ClientOf, mint: Mint, subtests: pytest.Subtests
) -> None:
    """Without a token 401, in any other role 403, both before anything else is looked at; else neither."""
    client = await client_of(await database_of(name))
    for operation in (each for each in OPERATIONS if each.service == name):
        with subtests.test(operation.label):
            path = somewhere(operation)
            anybody = await client.request(operation.method, path)
            assert (anybody.status_code == 401) is bool(operation.roles)
            for role in Role:
                answer = await client.request(operation.method, path, headers=mint(role, "kim").header)
                assert (answer.status_code == 403) is bool(operation.roles and role not in operation.roles), role
                assert answer.status_code != 401
