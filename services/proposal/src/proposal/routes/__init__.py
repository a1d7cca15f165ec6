"""HTTP in: parse, call, answer. Reading is public; every act names the roles that may do it."""

from proposal.routes import proposals, tasks

ROUTERS = (proposals.router, tasks.router)
