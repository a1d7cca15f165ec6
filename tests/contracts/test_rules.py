"""Rules as data, of every service: a version says every parameter, in its own kind, in words anyone can read."""

from collections.abc import Iterator
from typing import Any

import pytest
from httpx import Response

from tests.contracts.assembled import NAMES
from townhall.testing.databases import DatabaseOf
from townhall.testing.services import ClientOf
from townhall.testing.tokens import Mint

Numbers = dict[str, Any]


def near_misses(rule: Numbers) -> Iterator[Numbers]:
    """Return rules that a lenient reader would take for this one, and rules that leave something unsaid."""
    for name, value in rule.items():
        yield {other: said for other, said in rule.items() if other != name}
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
    """No version is out of reach, however many came after it."""
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
async def test_a_rule_is_enacted_as_it_is_written_or_not_at_all(
    name: str, database_of: DatabaseOf, client_of: ClientOf, mint: Mint
) -> None:
    """Nothing is guessed, and nothing falls back to a number of the code's."""
    client = await client_of(await database_of(name))
    (first,) = (await client.get("/rules")).json()["items"]
    headers = mint("secretary", "yun").header

    async def enact(parameters: Numbers) -> Response:
        return await client.post("/rules", json={"article": "제2조", "parameters": parameters}, headers=headers)

    for wrong in near_misses(first["parameters"]):
        assert (await enact(wrong)).status_code == 422, wrong
    enacted = await enact(first["parameters"])
    assert (enacted.status_code, enacted.json()["parameters"]) == (201, first["parameters"])
