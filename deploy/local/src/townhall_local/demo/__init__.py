"""The demo: one consultation, played through the public APIs from first proposal to published evaluation."""
