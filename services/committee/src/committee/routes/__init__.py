"""HTTP in: parse, call, answer. Reading is public; every act names the roles that may do it."""

from committee.routes import cases, meetings, sittings

ROUTERS = (cases.router, sittings.router, meetings.router)
