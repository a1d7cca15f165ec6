"""Typed state of an application: values that live as long as it does, stored and found by their type.

Routes get a value with `Annotated[T, Depends(from_state(T))]`, everything else with `state_of(app, T)`. No value is
fetched by name, so the type checker sees each use. A service that has state of its own puts it in one frozen dataclass.
"""

from collections.abc import Callable
from typing import TypeVar

from fastapi import FastAPI, Request

S = TypeVar("S")


def provide(app: FastAPI, value: S, kind: type[S] | None = None) -> None:
    """Store a value under its type, or under the base class `kind`; replaces the one stored before."""
    app.state.by_type = {**getattr(app.state, "by_type", {}), kind or type(value): value}


def state_of(app: FastAPI, kind: type[S]) -> S:
    """Return the value of this type; raises `KeyError` if the application has none, or not yet."""
    value: S = getattr(app.state, "by_type", {})[kind]
    return value


def from_state(kind: type[S]) -> Callable[[Request], S]:
    """Return a FastAPI dependency that gives the value of this type."""

    def value(request: Request) -> S:
        app: FastAPI = request.app
        return state_of(app, kind)

    return value
