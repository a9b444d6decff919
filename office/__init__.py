"""Word and Excel as a Japanese office expects them. Knows no room; every room, app/ and cli/ may use it."""
