"""`townhall up`: PostgreSQL, the broker, an issuer and the four services, on this machine, until Ctrl-C."""
