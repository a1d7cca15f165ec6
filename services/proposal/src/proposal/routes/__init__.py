"""The HTTP routes. Reading is public; every write names the roles that may make it."""

from proposal.routes import proposals, screenings, supports, tasks

ROUTERS = (proposals.router, supports.router, screenings.router, tasks.router)
