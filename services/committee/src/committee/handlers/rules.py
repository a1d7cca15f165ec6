"""The versions of the Committee's rules, and what waits until when by them."""

from datetime import timedelta
from typing import Final

from committee.domain.case import Due
from committee.domain.parameters import Parameters
from townhall.chassis.db import Transaction
from townhall.chassis.rules import InForce, Rules

RULES: Final = Rules(Parameters)


async def in_force(tx: Transaction) -> InForce[Parameters]:
    """Return the version in force now."""
    return await RULES.in_force(tx.session, tx.now)


def due(tx: Transaction, rule: InForce[Parameters], wait: timedelta) -> Due:
    """Say until when something may wait (C17)."""
    return Due(tx.now + wait, rule.version)
