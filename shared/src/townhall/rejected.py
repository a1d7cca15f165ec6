"""The one error that crosses layers: a rule of the process said no."""

from typing import ClassVar


class Rejected(Exception):
    """Raised where a rule is decided; turned into a public answer only at the edge.

    Every refusal is a subclass that names itself. It carries no input, so it can't leak any.
    """

    code: ClassVar[str] = "rejected"
    """The public, stable, kebab-case name, given as `code` in problem details."""
    rule: ClassVar[str] = ""
    """The number of the rule in docs/rulebook.md, such as `V1`; empty where no rule of the process is named."""
    status: ClassVar[int] = 409
    """The HTTP status of the answer (RFC 9110)."""
    title: ClassVar[str] = "The request was refused."
    """One sentence for the person who asked."""

    def __init__(self) -> None:
        super().__init__(self.code)


class NotFound(Rejected):
    """Nothing is known under that id. Subclass it to say what is missing."""

    code = "not-found"
    status = 404
    title = "Nothing is known under this id."
