"""The network room: what the wire must look like, derived from the inventory model."""
