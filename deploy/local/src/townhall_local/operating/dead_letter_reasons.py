"""Why a message became a dead letter, in a sentence."""

from typing import Final

from townhall_local.operating.dead_letter_rows import DeadLetter

_CODES: Final = {
    "bad-envelope": "Its headers are not a CloudEvent of this platform. Requeueing it will not help.",
    "bad-body": "Its body does not match the schema of its type. Requeueing it will not help.",
    "parked": "It waits for an earlier dead letter with its key, and follows once that is settled.",
}


def explanation(dead_letter: DeadLetter) -> str:
    """Return why and how often a message failed. A reason that is no code is the class of the exception raised."""
    reason, attempts = dead_letter.reason, dead_letter.attempts
    times = f"{attempts} attempt{'' if attempts == 1 else 's'}, since {dead_letter.dead_lettered_at:%Y-%m-%d %H:%M:%SZ}"
    if reason in _CODES:
        return f"{_CODES[reason]} ({times})"
    if reason.replace("-", "").islower():
        return f"The message was refused: {reason}. ({times})"
    return f"Its handler raised {reason}; the service's log has the traceback, event `event_failed`. ({times})"
