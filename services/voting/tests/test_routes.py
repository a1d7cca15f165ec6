"""The HTTP API of voting, with and without the fast path."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient, Response

from services.voting.tests.harness import VotingHarness
from townhall.testing import client_for
from townhall.testing.services import AppOf
from townhall.testing.tokens import Mint

pytestmark = pytest.mark.asyncio(loop_scope="session")

YES: dict[str, Any] = {"choice": "yes"}
NO: dict[str, Any] = {"choice": "no"}


def code(answer: Response) -> tuple[int, str]:
    """Return the status and the code of a problem."""
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


async def test_a_citizen_votes(api: AsyncClient, harness: VotingHarness, mint: Mint) -> None:
    """V3, V4: a ballot is counted, repeated and changed; the citizen sees their current ballot."""
    url = f"/votes/{await harness.schedule()}/ballot"
    kim, lee = mint("citizen", "김").header, mint("citizen", "이").header
    answers = [await api.put(url, json=payload, headers=kim) for payload in (YES, YES, NO)]
    assert [(each.status_code, each.json()["outcome"]) for each in answers] == [
        (200, "counted"),
        (200, "unchanged"),
        (200, "changed"),
    ]
    assert answers[0].json()["cast_at"] == answers[1].json()["cast_at"] < answers[2].json()["cast_at"]
    own = (await api.get(url, headers=kim)).json()
    assert (own["choice"], own["cast_at"]) == ("no", answers[2].json()["cast_at"])
    assert code(await api.get(url, headers=lee)) == (404, "no-ballot")


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        (b'{"choice": "maybe"}', (422, "invalid-request")),
        (b'{"choice": null}', (422, "invalid-request")),
        (b'{"choice": true}', (422, "invalid-request")),
        (b'{"choice": "yes", "weight": 2}', (422, "invalid-request")),
        (b"{}", (422, "invalid-request")),
        (b"[]", (422, "invalid-request")),
        (b'{"choice": "yes", "choice": "no"}', (400, "body-unreadable")),
        (b"yes", (400, "body-unreadable")),
    ],
)
async def test_an_invalid_body_counts_nothing(
    api: AsyncClient, harness: VotingHarness, mint: Mint, body: bytes, refused: tuple[int, str]
) -> None:
    """A body that isn't a yes or no is refused, and the problem repeats nothing of it."""
    task_id = await harness.schedule()
    headers = mint("citizen", "김").header | {"content-type": "application/json"}
    answer = await api.put(f"/votes/{task_id}/ballot", content=body, headers=headers)
    assert code(answer) == refused
    assert "maybe" not in answer.text
    assert (await api.get(f"/votes/{task_id}")).json()["yes"] == 0


async def test_without_an_open_vote(api: AsyncClient, harness: VotingHarness, mint: Mint) -> None:
    """V1: before the opening, after the closing, and without a vote a ballot is refused."""
    early = await harness.schedule(opens=timedelta(days=1))
    late = await harness.schedule(closes=-timedelta(seconds=1))
    kim = mint("citizen", "김").header
    for task_id, refused in (
        (early, (409, "vote-not-open")),
        (late, (409, "vote-not-open")),
        (str(uuid4()), (404, "no-such-vote")),
        ("no-id", (422, "invalid-request")),
    ):
        assert code(await api.put(f"/votes/{task_id}/ballot", json=YES, headers=kim)) == refused
    assert code(await api.get(f"/votes/{uuid4()}")) == (404, "no-such-vote")
    assert code(await api.get(f"/votes/{uuid4()}/ballot", headers=kim)) == (404, "no-such-vote")


async def test_a_final_ballot(api: AsyncClient, harness: VotingHarness, mint: Mint) -> None:
    """V4: under a rule with final ballots a change is refused; a repeated request is answered as before."""
    await harness.enact(0, changeable=False)
    url = f"/votes/{await harness.schedule()}/ballot"
    kim = mint("citizen", "김").header
    assert (await api.put(url, json=YES, headers=kim)).json()["outcome"] == "counted"
    assert (await api.put(url, json=YES, headers=kim)).json()["outcome"] == "unchanged"
    refused = await api.put(url, json=NO, headers=kim)
    assert code(refused) == (409, "ballot-is-final")
    assert refused.json()["rule"] == "V4"


async def test_only_citizens_vote(api: AsyncClient, harness: VotingHarness, mint: Mint) -> None:
    """Every other role is refused with 403, and a request without a token with 401."""
    url = f"/votes/{await harness.schedule()}/ballot"
    for role in ("officer", "member", "chair", "secretary", "agency", "evaluator", "auditor"):
        assert (await api.put(url, json=YES, headers=mint(role, "김").header)).status_code == 403
    assert (await api.put(url, json=YES)).status_code == 401
    assert (await api.get(url)).status_code == 401


async def test_sixty_citizens_eight_times_at_once(api: AsyncClient, harness: VotingHarness, mint: Mint) -> None:
    """V3, V9: concurrent repeated requests give 480 successes, 60 ballots and totals of 60."""
    task_id = await harness.schedule()
    people = [mint("citizen", f"시민-{number}").header for number in range(60)]
    requests = [api.put(f"/votes/{task_id}/ballot", json=YES, headers=who) for who in people for _ in range(8)]
    answers = await asyncio.gather(*requests)
    assert Counter(each.json()["outcome"] for each in answers) == {"counted": 60, "unchanged": 420}
    assert {each.status_code for each in answers} == {200}
    shown = (await api.get(f"/votes/{task_id}")).json()
    assert (shown["yes"], shown["no"]) == (60, 0)


