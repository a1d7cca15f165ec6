"""A person's pseudonym in this service: a keyed hash that stays the same when the key is replaced.

The keys have versions. Whoever acts is recorded under every version held, with the pseudonym they first had. So a
person that was seen under an earlier key keeps their pseudonym, and every constraint and look-up on it spans the keys.
"""

import hmac
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final

from sqlalchemy import text
from structlog import get_logger

from townhall.chassis.db import Database
from townhall.chassis.settings import ServiceSettings
from townhall.rejected import Rejected

MAX_KNOWN: Final = 20_000
"""Persons cached in a process."""
_PROOF: Final = b"townhall: proof of a person key"

_RECORD_KEYS = text("""
    INSERT INTO person_key (version, proof) SELECT * FROM unnest(CAST(:versions AS int[]), CAST(:proofs AS bytea[]))
    ON CONFLICT (version) DO NOTHING
""")
_KEYS = text("SELECT version, proof FROM person_key")
_FIND = text("""
    SELECT pseudonym, person FROM person_alias WHERE pseudonym = ANY(CAST(:pseudonyms AS text[])) ORDER BY key_version
""")
# Sorted, so that two transactions wait for each other in one order only.
_ADD = text("""
    INSERT INTO person_alias (pseudonym, key_version, person)
    SELECT pseudonym, version, :person FROM unnest(CAST(:pseudonyms AS text[]), CAST(:versions AS int[]))
        AS alias (pseudonym, version) ORDER BY pseudonym
    ON CONFLICT (pseudonym) DO NOTHING
    RETURNING pseudonym
""")
_CORRECT = text("UPDATE person_alias SET person = :person WHERE pseudonym = ANY(CAST(:pseudonyms AS text[]))")

log = get_logger()


class PersonKeysRefused(Rejected):
    """The person keys of the settings are not those this database was written with."""

    code = "person-keys-refused"
    status = 503
    title = "Callers cannot be identified at the moment."
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "30"}


@dataclass(frozen=True, slots=True)
class PersonKeys:
    """The person keys held, by version. `current` is for persons seen for the first time."""

    current: int
    keys: Mapping[int, bytes] = field(repr=False)
    retired: Collection[int] = ()
    """Versions given up on purpose: who is recorded under these only counts as new."""

    def pseudonyms(self, identity: str) -> dict[str, int]:
        """Return the version of each pseudonym of a person, who is named by issuer and subject."""
        data = identity.encode("utf-8", "surrogatepass")
        return {hmac.digest(key, data, "sha256").hex(): version for version, key in self.keys.items()}

    def proofs(self) -> dict[int, bytes]:
        """Return what shows for each version, without the key, that it is still the same key."""
        return {version: hmac.digest(key, _PROOF, "sha256")[:16] for version, key in self.keys.items()}

    def fit(self, recorded: Mapping[int, bytes]) -> bool:
        """Return whether every earlier version of a database is held, with the same key, or retired.

        Later versions may be missing: replicas with the former settings run on while a rotation is rolled out.
        """
        held = self.proofs()
        same = all(held.get(version, proof) == proof for version, proof in recorded.items())
        missing = {version for version in recorded if version < self.current} - held.keys() - set(self.retired)
        return same and not missing


class Persons:
    """Finds and records persons. Who was recorded is cached: a person's pseudonym never changes."""

    def __init__(self, keys: PersonKeys) -> None:
        self._keys = keys
        self._known: OrderedDict[str, str] = OrderedDict()
        self._checked = False

    async def check(self, db: Database) -> None:
        """Record the keys' proofs; raises `PersonKeysRefused` if a key was replaced without a new version, or is lost.

        Without this check a mistake in the settings would let everybody act a second time.
        """
        proofs = self._keys.proofs()
        async with db.transaction() as tx:
            recorded = {version: bytes(proof) for version, proof in (await tx.session.execute(_KEYS)).all()}
            if not self._keys.fit(recorded):
                log.error("person_keys_refused", recorded=sorted(recorded), held=sorted(proofs))
                raise PersonKeysRefused
            new = {version: proof for version, proof in proofs.items() if version not in recorded}
            if new:
                await tx.session.execute(_RECORD_KEYS, {"versions": list(new), "proofs": list(new.values())})
                recorded = {version: bytes(proof) for version, proof in (await tx.session.execute(_KEYS)).all()}
                if not self._keys.fit(recorded):
                    raise PersonKeysRefused  # Another replica with another key was faster.
        self._checked = True

    async def find(self, db: Database, identity: str) -> str:
        """Return a person's pseudonym for a read, which records nobody. Who was never recorded has no rows to find."""
        pseudonyms = self._keys.pseudonyms(identity)
        own = _of_version(pseudonyms, self._keys.current)
        if own in self._known:
            return self._known[own]
        async with db.reading() as session:
            found = (await session.execute(_FIND, {"pseudonyms": list(pseudonyms)})).first()
        return own if found is None else str(found.person)

    async def record(self, db: Database, identity: str) -> str:
        """Return a person's pseudonym for an act, and record them under every version held.

        Whatever runs at the same time, with these keys or with the former ones, returns the same: the rows they both
        insert make one wait for the other.
        """
        pseudonyms = self._keys.pseudonyms(identity)
        own = _of_version(pseudonyms, self._keys.current)
        if own not in self._known:
            if not self._checked:
                await self.check(db)
            self._known[own] = await self._recorded(db, pseudonyms, own)
            if len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)  # The oldest, never the one added.
        return self._known[own]

    async def _recorded(self, db: Database, pseudonyms: Mapping[str, int], own: str) -> str:
        every = {"pseudonyms": list(pseudonyms)}
        async with db.transaction() as tx:
            found = (await tx.session.execute(_FIND, every)).all()
            person = str(found[0].person) if found else own
            if len(found) == len(pseudonyms):
                return person
            versions = {"versions": list(pseudonyms.values()), "person": person}
            added = set((await tx.session.scalars(_ADD, every | versions)).all())
            earlier = [
                row.person for row in (await tx.session.execute(_FIND, every)).all() if row.pseudonym not in added
            ]
            if earlier and earlier[0] != person:
                person = str(earlier[0])
                await tx.session.execute(_CORRECT, {"person": person, "pseudonyms": list(added)})
            return person


def _of_version(pseudonyms: Mapping[str, int], version: int) -> str:
    return next(pseudonym for pseudonym, of in pseudonyms.items() if of == version)


def persons_of(settings: ServiceSettings) -> Persons:
    """Return the persons of the service with these settings."""
    return Persons(PersonKeys(settings.person_key_version, settings.person_keys, settings.retired_person_keys))
