"""The public catalogue and My Page: what a citizen sees, on any device, without JavaScript."""
