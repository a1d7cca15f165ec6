"""The acts of the demo, in the order of the process. Each does what people would do, and waits for what must follow."""
