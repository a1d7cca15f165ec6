"""Request and response bodies. No response contains an author or a supporter (P17)."""
