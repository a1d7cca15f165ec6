"""The demo: one consultation run through the public APIs, from the first proposal to the published evaluation."""
