"""Why a ballot got no answer of the rules. In each case sending it again is right and does no harm (V3)."""

from collections.abc import Mapping
from typing import ClassVar

from townhall.rejected import Rejected


class TooBusy(Rejected):
    """More ballots wait than may. Nothing was stored."""

    code = "too-busy"
    rule = "V9"
    status = 503
    title = "Very many are voting at this moment. Your ballot was not taken; please send it again."
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "1"}


class NotSure(Rejected):
    """The database went away. The ballot may be stored or not."""

    code = "not-sure"
    rule = "V9"
    status = 503
    title = "Your ballot may not have been counted. Please send it again: it will not count twice."
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "1"}


class NotCounted(Exception):
    """A ballot failed for a reason nobody foresaw. Says nothing of the ballot: this is what reaches the log (V8)."""
