"""One way for each thing in the four services: checks on the syntax tree of one module, each returning its violations.

Every check takes the module's tree and its path within the service (`routes/votes.py`), and yields a sentence for each
violation. `test_one_way.py` runs them over all services and shows each one failing on a planted violation.
"""

import ast
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Final

Check = Callable[[ast.Module, PurePosixPath], Iterator[str]]

_RECORDING: Final = {"inc", "dec", "observe", "set"}
_OPENING: Final = {"reading", "transaction"}
_MAY_OPEN: Final = {"routes", "app", "consumers", "fast_path", "tally_cache"}


def _part(path: PurePosixPath) -> str:
    """Return the part of the service a module belongs to: `routes` for `routes.py` and for `routes/votes.py`."""
    return path.parts[0].removesuffix(".py")


def _calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node, ast.unparse(node.func)


def rules_in_the_store(tree: ast.Module, path: PurePosixPath) -> Iterator[str]:
    """`RULES`, the versions of the service's rules, is defined in `store/rules.py` and nowhere else."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Rules" and path != PurePosixPath("store/rules.py"):
            yield f"line {node.lineno}: Rules(...) outside store/rules.py"


def lists_by_page(tree: ast.Module, path: PurePosixPath) -> Iterator[str]:
    """A route that returns `PageOf[...]` reads it with a store's `page` function and answers with `page.of`."""
    if _part(path) != "routes":
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncFunctionDef) and node.returns and "PageOf" in ast.unparse(node.returns):
            takes_a_page = any(arg.arg == "page" for arg in node.args.args)
            called = {name.rpartition(".")[2] for _, name in _calls(node)}
            if takes_a_page and not {"page", "of"} <= called:
                yield f"line {node.lineno}: {node.name} lists without <store>.page(...) and page.of(...)"


def cursors_from_the_chassis(tree: ast.Module, path: PurePosixPath) -> Iterator[str]:
    """The position in a list is the chassis's `Cursor`; no module defines another."""
    del path
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and {ast.unparse(target) for target in node.targets} & {"Cursor", "Place"}:
            yield f"line {node.lineno}: a cursor type of its own"


def sessions_opened_at_the_edge(tree: ast.Module, path: PurePosixPath) -> Iterator[str]:
    """Only routes and the composition root open a session or a transaction; handlers and stores are given one."""
    if _part(path) in _MAY_OPEN:
        return
    for node, name in _calls(tree):
        if name.rpartition(".")[2] in _OPENING and "." in name:
            yield f"line {node.lineno}: {name}() opened outside routes and app"


def metrics_after_the_commit(tree: ast.Module, path: PurePosixPath) -> Iterator[str]:
    """A handler counts through `tx.on_commit`, so that nothing is counted for a transaction that then fails."""
    if _part(path) != "handlers":
        return
    registered = [node for node, name in _calls(tree) if name.endswith(".on_commit")]
    inside = [inner for node in registered for argument in node.args for inner in ast.walk(argument)]
    called_later = {inner.id for inner in inside if isinstance(inner, ast.Name)}
    bodies = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in called_later]
    deferred = {id(inner) for each in (*inside, *bodies) for inner in ast.walk(each)}
    for node, name in _calls(tree):
        owner, _, method = name.rpartition(".")
        if method in _RECORDING and owner.startswith("metrics.") and id(node) not in deferred:
            yield f"line {node.lineno}: {name}() before the commit"


def contracts_by_owner(tree: ast.Module, path: PurePosixPath, service: str = "") -> Iterator[str]:
    """A service imports its own events `as events`, and another's under the owner's name."""
    del path
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or node.module is None:
            continue
        owner = node.module.removeprefix("townhall.contracts.")
        if owner in {"proposal", "voting", "committee", "evaluation"} and node.module != owner:
            yield f"line {node.lineno}: from {node.module} import ...: import the module, from townhall.contracts"
        for name in node.names if node.module == "townhall.contracts" else ():
            wanted = "events" if name.name == service else None
            if name.name in {"proposal", "voting", "committee", "evaluation"} and name.asname != wanted:
                yield f"line {node.lineno}: contracts of {name.name} imported as {name.asname or name.name}"


def texts_defined_in_one_module(tree: ast.Module, path: PurePosixPath) -> Iterator[str]:
    """The text types of request bodies (`SingleLine(n)`, `MultiLine(n)`) are made in `schemas/text.py` only."""
    if path == PurePosixPath("schemas/text.py"):
        return
    for node, name in _calls(tree):
        if name in {"Line", "Prose", "SingleLine", "MultiLine"}:
            yield f"line {node.lineno}: {name}(...) outside schemas/text.py"


def refusals_beside_their_rule(tree: ast.Module, path: PurePosixPath) -> Iterator[str]:
    """A refusal is raised in the module that defines it: no module holds refusals alone."""
    defined = {
        node.name
        for node in tree.body
        if isinstance(node, ast.ClassDef) and {ast.unparse(base) for base in node.bases} & {"Rejected", "NotFound"}
    }
    others = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
    if defined and len(defined) == len(others):
        yield f"{path} holds nothing but refusals: {', '.join(sorted(defined))}"


def typed_state(tree: ast.Module, path: PurePosixPath) -> Iterator[str]:
    """Routes take the service's typed state: no `cast`, and nothing fetched from `app.state` by name."""
    if _part(path) not in {"routes", "fast_path", "app"}:
        return
    for node, name in _calls(tree):
        if name == "cast":
            yield f"line {node.lineno}: cast(...)"
    for state in ast.walk(tree):
        if isinstance(state, ast.Attribute) and ast.unparse(state.value).endswith("app.state"):
            yield f"line {state.lineno}: app.state.{state.attr}"


def no_star_selects(tree: ast.Module, path: PurePosixPath) -> Iterator[str]:
    """A statement names its columns, so that a new column changes no reader."""
    del path
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            statement = " ".join(node.value.split()).upper()
            if "SELECT * " in statement or ".* " in statement.partition("SELECT ")[2]:
                yield f"line {node.lineno}: SELECT *"
