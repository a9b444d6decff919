"""Settings of the two sites: `library` and `console`; `dev` and `test` are the library on the engineer's machine."""
