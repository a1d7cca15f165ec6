"""The four services do each thing in one way: checked on their syntax trees, each check shown to fail."""

import ast
from functools import partial
from pathlib import PurePosixPath

import pytest

from tests.architecture import one_way
from tests.architecture.repository import SERVICES, SOURCES, package, shown, tree

PLANTED: dict[str, tuple[one_way.Check, str, str]] = {
    "rules elsewhere": (one_way.rules_in_the_store, "handlers/rules.py", "RULES = Rules(Parameters)"),
    "a list read by hand": (
        one_way.lists_by_page,
        "routes/votes.py",
        "async def get_votes(db, page) -> PageOf[Vote]:\n    return PageOf(items=[])",
    ),
    "a cursor of its own": (one_way.cursors_from_the_chassis, "store/votes.py", "Cursor = tuple[datetime, UUID]"),
    "a handler that opens": (
        one_way.sessions_opened_at_the_edge,
        "handlers/votes.py",
        "async def act(db):\n    async with db.reading() as session:\n        pass",
    ),
    "a metric before the commit": (
        one_way.metrics_after_the_commit,
        "handlers/votes.py",
        "async def act(tx):\n    metrics.VOTES.inc()",
    ),
    "a contract under another name": (
        partial(one_way.contracts_by_owner, service="voting"),
        "handlers/votes.py",
        "from townhall.contracts import voting as wire",
    ),
    "a text type elsewhere": (one_way.texts_defined_in_one_module, "schemas/votes.py", "Title = SingleLine(100)"),
    "a module of refusals": (
        one_way.refusals_beside_their_rule,
        "domain/refusals.py",
        "class VoteNotOpen(Rejected):\n    pass",
    ),
    "a cast in a route": (one_way.typed_state, "routes/votes.py", "intake = cast('Intake', request.app.state.intake)"),
    "every column": (one_way.no_star_selects, "store/votes.py", "_ALL = text('SELECT * FROM vote')"),
}


@pytest.mark.parametrize(("check", "path", "code"), PLANTED.values(), ids=PLANTED.keys())
def test_a_planted_violation_is_found(check: one_way.Check, path: str, code: str) -> None:
    """Each check reports the violation it is there for."""
    assert list(check(ast.parse(code), PurePosixPath(path)))


@pytest.mark.parametrize(
    "code",
    [
        "async def act(tx):\n    tx.on_commit(lambda: metrics.VOTES.inc())",
        "async def act(tx):\n    tx.on_commit(partial(_count, 1))\n\ndef _count(n):\n    metrics.VOTES.inc(n)",
    ],
)
def test_a_metric_on_commit_is_allowed(code: str) -> None:
    """Metrics that a handler defers with `tx.on_commit` are no violation."""
    assert not list(one_way.metrics_after_the_commit(ast.parse(code), PurePosixPath("handlers/votes.py")))


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("check", [planted[0] for planted in PLANTED.values()], ids=PLANTED.keys())
def test_services_do_it_one_way(service: str, check: one_way.Check) -> None:
    """No module of any service does it differently."""
    if isinstance(check, partial):
        check = partial(one_way.contracts_by_owner, service=service)
    found = [
        f"{service}/{path.relative_to(package(service))}: {violation}"
        for path in sorted(package(service).rglob("*.py"))
        if "versions" not in path.parts
        for violation in check(tree(path), PurePosixPath(path.relative_to(package(service))))
    ]
    assert not found


def _reads_roles(module: ast.AST) -> bool:
    compared = (node for node in ast.walk(module) if isinstance(node, ast.Compare))
    return any(ast.unparse(operand).endswith(".roles") for node in compared for operand in node.comparators)


def test_roles_are_decided_in_one_place() -> None:
    """Routes and the fast path let a caller in by `authorize`: what it refuses is refused on both paths."""
    modules = [path for source in SOURCES for path in source.rglob("*.py")]
    assert [shown(path) for path in modules if _reads_roles(tree(path))] == [
        "shared/src/townhall/chassis/auth/callers.py"
    ]
    callers = [shown(path) for path in modules if "authorize(claims" in path.read_text()]
    assert sorted(callers) == [
        "services/voting/src/voting/fast_path.py",
        "shared/src/townhall/chassis/auth/callers.py",
    ]


def test_a_planted_decision_on_roles_is_found() -> None:
    """The check sees a comparison with a token's roles."""
    assert _reads_roles(ast.parse("if Role.CITIZEN not in claims.roles: raise RoleNotAllowed"))
