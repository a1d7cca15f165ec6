"""The HTTP routes. Reading is public, except one's own position; every write names the roles that may make it."""

from committee.routes import cases, deliberation, directives, meetings, sittings

ROUTERS = (cases.router, deliberation.router, sittings.router, meetings.router, directives.router)
