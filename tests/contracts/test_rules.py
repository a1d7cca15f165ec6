"""Rule versions of every service: a version has every parameter, of the right type, in visible text."""

from collections.abc import Iterator
from typing import Any

import pytest
from httpx import Response

from tests.contracts.assembled_services import NAMES
from townhall.testing.databases import DatabaseOf
from townhall.testing.services import ClientOf
from townhall.testing.tokens import Mint

Numbers = dict[str, Any]


def invalid_variants(rule: Numbers) -> Iterator[Numbers]:
    """Yield rules with a missing parameter, and rules that lenient parsing would accept as this one."""
    for name, value in rule.items():
        yield {other: given for other, given in rule.items() if other != name}
        match value:
            case bool():
                wrong: list[object] = [str(value).lower(), int(value), None]
            case int():
                wrong = [str(value), float(value), value == 1, None]
            case str():
                wrong = [1, None, f"{value}\u202e"]
            case _:
                wrong = [None, "", [1], ["\u3164"], ["\u200b"], ["서울\u2066"], ["\ue000"], [" 서울"]]
        yield from (rule | {name: each} for each in wrong)


async def test_every_version_can_be_read_page_by_page(database_of: DatabaseOf, client_of: ClientOf, mint: Mint) -> None:
    """Older versions stay readable, however many follow."""
    client, headers = await client_of(await database_of("voting")), mint("secretary", "yun").header
    (rule,) = (await client.get("/rules")).json()["items"]
    for number in range(2, 6):
        payload = {"article": f"제{number}조", "parameters": rule["parameters"]}
        assert (await client.post("/rules", json=payload, headers=headers)).status_code == 201
    seen, query = [], {"limit": "2"}
    while query:
        page = (await client.get("/rules", params=query)).json()
        seen.append([each["version"] for each in page["items"]])
        query = {"limit": "2", "cursor": page["next"]} if page["next"] else {}
    assert seen == [[5, 4], [3, 2], [1]]


@pytest.mark.parametrize("name", NAMES)
async def test_a_rule_is_enacted_exactly_or_refused(
    name: str, database_of: DatabaseOf, client_of: ClientOf, mint: Mint
) -> None:
    """Nothing is coerced, and no parameter falls back to a default of the code."""
    client = await client_of(await database_of(name))
    (first,) = (await client.get("/rules")).json()["items"]
    headers = mint("secretary", "yun").header

    async def enact(parameters: Numbers) -> Response:
        return await client.post("/rules", json={"article": "제2조", "parameters": parameters}, headers=headers)

    for wrong in invalid_variants(first["parameters"]):
        assert (await enact(wrong)).status_code == 422, wrong
    enacted = await enact(first["parameters"])
    assert (enacted.status_code, enacted.json()["parameters"]) == (201, first["parameters"])
