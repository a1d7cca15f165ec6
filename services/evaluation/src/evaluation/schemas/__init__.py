"""Request and response bodies of the HTTP API. No response identifies a citizen or evaluator (E15)."""
