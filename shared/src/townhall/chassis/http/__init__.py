"""HTTP as every service speaks it: strict papers in, plain views out, and problems that echo nothing."""

from typing import Annotated, Final

from fastapi import Depends, FastAPI, Request

from townhall.chassis.db import Database
from townhall.chassis.http import docs, idempotency, limits, middleware, openapi, problems
from townhall.chassis.http.idempotency import Idempotent
from townhall.chassis.http.openapi import problem_responses
from townhall.chassis.http.paging import Cursor, Page, PageOf
from townhall.chassis.http.schemas import Day, Moment, RequestModel, ResponseModel
from townhall.chassis.http.text import Line, Prose
from townhall.chassis.settings import ServiceSettings

__all__ = [
    "API_VERSION",
    "Cursor",
    "Day",
    "Db",
    "Idempotent",
    "Line",
    "Moment",
    "Page",
    "PageOf",
    "Prose",
    "RequestModel",
    "ResponseModel",
    "docs",
    "install",
    "problem_responses",
    "refusing",
]

API_VERSION: Final = "1.0.0"
"""Of the HTTP API: the first number changes when something that worked stops working."""


def _database(request: Request) -> Database:
    database: Database = request.app.state.db
    return database


Db = Annotated[Database, Depends(_database)]
"""The service's database, from `app.state.db`."""


def install(app: FastAPI, settings: ServiceSettings) -> None:
    """Give the application its handlers, limits and documents, and the `state` the dependencies here look for."""
    app.state.settings = settings
    problems.install(app)
    idempotency.install(app)
    app.add_middleware(limits.Limits)
    app.add_middleware(middleware.Edge)  # Added last, so it is outermost and sees every answer.
    openapi.install(app)
