"""A private PostgreSQL on a unix socket, for `dev` and `test`."""

import os
from typing import Any


def databases(default_name: str) -> dict[str, Any]:
    """The workshop's database; KURA_WORKSHOP names the socket directory, KURA_TEST_DB the database."""
    return {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": os.environ.get("KURA_WORKSHOP", "/run/kura/workshop"),
            "NAME": os.environ.get("KURA_TEST_DB", default_name),
            "USER": "kura",
        }
    }
