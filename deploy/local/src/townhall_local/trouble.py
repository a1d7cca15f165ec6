"""What went wrong for the person at the terminal: one sentence, and no traceback."""


class Trouble(Exception):
    """The command can't do what was asked. The text is one sentence that says what to do about it."""
