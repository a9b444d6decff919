"""The registers on the console as it is deployed: its own settings, its own SQLite, gunicorn."""

from app.operations.tests.running import alone, deployed, start_console  # noqa: F401 - fixtures
