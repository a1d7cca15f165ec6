"""The error every command reports to the user without a traceback."""


class CommandError(Exception):
    """The command failed for a reason the user can act on. Its text is one sentence that names the remedy."""
