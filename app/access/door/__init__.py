"""Pages through which staff come in: signing in, the hidden screen, changing operators, what is one's own."""
