from app.operations.tests.running import alone, deployed, start_console  # noqa: F401 - fixtures
