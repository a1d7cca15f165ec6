"""The API page of each service works without access to other hosts."""

import re
from urllib.parse import urljoin

import pytest

from tests.contracts.assembled_services import NAMES
from townhall.testing.databases import DatabaseOf
from townhall.testing.services import ClientOf

BASE = "http://townhall.test"


@pytest.mark.parametrize("name", NAMES)
async def test_the_page_loads_nothing_from_elsewhere(name: str, database_of: DatabaseOf, client_of: ClientOf) -> None:
    """All its files come from the service, and its content security policy allows nothing else, nor inline scripts."""
    client = await client_of(await database_of(name))
    page = await client.get("/docs")
    named = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(named) == 3
    for each in named:
        address = urljoin(f"{BASE}/docs", each)
        assert address.startswith(BASE)
        answer = await client.get(address)
        assert (answer.status_code, answer.headers["content-type"].split("/")[0]) == (200, "text")
    assert not re.search(r"<script>|<style|\son\w+=", page.text)
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert not re.search(r"unsafe|https?:|\*", policy)
    assert (await client.get("/redoc")).status_code == 404
