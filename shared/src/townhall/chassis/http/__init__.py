"""HTTP as every service offers it: strict request models, plain responses, and problems that repeat no input."""

from typing import Annotated, Final

from fastapi import Depends

from townhall.chassis.db import Database
from townhall.chassis.http import docs
from townhall.chassis.http.application import Application, FastPath
from townhall.chassis.http.idempotency import Idempotent
from townhall.chassis.http.openapi import problem_responses
from townhall.chassis.http.paging import Cursor, Page, PageOf
from townhall.chassis.http.schemas import Day, Moment, RequestModel, ResponseModel
from townhall.chassis.http.text import Line, Prose
from townhall.chassis.state import from_state

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


Db = Annotated[Database, Depends(from_state(Database))]
"""The service's database."""
