"""P-rules across a rotation of the person key: nobody acts twice, and nobody loses what is theirs."""

import asyncio
from dataclasses import replace

from services.proposal.tests.api import PROPOSAL, ProposalApi, problem
from townhall.testing.services import ROTATED, ClientOf


async def test_nobody_supports_twice(api: ProposalApi, client_of: ClientOf) -> None:
    """P2: who supported under the former key is known under the new one, at any mixture of old and new replicas."""
    rotated = replace(api, http=await client_of(api.db, **ROTATED))
    path = f"/proposals/{await api.proposal()}/support"
    first = await api.call("PUT", path, role="citizen", name="jun")
    assert first.json()["supports"] == 1
    for replica in (rotated, api, rotated):
        again = await replica.call("PUT", path, role="citizen", name="jun")
        assert again.json()["supports"] == 1
    both = [replica.call("PUT", path, role="citizen", name="new") for replica in (rotated, api) * 4]
    assert max(answer.json()["supports"] for answer in await asyncio.gather(*both)) == 2
    assert (await rotated.call("DELETE", path, role="citizen", name="jun")).json()["supports"] == 1


async def test_an_author_keeps_their_proposal(api: ProposalApi, client_of: ClientOf) -> None:
    """P8: the author resubmits after the rotation, and nobody else."""
    rotated = replace(api, http=await client_of(api.db, **ROTATED))
    screened = (await api.screened({"decision": "request-revision", "reason": "unclear"})).json()
    path = f"/proposals/{screened['proposal_id']}/resubmission"
    assert problem(await rotated.call("POST", path, PROPOSAL, role="citizen", name="jun")) == (403, "not-your-proposal")
    assert (await rotated.call("POST", path, PROPOSAL, role="citizen")).json()["state"] == "screening"


async def test_a_key_reused_across_a_rotation(api: ProposalApi, client_of: ClientOf) -> None:
    """A retry with its Idempotency-Key after the rotation creates no second proposal."""
    rotated = replace(api, http=await client_of(api.db, **ROTATED))
    ids = {
        (await each.call("POST", "/proposals", PROPOSAL, role="citizen", idempotency_key="k")).json()["proposal_id"]
        for each in (api, rotated)
    }
    assert len(ids) == 1


async def test_a_page_across_a_rotation(api: ProposalApi, client_of: ClientOf) -> None:
    """A cursor given out under the former key is read under the new one."""
    rotated = replace(api, http=await client_of(api.db, **ROTATED))
    made = {await api.proposal(), await api.proposal()}
    first = await api.get("/proposals?limit=1")
    second = await rotated.get(f"/proposals?limit=1&cursor={first['next']}")
    assert {each["proposal_id"] for each in (*first["items"], *second["items"])} == made
