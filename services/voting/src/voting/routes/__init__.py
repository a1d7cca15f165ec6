"""HTTP routes: parse the request, call a handler or a store, build the response."""

from voting.routes import ballots, votes

ROUTERS = (votes.router, ballots.router)
