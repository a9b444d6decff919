"""The console as it is deployed; see running.py, which the other areas of the console use too."""

from app.operations.tests.running import (  # noqa: F401 - fixtures
    alone,
    deployed,
    prometheus,
    start_console,
)
