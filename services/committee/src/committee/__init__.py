"""Cases, sittings, decisions, strategy meetings and directives."""
