"""HTTP in: parse, call, answer. Reading is public; every act names the roles that may do it."""

from evaluation.routes import initiatives, opinions, progress, rounds, scores

ROUTERS = (initiatives.router, progress.router, opinions.router, rounds.router, scores.router)
