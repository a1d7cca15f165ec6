"""HTTP as every service speaks it: strict papers in, plain views out, and problems that echo nothing."""

from typing import Annotated, Final

from fastapi import Depends, Request

from townhall.chassis.db import Database
from townhall.chassis.http import docs
from townhall.chassis.http.application import Application, FastPath
from townhall.chassis.http.idempotency import Idempotent
from townhall.chassis.http.openapi import problem_responses
from townhall.chassis.http.paging import Cursor, Page, PageOf
from townhall.chassis.http.schemas import Day, Moment, RequestModel, ResponseModel
from townhall.chassis.http.text import Line, Prose

__all__ = [
    "API_VERSION",
    "Application",
    "Cursor",
    "Day",
    "Db",
    "FastPath",
    "Idempotent",
    "Line",
    "Moment",
    "Page",
    "PageOf",
    "Prose",
    "RequestModel",
    "ResponseModel",
    "docs",
    "problem_responses",
]

API_VERSION: Final = "1.0.0"
"""Of the HTTP API: the first number changes when something that worked stops working."""


def _database(request: Request) -> Database:
    database: Database = request.app.state.db
    return database


Db = Annotated[Database, Depends(_database)]
"""The service's database, from `app.state.db`."""
