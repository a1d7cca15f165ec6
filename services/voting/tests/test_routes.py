"""The HTTP API as citizens and readers meet it."""

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
    """Return the status and the public code of a refusal."""
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


async def test_a_citizen_votes(api: AsyncClient, harness: VotingHarness, mint: Mint) -> None:
    """V3, V4: counted, repeated, changed; and what stands is shown to them."""
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
async def test_a_bad_paper_counts_nothing(
    api: AsyncClient, harness: VotingHarness, mint: Mint, body: bytes, refused: tuple[int, str]
) -> None:
    """A payload is yes or no and nothing else; the answer repeats nothing of it."""
    task_id = await harness.schedule()
    headers = mint("citizen", "김").header | {"content-type": "application/json"}
    answer = await api.put(f"/votes/{task_id}/ballot", content=body, headers=headers)
    assert code(answer) == refused
    assert "maybe" not in answer.text
    assert (await api.get(f"/votes/{task_id}")).json()["yes"] == 0


async def test_when_there_is_no_open_vote(api: AsyncClient, harness: VotingHarness, mint: Mint) -> None:
    """V1: before, after, and where there is none."""
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
    """V4: where the rule says so a ballot can't be changed, but the same request may come again."""
    await harness.enact(0, changeable=False)
    url = f"/votes/{await harness.schedule()}/ballot"
    kim = mint("citizen", "김").header
    assert (await api.put(url, json=YES, headers=kim)).json()["outcome"] == "counted"
    assert (await api.put(url, json=YES, headers=kim)).json()["outcome"] == "unchanged"
    refused = await api.put(url, json=NO, headers=kim)
    assert code(refused) == (409, "ballot-is-final")
    assert refused.json()["rule"] == "V4"


async def test_only_citizens_vote(api: AsyncClient, harness: VotingHarness, mint: Mint) -> None:
    """Every other role is refused, and so is nobody."""
    url = f"/votes/{await harness.schedule()}/ballot"
    for role in ("officer", "member", "chair", "secretary", "agency", "evaluator", "auditor"):
        assert (await api.put(url, json=YES, headers=mint(role, "김").header)).status_code == 403
    assert (await api.put(url, json=YES)).status_code == 401
    assert (await api.get(url)).status_code == 401


async def test_sixty_citizens_eight_times_at_once(api: AsyncClient, harness: VotingHarness, mint: Mint) -> None:
    """V3, V9: through HTTP and the intake: 480 successes, 60 ballots, and totals that say so."""
    task_id = await harness.schedule()
    people = [mint("citizen", f"시민-{number}").header for number in range(60)]
    asked = [api.put(f"/votes/{task_id}/ballot", json=YES, headers=who) for who in people for _ in range(8)]
    answers = await asyncio.gather(*asked)
    assert Counter(each.json()["outcome"] for each in answers) == {"counted": 60, "unchanged": 420}
    assert {each.status_code for each in answers} == {200}
    shown = (await api.get(f"/votes/{task_id}")).json()
    assert (shown["yes"], shown["no"]) == (60, 0)


async def test_a_full_intake(app_of: AppOf, harness: VotingHarness, mint: Mint) -> None:
    """V9: the answer is 503 with a time to come back, and nothing is stored of it."""
    app = await app_of(harness.db, intake_room=5, intake_group=1)
    harness.under_keys_of(app)
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
    """Anyone sees it, with a tag that spares them what they have already."""
    await harness.enact(0)
    task_id = await harness.schedule()
    await api.put(f"/votes/{task_id}/ballot", json=YES, headers=mint("citizen", "김").header)
    answer = await api.get(f"/votes/{task_id}")
    shown, tag = answer.json(), answer.headers["etag"]
    assert (shown["state"], shown["yes"], shown["threshold"]["more_than"]) == ("open", 1, 0)
    assert shown["threshold"]["reached"] is True
    assert shown["rule"]["version"] == 2
    assert answer.headers["cache-control"] == "public, max-age=1"
    for asked, status in ((tag, 304), (f'W/{tag}, "x"', 304), ("*", 304), ('"x"', 200)):
        again = await api.get(f"/votes/{task_id}", headers={"if-none-match": asked})
        assert (again.status_code, again.headers["etag"]) == (status, tag)


async def test_votes_page_by_page(api: AsyncClient, harness: VotingHarness) -> None:
    """Every vote once, the one that opens last first; by state where asked for."""
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
    """V2: with its article; a number that is none is refused."""
    rule = {"article": "제5조", "parameters": {"yes_more_than": 300, "ballots_changeable": True}}
    secretary = mint("secretary", "박").header
    enacted = await api.post("/rules", json=rule, headers=secretary)
    assert (enacted.status_code, enacted.json()["version"]) == (201, 2)
    assert (await api.post("/rules", json=rule, headers=mint("citizen", "김").header)).status_code == 403
    for wrong in (-1, 2**31, 1.5, "300", None):
        refused = rule | {"parameters": {"yes_more_than": wrong, "ballots_changeable": True}}
        assert (await api.post("/rules", json=refused, headers=secretary)).status_code == 422
    assert len((await api.get("/rules")).json()["items"]) == 2


async def test_the_document_declares_its_refusals(api: AsyncClient) -> None:
    """Each route names the rules it may refuse by."""
    put = (await api.get("/openapi.json")).json()["paths"]["/votes/{task_id}/ballot"]["put"]
    for status, told in (("409", "ballot-is-final"), ("404", "no-such-vote"), ("503", "too-busy")):
        assert told in put["responses"][status]["description"]
    assert put["security"] == [{"bearer": ["citizen"]}]


async def test_nothing_of_a_ballot_leaves(api: AsyncClient, harness: VotingHarness, mint: Mint) -> None:
    """V7, V8: not the subject anywhere, and no voter's name outside the ballots' own tables."""
    await harness.enact(0)
    task_id = await harness.schedule()
    who = mint("citizen", "subject-of-kim").header
    answers = [await api.put(f"/votes/{task_id}/ballot", json=payload, headers=who) for payload in (YES, NO, {})]
    async with harness.db.reading() as session:
        connection = await session.connection()
        tables = ("vote", "tally", "crossing", "ballot", "current_ballot", "stream", "outbox", "receipt")
        dump = {
            name: str((await connection.exec_driver_sql(f"SELECT row_to_json({name})::text FROM {name}")).all())  # noqa: S608  names from here
            for name in tables
        }
        payloads = await connection.exec_driver_sql("SELECT string_agg(convert_from(payload, 'UTF8'), '') FROM outbox")
        announced = str(payloads.scalar_one())
        names = (await connection.exec_driver_sql("SELECT encode(voter, 'hex') FROM ballot")).scalars().all()
    public = [announced, (await api.get("/metrics")).text, (await api.get("/votes")).text, answers[2].text]
    assert "subject-of-kim" not in " ".join([*dump.values(), *public, *(each.text for each in answers)])
    for name in names:
        assert name not in " ".join(
            [*public, *(told for table, told in dump.items() if table not in {"ballot", "current_ballot"})]
        )
