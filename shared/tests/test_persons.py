"""A person's pseudonym across versions of the key, on PostgreSQL."""

import asyncio
from collections.abc import Mapping

import pytest
from sqlalchemy import text

from townhall.chassis.auth import PersonKeysRefused, Persons, identity_of
from townhall.chassis.auth.persons import PersonKeys
from townhall.chassis.db import Database

ONE, TWO, THREE, OTHER = (bytes([number]) * 32 for number in (1, 2, 3, 9))
KIM, LEE = identity_of("https://a.example", "kim"), identity_of("https://a.example", "lee")


def persons(current: int, keys: Mapping[int, bytes], *retired: int) -> Persons:
    """Return the persons as a replica with these keys finds them."""
    return Persons(PersonKeys(current, keys, retired))


async def test_a_rotation_keeps_who_is_known(database: Database) -> None:
    """Across two rotations, and after the first key is gone."""
    first = await persons(1, {1: ONE}).record(database, KIM)
    for replica in (persons(2, {1: ONE, 2: TWO}), persons(3, {2: TWO, 3: THREE}, 1), persons(3, {3: THREE}, 1, 2)):
        assert await replica.find(database, KIM) == first
        assert await replica.record(database, KIM) == first


async def test_new_persons_are_recorded_under_the_new_key(database: Database) -> None:
    """Replicas with the former settings find them all the same."""
    new, former = persons(2, {1: ONE, 2: TWO}), persons(1, {1: ONE})
    person = await new.record(database, LEE)
    assert person == await former.find(database, LEE) == await former.record(database, LEE)
    assert person != await persons(1, {1: ONE}).record(database, KIM)


async def test_old_and_new_replicas_at_the_same_time(database: Database) -> None:
    """A person seen first by several replicas at once is one person, whichever keys they hold."""
    replicas = [persons(1, {1: ONE}), persons(2, {1: ONE, 2: TWO}), persons(3, {1: ONE, 2: TWO, 3: THREE})]
    for replica in replicas:
        await replica.check(database)
    for number in range(20):
        identity = identity_of("https://a.example", f"citizen-{number}")
        found = await asyncio.gather(*(replica.record(database, identity) for replica in replicas))
        assert len(set(found)) == 1
        assert found[0] == await persons(3, {3: THREE}, 1, 2).record(database, identity)


async def test_a_read_records_nobody(database: Database) -> None:
    """Who only reads leaves no trace."""
    await persons(1, {1: ONE}).find(database, KIM)
    async with database.reading() as session:
        assert (await session.execute(text("SELECT count(*) FROM person_alias"))).scalar_one() == 0


WRONG = {
    "replaced without a new version": persons(1, {1: OTHER}),
    "former key forgotten": persons(2, {2: TWO}),
    "former key wrong": persons(2, {1: OTHER, 2: TWO}),
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_mistake_in_the_keys_lets_nobody_act(name: str, database: Database) -> None:
    """Otherwise everybody could act a second time."""
    await persons(1, {1: ONE}).record(database, KIM)
    with pytest.raises(PersonKeysRefused):
        await WRONG[name].record(database, KIM)
    with pytest.raises(PersonKeysRefused):
        await WRONG[name].check(database)


async def test_a_rollback_of_the_settings(database: Database) -> None:
    """The former settings are accepted again after the new ones: they hold every earlier key."""
    person = await persons(2, {1: ONE, 2: TWO}).record(database, KIM)
    assert await persons(1, {1: ONE}).record(database, KIM) == person


async def test_a_person_is_of_issuer_and_subject(database: Database) -> None:
    """Two issuers' same subject are two persons, wherever the one name ends and the other begins."""
    names = [("https://a", "kim"), ("https://b", "kim"), ("https://ak", "im"), ("https://a", "1:kim")]
    replica = persons(1, {1: ONE})
    found = {await replica.record(database, identity_of(issuer, subject)) for issuer, subject in names}
    assert len(found) == len(names)
