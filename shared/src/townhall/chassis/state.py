"""Typed state of an application: values that live as long as it does, stored and found by their type.

Routes get a value with `Annotated[T, Depends(from_state(T))]`, everything else with `state_of(app, T)`. No value is
fetched by name, so the type checker sees each use. A service that has state of its own puts it in one frozen dataclass.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import FastAPI, Request

S = TypeVar("S")


class TypedState:
    """The values of one application."""

    def __init__(self) -> None:
        self._values: dict[type[Any], Any] = {}

    def provide(self, value: S, kind: type[S] | None = None) -> None:
        """Store a value under its type, or under the base class `kind`; replaces the one stored before."""
        self._values[kind or type(value)] = value

    def get(self, kind: type[S]) -> S:
        """Return the value of this type; raises `KeyError` if there is none, or not yet."""
        value: S = self._values[kind]
        return value


def typed_state(app: FastAPI) -> TypedState:
    """Return the values of an application, to look up again and again."""
    if not hasattr(app.state, "typed"):
        app.state.typed = TypedState()
    state: TypedState = app.state.typed
    return state


def provide(app: FastAPI, value: S, kind: type[S] | None = None) -> None:
    """Store a value of the application under its type, or under the base class `kind`."""
    typed_state(app).provide(value, kind)


def state_of(app: FastAPI, kind: type[S]) -> S:
    """Return the application's value of this type; raises `KeyError` if it has none, or not yet."""
    return typed_state(app).get(kind)


def from_state(kind: type[S]) -> Callable[[Request], S]:
    """Return a FastAPI dependency that gives the application's value of this type."""

    def value(request: Request) -> S:
        app: FastAPI = request.app
        return state_of(app, kind)

    return value
