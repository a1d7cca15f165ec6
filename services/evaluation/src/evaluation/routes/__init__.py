"""HTTP routes: parse the request, call a handler or a store, build the response. Reads are public."""

from evaluation.routes import initiatives, milestones, opinions, panels, results, rounds, scores

ROUTERS = (
    *(initiatives.router, milestones.router, opinions.router),
    *(rounds.router, panels.router, scores.router, results.router),
)
