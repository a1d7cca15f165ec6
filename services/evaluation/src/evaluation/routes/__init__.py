"""HTTP in: parse, call, answer. Reading is public; every act names the roles that may do it."""

from evaluation.routes import initiatives, opinions, progress, rounds, scores

ROUTERS = (initiatives.asks, progress.asks, opinions.asks, rounds.asks, scores.asks)
