"""Connections that were opened to the same server: what ends one of them has ended the others."""

import time


class Generation:
    """The connections of one process to its database, in its pool and beside it, opened since one failed.

    Older ones are dropped before their next use. Each would otherwise have to fail by itself, which takes seconds if
    the server doesn't answer any more, and never happens if it only stopped taking writes.
    """

    def __init__(self) -> None:
        self._began = float("-inf")

    def end(self) -> None:
        """Begin a new generation: one of the connections can't do its work."""
        self._began = time.monotonic()

    def includes(self, opened_at: float) -> bool:
        """Return whether a connection opened at this time, by the monotonic clock, may be used."""
        return opened_at > self._began
