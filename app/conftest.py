"""What every test of the application begins with."""

import pytest

from app.branches import revisions


@pytest.fixture(autouse=True)
def _nothing_remembered():
    """A test's changes are rolled back: what the process kept of the tables is looked at anew."""
    revisions.forget()
