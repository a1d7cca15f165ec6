"""The common library: what crosses the wire, and the chassis every service stands on."""