async def test_a_full_intake(app_of: AppOf, harness: VotingHarness, mint: Mint) -> None:
    """V9: refused ballots get 503 with Retry-After, and nothing of them is stored."""
    app = await app_of(harness.db, intake_capacity=5, intake_group_size=1)
    harness.use_keys_of(app)
    task_id = await harness.schedule()
    people = [mint("citizen", f"시민-{number}").header for number in range(60)]
    async with client_for(app) as api:
        answers = await asyncio.gather(*(api.put(f"/votes/{task_id}/ballot", json=YES, headers=who) for who in people))
        shown = (await api.get(f"/votes/{task_id}")).json()
    busy = [each for each in answers if each.status_code == 503]
    assert busy
    assert {(code(each), each.headers["retry-after"]) for each in busy} == {((503, "too-busy"), "1")}
    assert shown["yes"] == 60 - len(busy) > 0


async def test_the_public_total(api: AsyncClient, harness: VotingHarness, mint: Mint) -> None:
    """The totals are public, and support conditional requests by entity tag."""
    await harness.enact(0)
    task_id = await harness.schedule()
    await api.put(f"/votes/{task_id}/ballot", json=YES, headers=mint("citizen", "김").header)
    answer = await api.get(f"/votes/{task_id}")
    shown, tag = answer.json(), answer.headers["etag"]
    assert (shown["state"], shown["yes"], shown["threshold"]["more_than"]) == ("open", 1, 0)
    assert shown["threshold"]["reached"] is True
    assert shown["rule"]["version"] == 2
    assert answer.headers["cache-control"] == "public, max-age=1"
    for if_none_match, status in ((tag, 304), (f'W/{tag}, "x"', 304), ("*", 304), ('"x"', 200)):
        again = await api.get(f"/votes/{task_id}", headers={"if-none-match": if_none_match})
        assert (again.status_code, again.headers["etag"]) == (status, tag)


async def test_votes_page_by_page(api: AsyncClient, harness: VotingHarness) -> None:
    """Each vote is on exactly one page, the one that opens last first; `state` filters."""
    made = [str(await harness.schedule(opens=timedelta(days=day))) for day in (3, -2, 1, -1, 2)]
    seen: list[str] = []
    cursor: str | None = None
    while cursor or not seen:
        page = (await api.get("/votes", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))).json()
        seen += [each["task_id"] for each in page["items"]]
        cursor = page["next"]
    assert seen == [made[at] for at in (0, 4, 2, 3, 1)]
    opened = (await api.get("/votes", params={"state": "open"})).json()["items"]
    assert [each["task_id"] for each in opened] == [made[3], made[1]]
    assert code(await api.get("/votes", params={"state": "paused"})) == (422, "invalid-request")


async def test_the_rule_is_enacted_by_the_secretary(api: AsyncClient, mint: Mint) -> None:
    """V2: the secretary enacts a version with its article; invalid parameters are refused."""
    rule = {"article": "제5조", "parameters": {"yes_more_than": 300, "ballots_changeable": True}}
    secretary = mint("secretary", "박").header
    enacted = await api.post("/rules", json=rule, headers=secretary)
    assert (enacted.status_code, enacted.json()["version"]) == (201, 2)
    assert (await api.post("/rules", json=rule, headers=mint("citizen", "김").header)).status_code == 403
    for wrong in (-1, 2**31, 1.5, "300", None):
        refused = rule | {"parameters": {"yes_more_than": wrong, "ballots_changeable": True}}
        assert (await api.post("/rules", json=refused, headers=secretary)).status_code == 422
    assert len((await api.get("/rules")).json()["items"]) == 2


async def test_openapi_declares_problems_and_roles(api: AsyncClient) -> None:
    """The OpenAPI document lists the problem codes and the role of the ballot route."""
    put = (await api.get("/openapi.json")).json()["paths"]["/votes/{task_id}/ballot"]["put"]
    for status, problem in (("409", "ballot-is-final"), ("404", "no-such-vote"), ("503", "too-busy")):
        assert problem in put["responses"][status]["description"]
    assert put["security"] == [{"bearer": ["citizen"]}]


async def test_no_ballot_data_leaves_the_service(api: AsyncClient, harness: VotingHarness, mint: Mint) -> None:
    """V7, V8: the subject is stored nowhere, and pseudonyms are only in the tables of ballots."""
    await harness.enact(0)
    task_id = await harness.schedule()
    who = mint("citizen", "subject-of-kim").header
    answers = [await api.put(f"/votes/{task_id}/ballot", json=payload, headers=who) for payload in (YES, NO, {})]
    async with harness.db.reading() as session:
        connection = await session.connection()
        tables = ("vote", "tally", "crossing", "current_ballot", "replaced_ballot", "stream", "outbox", "receipt")
        dump = {
            name: str((await connection.exec_driver_sql(f"SELECT row_to_json({name})::text FROM {name}")).all())  # noqa: S608  names from here
            for name in tables
        }
        payloads = await connection.exec_driver_sql("SELECT string_agg(convert_from(payload, 'UTF8'), '') FROM outbox")
        announced = str(payloads.scalar_one())
        pseudonyms = (
            (await connection.exec_driver_sql("SELECT encode(voter, 'hex') FROM accepted_ballot")).scalars().all()
        )
    public = [announced, (await api.get("/metrics")).text, (await api.get("/votes")).text, answers[2].text]
    assert "subject-of-kim" not in " ".join([*dump.values(), *public, *(each.text for each in answers)])
    for pseudonym in pseudonyms:
        assert pseudonym not in " ".join(
            [*public, *(rows for table, rows in dump.items() if table not in {"current_ballot", "replaced_ballot"})]
        )
