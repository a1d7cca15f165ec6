"""The OpenAPI documents of the services."""

from functools import cache
from typing import Any, Final, NamedTuple

from tests.contracts.assembled_services import NAMES, service
from townhall.chassis.serve import assemble

METHODS: Final = ("get", "put", "post", "delete", "patch")


class Operation(NamedTuple):
    """One route of one service and the roles its document requires."""

    service: str
    method: str
    path: str
    roles: frozenset[str]

    @property
    def label(self) -> str:
        """The route as docs/reference/roles.md writes it."""
        return f"{self.method} {self.path}"


@cache
def document(name: str) -> dict[str, Any]:
    """Return a service's OpenAPI document."""
    return assemble(service(name)).openapi()


def without_patterns(node: Any) -> Any:  # noqa: ANN401  a JSON document
    """Return the document without text patterns: values generated from it may violate them, but generation is fast."""
    match node:
        case dict():
            kept = {name: each for name, each in node.items() if name != "pattern" or not isinstance(each, str)}
            return {name: without_patterns(each) for name, each in kept.items()}
        case list():
            return [without_patterns(each) for each in node]
    return node


def _roles(operation: dict[str, Any]) -> frozenset[str]:
    return frozenset(role for each in operation.get("security", ()) for role in each["bearer"])


OPERATIONS: Final = [
    Operation(name, method.upper(), path, _roles(operation))
    for name in NAMES
    for path, operations in document(name)["paths"].items()
    for method, operation in operations.items()
    if method in METHODS
]
